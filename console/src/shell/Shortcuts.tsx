import { useLocalStorage } from "@mantine/hooks";
import { openSpotlight } from "@mantine/spotlight";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { leave } from "../ui/return_focus";
import { useTenant } from "../ui/tenant";

const GO: Record<string, string> = { o: "overview", d: "story", e: "people", a: "activity", l: "plans", h: "health", f: "places", r: "drift", c: "connections", p: "policies", w: "approvals", v: "reviews", i: "evidence" };
/** How long `g` waits for its second key. */
const CHORD_MS = 1_200;

export function useEnabled() {
  return useLocalStorage({ key: "lanyard.shortcuts", defaultValue: true, getInitialValueInEffect: false });
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Moves the focus to the next or previous row of a list. */
function step(by: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const here = rows.indexOf(document.activeElement as HTMLElement);
  rows[here === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, here + by))]?.focus();
}

export function useShortcuts(help: () => void) {
  const [enabled] = useEnabled();
  const navigate = useNavigate();
  const router = useRouter();
  const tenant = useTenant();
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const overlay = document.querySelector("[role=dialog],[role=menu]");
      if (event.key === "Escape" && !overlay) {
        if (typing(event.target)) return (event.target as HTMLElement).blur();
        // A detail page goes back to the row it was opened from.
        const path = router.state.location.pathname;
        if (/\/(people|plans|places|policies|reviews|connections)\/.+/.test(path)) {
          leave(path);
          router.history.back();
        }
        return;
      }
      if (!enabled || typing(event.target) || overlay) return;
      if (chordUntil > event.timeStamp) {
        chordUntil = 0;
        const screen = GO[event.key];
        if (screen) void navigate({ to: `/${tenant}/${screen}` });
        return;
      }
      if (event.key === "g") chordUntil = event.timeStamp + CHORD_MS;
      else if (event.key === "j") step(1);
      else if (event.key === "k") step(-1);
      else if (event.key === "?") help();
      else if (event.key === "/") {
        event.preventDefault();
        const field = document.querySelector<HTMLInputElement>("[data-search]");
        if (field) field.focus();
        else openSpotlight();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [enabled, help, navigate, router, tenant]);
}
