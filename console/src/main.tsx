import "@fontsource-variable/inter/wght.css";
import "./mantine.css";
import "./tokens.css";
import "./app.css";
import "./print.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { whenSignedOut } from "./api";
import { startLive } from "./live";
import { queryClient } from "./queries";
import { preloadScreens, router } from "./router";
import { resolver, schemeManager, styleNonce, theme } from "./theme";

// What is told before it is there waits in its store.
const Notifications = lazy(() => import("@mantine/notifications").then((m) => ({ default: m.Notifications })));

// The scroll lock of dialogs adds a style tag of its own and takes the nonce from here.
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = styleNonce();
whenSignedOut(() => void queryClient.invalidateQueries({ queryKey: ["session"] }, { cancelRefetch: false }));
startLive();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={schemeManager}
      cssVariablesResolver={resolver}
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={queryClient}>
        <Suspense fallback={null}><Notifications position="bottom-right" autoClose={5000} /></Suspense>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
// After the first paint; the screens are small.
setTimeout(preloadScreens, 1_500);
