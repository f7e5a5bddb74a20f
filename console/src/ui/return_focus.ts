import { useEffect } from "react";

let left: string | undefined;

/** Remembers that the page at `path` was left with Escape, so that the list behind it can focus its row again. */
export function leave(path: string) {
  left = path;
}

/** Focuses the row that leads to the page just left, once the rows are there. */
export function useReturnFocus(ready: boolean) {
  useEffect(() => {
    if (!ready || left === undefined) return;
    const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
    rows.find((row) => row.getAttribute("href") === left)?.focus();
    left = undefined;
  }, [ready]);
}
