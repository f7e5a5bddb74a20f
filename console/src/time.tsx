// Times: UTC or local as the reader chose, absolute on hover, "ago" by the server's clock (a demo's clock is not ours).
// A long list has hundreds of times in it: zone, clock and formats are one for all of them.
import { useCallback, useSyncExternalStore } from "react";
import type { Overview } from "./api";
import { queryClient } from "./queries";
import { keep } from "./ui/kept";

export type Zone = "utc" | "local";

const ZONE_KEY = "lanyard.zone";
const zones = new Set<() => void>();
let chosen: Zone | undefined;

function readZone(): Zone {
  let text: string | null = null;
  try {
    text = localStorage.getItem(ZONE_KEY);
  } catch {
    // A browser that keeps nothing shows UTC.
  }
  return text === '"local"' ? "local" : "utc";
}

function changeZone(zone: Zone) {
  chosen = zone;
  for (const tell of [...zones]) tell();
}

function setZone(zone: Zone) {
  keep(ZONE_KEY, JSON.stringify(zone));
  changeZone(zone);
}

/** Another tab of this browser chose. */
function heardZone(event: StorageEvent) {
  if (event.key === ZONE_KEY || event.key === null) changeZone(readZone());
}

function watchZone(listener: () => void) {
  if (zones.size === 0) {
    chosen = readZone();
    window.addEventListener("storage", heardZone);
  }
  zones.add(listener);
  return () => {
    zones.delete(listener);
    if (zones.size > 0) return;
    chosen = undefined;
    window.removeEventListener("storage", heardZone);
  };
}

export function useZone(): [Zone, (zone: Zone) => void] {
  return [useSyncExternalStore(watchZone, () => (chosen ??= readZone())), setZone];
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes a hundred times as long as using it. */
function format(name: string, zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const known = formats.get(name + zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", zone === "utc" ? { ...options, timeZone: "UTC" } : options);
  formats.set(name + zone, made);
  return made;
}

export function clock(at: string, zone: Zone, seconds = true): string {
  const options = { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined } as const;
  return format(seconds ? "seconds" : "minutes", zone, options).format(new Date(at));
}

export function day(at: string, zone: Zone): string {
  return format("day", zone, { weekday: "short", day: "numeric", month: "short" }).format(new Date(at));
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

/** One timer for all that tick alike. */
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

function tick(beat: Beat) {
  beat.now = Date.now();
  for (const tell of [...beat.listeners]) tell();
}

function useBeat(everyMs: number, read: (beat: Beat) => number): number {
  const beat = beatOf(everyMs);
  const subscribe = useCallback((listener: () => void) => {
    if (beat.listeners.size === 0) {
      beat.now = Date.now();
      beat.timer = setInterval(() => tick(beat), everyMs);
    }
    beat.listeners.add(listener);
    return () => {
      beat.listeners.delete(listener);
      if (beat.listeners.size === 0) clearInterval(beat.timer);
    };
  }, [beat, everyMs]);
  return useSyncExternalStore(subscribe, () => read(beat));
}

/** Re-renders every `everyMs` and gives this browser's clock. */
export function useTick(everyMs: number): number {
  return useBeat(everyMs, (beat) => beat.now);
}

/** How far the server's clock is ahead of this browser's, in milliseconds, by the last overview. */
let ahead = 0;
/** Two clocks never agree to the millisecond, and an answer takes its time: what differs less moves nothing that is shown. */
const LEAP_MS = 1_000;

function setAhead(next: number) {
  if (Math.abs(next - ahead) < LEAP_MS) return;
  ahead = next;
  for (const beat of beats.values()) tick(beat);
}

queryClient.getQueryCache().subscribe(({ type, query }) => {
  if (query.queryKey[0] !== "overview" || query.queryKey.length > 1) return;
  if (type === "removed") setAhead(0);
  const said = type === "updated" ? (query.state.data as Overview | undefined) : undefined;
  if (said) setAhead(Date.parse(said.now) - query.state.dataUpdatedAt);
});

/** The server's clock, in milliseconds since the epoch, as the frame of every page hears it. */
export function useServerNow(everyMs = 5_000): number {
  return useBeat(everyMs, (beat) => beat.now + ahead);
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
