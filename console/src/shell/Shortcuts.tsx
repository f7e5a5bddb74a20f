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

/** Pages that are read, and opened from a row: people, plans that are kept, floors, reviews, first contact. Where something is
 * being written (a draft, a new connection, the ticks of a plan for everybody), Esc leaves nothing behind. */
export const DETAIL = /\/(people|places|reviews)\/.+|\/plans\/(?!wif_)[^/]+|\/connections\/(?!new$)[^/]+$/;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Moves the focus to the next or previous row of a list. */
function step(by: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const here = rows.indexOf(document.activeElement as HTMLElement);
  rows[here === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, here + by))]?.focus();
}

/** Ticks the row that has the focus. */
function tick() {
  document.activeElement?.closest("li, tr")?.querySelector<HTMLInputElement>("input[type=checkbox]:not(:disabled)")?.click();
}

/** The buttons that decide, by what they say first; a key goes to its button, and Enter presses it: no key alone decides. */
const DECIDES: Record<string, RegExp> = { a: /^(Approve|Keep)\b/, d: /^(Decline|Remove)\b/ };

function toDecision(says: RegExp) {
  const button = [...document.querySelectorAll<HTMLButtonElement>("#main form button")].find((one) => says.test(one.textContent ?? ""));
  // A button that waits for a reason leads to its field.
  (button?.disabled ? button.closest("form")?.querySelector<HTMLElement>("textarea") : button)?.focus();
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
        if (DETAIL.test(path)) {
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
      else if (event.key === "x") tick();
      else if (DECIDES[event.key]) {
        event.preventDefault();
        toDecision(DECIDES[event.key]!);
      }
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
