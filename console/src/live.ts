// The live stream: one EventSource for the page. Events carry attention only: they make what is shown stale.
import { useSyncExternalStore } from "react";
import { api } from "./api";
import { isReadOnce, queryClient } from "./queries";

export interface Live {
  stream: "connecting" | "open" | "lost";
  /** Milliseconds since the epoch by this browser's clock; 0 before the first answer. */
  updatedAt: number;
}

/** By the first word of a query's key. What is dear to answer has a word of its own, and is asked again by its own clock. */
const STALE_BY_EVENT: Record<string, string[]> = {
  activity: ["activity", "person", "plans", "demo", "findings", "approvals", "dead-letters"],
  overview: ["overview", "demo"],
};
/** And by the kind of the line that an event brings. */
const STALE_BY_KIND: Record<string, string[]> = {
  policy: ["policy"],
  review: ["reviews", "review"],
  evidence: ["evidence", "evidence-pack"],
  whatif: ["seals", "plans-reach"],
  control: ["sweeps", "drift"],
  sweep: ["sweeps", "drift"],
  // What stands in iOffice changed, so what a floor shows did.
  operation: ["places", "floor"],
  verified: ["places", "floor"],
};
/** A busy engine sends hundreds of events a second; the page asks at most this often. */
const REFRESH_MS = 1_000;
/** Whole floors are dear: they follow a busy engine more slowly. */
const SLOW = new Set(["places", "floor", "drift", "plans-reach"]);
const SLOW_MS = 10_000;
const RETRY_MS = 3_000;

let live: Live = { stream: "connecting", updatedAt: 0 };
const listeners = new Set<() => void>();
/** What is asked again soon, and what later. */
const waiting = [{ after: REFRESH_MS, due: new Set<string>() }, { after: SLOW_MS, due: new Set<string>() }] as const;
const timers: (ReturnType<typeof setTimeout> | undefined)[] = [];

function change(next: Partial<Live>) {
  live = { ...live, ...next };
  for (const listener of listeners) listener();
}

function refreshSoon(keys: string[]) {
  for (const key of keys) waiting[SLOW.has(key) ? 1 : 0].due.add(key);
  waiting.forEach(({ after, due }, at) => {
    if (due.size === 0) return;
    timers[at] ??= setTimeout(() => {
      timers[at] = undefined;
      const now = new Set(due);
      due.clear();
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => now.has(String(queryKey[0])) && !isReadOnce(queryKey) });
    }, after);
  });
}

/** What was missed while nobody told: all that is shown, but for what is read once. */
function refreshAll() {
  void queryClient.invalidateQueries({ predicate: ({ queryKey }) => !isReadOnce(queryKey) });
}

/** The kind of the line in an event; an event without one is of no kind. */
function kindOf(data: unknown): string {
  try {
    return String((JSON.parse(String(data)) as { kind?: unknown } | null)?.kind ?? "");
  } catch {
    return "";
  }
}

/** Opens the stream and keeps it open. Returns the way to close it. */
export function startLive(): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(api.eventsUrl());
    source.onopen = () => {
      if (live.stream === "lost") refreshAll();
      change({ stream: "open" });
    };
    source.onerror = () => {
      change({ stream: "lost" });
      // The browser retries a cut connection by itself, but not a refused one.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    };
    for (const [event, keys] of Object.entries(STALE_BY_EVENT)) {
      source.addEventListener(event, ({ data }: MessageEvent) => {
        change({ updatedAt: Date.now() });
        refreshSoon([...keys, ...(STALE_BY_KIND[event === "activity" ? kindOf(data) : ""] ?? [])]);
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
