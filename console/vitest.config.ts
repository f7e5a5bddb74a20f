import { defineConfig, mergeConfig } from "vitest/config";
import vite from "./vite.config";

export default mergeConfig(
  vite,
  defineConfig({ test: { environment: "jsdom", testTimeout: 30_000, setupFiles: ["test/setup.ts"], css: false } }),
);
