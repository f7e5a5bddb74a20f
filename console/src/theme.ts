// The design tokens as a Mantine theme. Colours of both schemes live in tokens.css.
import { createTheme, localStorageColorSchemeManager, type CSSVariablesResolver } from "@mantine/core";

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  colors: {
    // Mantine reads the greys of a dark page from this list: text, …, edge, line, …, surface, canvas, …
    dark: ["#e6e8eb", "#c9ced3", "#a6acb3", "#7d858e", "#4a5058", "#2b2f35", "#1f2227", "#16181c", "#121417", "#0e1012"],
    slate: ["#eef2f8", "#dbe3f0", "#b9c7e2", "#94a8d0", "#748cc0", "#5a75ac", "#486699", "#39588f", "#2d4b81", "#1c2a45"],
  },
  primaryColor: "slate",
  primaryShade: 7,
  defaultRadius: 4,
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  respectReducedMotion: true,
  cursorType: "pointer",
});

const fromTokens = {
  "--mantine-color-body": "var(--canvas)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--dimmed)",
  "--mantine-color-placeholder": "var(--dimmed)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-border": "var(--edge)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-error": "var(--failed-fg)",
  "--mantine-primary-color-light": "var(--info-bg)",
  "--mantine-primary-color-light-hover": "var(--info-bg)",
  "--mantine-primary-color-light-color": "var(--info-fg)",
};

export const resolver: CSSVariablesResolver = () => ({ variables: {}, light: fromTokens, dark: fromTokens });

export const schemeManager = localStorageColorSchemeManager({ key: "lanyard.scheme" });

/** The nonce of this page's policy, for the style tags that Mantine adds. */
export const styleNonce = () => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
