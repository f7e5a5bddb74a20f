import { configure } from "@testing-library/react";
import { vi } from "vitest";

// What Mantine asks of a browser and jsdom lacks.
Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({ matches: false, media: query, addEventListener: vi.fn(), removeEventListener: vi.fn(), addListener: vi.fn(), removeListener: vi.fn() }),
});
window.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.scrollTo = () => {};
// Screens are loaded when first opened; on a busy machine that takes longer than the default second.
configure({ asyncUtilTimeout: 10_000 });

// jsdom has no fonts; a growing text area waits for them.
Object.defineProperty(document, "fonts", { value: Object.assign(new EventTarget(), { ready: Promise.resolve() }), configurable: true });
