import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where the development server finds the API: a running Lanyard, or `npm run mock`. */
const api = process.env.LANYARD_URL ?? "http://127.0.0.1:4180";

export default defineConfig({
  plugins: [react()],
  build: {
    // The page's policy allows no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The licences of what the bundle contains travel with it.
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: 700,
  },
  server: { host: "127.0.0.1", port: 5173, proxy: { "/api": api } },
});
