// Times: UTC or local as the reader chose, absolute on hover, "ago" by the server's clock (a demo's clock is not ours).
import { useLocalStorage } from "@mantine/hooks";
import { useCallback, useSyncExternalStore } from "react";
import { useOverview } from "./queries";

export type Zone = "utc" | "local";

export function useZone(): [Zone, (zone: Zone) => void] {
  const [zone, setZone] = useLocalStorage<Zone>({ key: "lanyard.zone", defaultValue: "utc", getInitialValueInEffect: false });
  return [zone, setZone];
}

const options = (zone: Zone): Intl.DateTimeFormatOptions => (zone === "utc" ? { timeZone: "UTC" } : {});

export function clock(at: string, zone: Zone, seconds = true): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: seconds ? "2-digit" : undefined,
    ...options(zone),
  }).format(new Date(at));
}

export function day(at: string, zone: Zone): string {
  return new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", ...options(zone) }).format(new Date(at));
}

/** The unmistakable form: `2026-11-23 18:42:07 UTC`, or with the local offset. */
export function absolute(at: string, zone: Zone): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  if (zone === "utc") return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" }).format(date) + offset(date);
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  return ` UTC${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function ago(milliseconds: number): string {
  const future = milliseconds < -1_500;
  const s = Math.round(Math.abs(milliseconds) / 1000);
  const text = s < 60 ? `${s} s` : s < 5_400 ? `${Math.round(s / 60)} min` : s < 129_600 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} days`;
  if (future) return `in ${text}`;
  return s < 2 ? "just now" : `${text} ago`;
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return `${Number.isInteger(hours) ? hours : hours.toFixed(1)} h`;
}

/** One timer for all that tick alike: a long list has hundreds of times in it. */
interface Beat {
  now: number;
  listeners: Set<() => void>;
  timer?: ReturnType<typeof setInterval>;
}
const beats = new Map<number, Beat>();

function beatOf(everyMs: number): Beat {
  const known = beats.get(everyMs) ?? { now: Date.now(), listeners: new Set() };
  beats.set(everyMs, known);
  return known;
}

/** Re-renders every `everyMs` and gives this browser's clock. */
export function useTick(everyMs: number): number {
  const beat = beatOf(everyMs);
  const subscribe = useCallback((listener: () => void) => {
    if (beat.listeners.size === 0) {
      beat.now = Date.now();
      beat.timer = setInterval(() => {
        beat.now = Date.now();
        for (const tell of [...beat.listeners]) tell();
      }, everyMs);
    }
    beat.listeners.add(listener);
    return () => {
      beat.listeners.delete(listener);
      if (beat.listeners.size === 0) clearInterval(beat.timer);
    };
  }, [beat, everyMs]);
  return useSyncExternalStore(subscribe, () => beat.now);
}

/** The server's clock, in milliseconds since the epoch. */
export function useServerNow(everyMs = 5_000): number {
  const { data, dataUpdatedAt } = useOverview();
  const now = useTick(everyMs);
  return data ? Date.parse(data.now) + Math.max(0, now - dataUpdatedAt) : now;
}

export function Ago({ at }: { at?: string | null }) {
  const now = useServerNow();
  const [zone] = useZone();
  if (!at) return <span className="dim">never</span>;
  return (
    <time dateTime={at} title={absolute(at, zone)} className="num">
      {ago(now - Date.parse(at))}
    </time>
  );
}

/** Time of day; with the date in front when that is not the server's today. */
export function At({ at, seconds = true }: { at: string; seconds?: boolean }) {
  const now = useServerNow(60_000);
  const [zone] = useZone();
  const today = day(new Date(now).toISOString(), zone) === day(at, zone);
  return (
    <time dateTime={at} title={absolute(at, zone)} className="num">
      {today ? clock(at, zone, seconds) : `${day(at, zone)} ${clock(at, zone, false)}`}
    </time>
  );
}
