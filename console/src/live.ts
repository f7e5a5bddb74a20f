// The live stream: one EventSource for the page. Events carry attention only: they make what is shown stale.
import { useSyncExternalStore } from "react";
import { api } from "./api";
import { queryClient } from "./queries";

export interface Live {
  stream: "connecting" | "open" | "lost";
  /** Milliseconds since the epoch by this browser's clock; 0 before the first answer. */
  updatedAt: number;
}

/** By the first word of a query's key. What is dear to answer has a word of its own, and is asked again by its own clock. */
const STALE_BY_EVENT: Record<string, string[]> = {
  activity: ["activity", "person", "plans", "demo", "findings", "approvals"],
  overview: ["overview", "demo"],
};
/** A busy engine sends hundreds of events a second; the page asks at most this often. */
const REFRESH_MS = 1_000;
const RETRY_MS = 3_000;

let live: Live = { stream: "connecting", updatedAt: 0 };
const listeners = new Set<() => void>();
const due = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

function change(next: Partial<Live>) {
  live = { ...live, ...next };
  for (const listener of listeners) listener();
}

function refreshSoon(keys: string[]) {
  for (const key of keys) due.add(key);
  timer ??= setTimeout(() => {
    timer = undefined;
    const now = new Set(due);
    due.clear();
    void queryClient.invalidateQueries({ predicate: (query) => now.has(String(query.queryKey[0])) });
  }, REFRESH_MS);
}

/** Opens the stream and keeps it open. Returns the way to close it. */
export function startLive(): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(api.eventsUrl());
    source.onopen = () => {
      if (live.stream === "lost") refreshSoon(["overview", "activity", "person", "people", "plans", "health", "demo"]);
      change({ stream: "open" });
    };
    source.onerror = () => {
      change({ stream: "lost" });
      // The browser retries a cut connection by itself, but not a refused one.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    };
    for (const [event, keys] of Object.entries(STALE_BY_EVENT)) {
      source.addEventListener(event, () => {
        change({ updatedAt: Date.now() });
        refreshSoon(keys);
      });
    }
  };
  open();
  const unwatch = queryClient.getQueryCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "success") change({ updatedAt: Date.now() });
  });
  return () => {
    clearTimeout(retry);
    source?.close();
    unwatch();
  };
}

export function useLive(): Live {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => live,
  );
}
