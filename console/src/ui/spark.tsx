// Bars by hand: sixty buckets need no chart library.
import type { Site, SparkBucket } from "../api";
import { clock, useZone } from "../time";
import { plural } from "../words";

const HEIGHT = 72;
const STEP = 10;

const MINUTES = 60;

/** The last sixty minutes before `now`: a minute in which nothing happened has no bucket on the wire, but is drawn. */
export function lastHour(buckets: SparkBucket[], now: number): SparkBucket[] {
  const minute = (ms: number) => Math.floor(ms / 60_000);
  const hour = Array.from({ length: MINUTES }, (_, i) => ({
    at: new Date((minute(now) - MINUTES + 1 + i) * 60_000).toISOString(),
    applied: 0,
    failed: 0,
  }));
  for (const bucket of buckets) {
    const slot = hour[MINUTES - 1 - (minute(now) - minute(Date.parse(bucket.at)))];
    if (!slot) continue;
    slot.applied += bucket.applied;
    slot.failed += bucket.failed;
  }
  return hour;
}

type Minute = Site["calls"][number];

/** Calls to one side by the minute, small enough for a table: what was throttled or failed stands on top. */
export function CallSpark({ minutes, now }: { minutes: Minute[]; now: number }) {
  const [zone] = useZone();
  const minute = (ms: number) => Math.floor(ms / 60_000);
  const at = (m: Minute) => MINUTES - 1 - (minute(now) - minute(Date.parse(m.at)));
  const shown = minutes.filter((m) => at(m) >= 0 && at(m) < MINUTES);
  const top = Math.max(4, ...shown.map((m) => m.answered + m.throttled + m.faulted));
  const sum = (key: "answered" | "throttled" | "faulted") => shown.reduce((n, m) => n + m[key], 0);
  const scale = (n: number) => (n / top) * 22;
  return (
    <svg className="callspark" viewBox={`0 0 ${MINUTES * 2} 24`} width={MINUTES * 2} height={24} role="img" aria-label={`${plural(sum("answered"), "call")} in the last hour, ${sum("throttled")} throttled, ${sum("faulted")} failed`}>
      <line className="base" x1="0" x2={MINUTES * 2} y1="23.5" y2="23.5" />
      {shown.map((m) => (
        <g key={m.at}>
          <title>{`${clock(m.at, zone, false)}: ${m.answered} answered, ${m.throttled} throttled, ${m.faulted} failed`}</title>
          <rect className="a" x={at(m) * 2} width={1.5} y={23 - scale(m.answered)} height={scale(m.answered)} />
          <rect className="t" x={at(m) * 2} width={1.5} y={23 - scale(m.answered + m.throttled)} height={scale(m.throttled)} />
          <rect className="f" x={at(m) * 2} width={1.5} y={23 - scale(m.answered + m.throttled + m.faulted)} height={scale(m.faulted)} />
        </g>
      ))}
    </svg>
  );
}

/** An hour by minutes, by the worst that calls met: none, answered, asked to wait, failed. */
export function StateStrip({ minutes, now }: { minutes: Minute[]; now: number }) {
  const [zone] = useZone();
  const minute = (ms: number) => Math.floor(ms / 60_000);
  const at = (m: Minute) => MINUTES - 1 - (minute(now) - minute(Date.parse(m.at)));
  const shown = minutes.filter((m) => at(m) >= 0 && at(m) < MINUTES);
  const bad = (m: Minute) => (m.faulted > 0 ? "f" : m.throttled > 0 ? "t" : "a");
  const count = (kind: string) => shown.filter((m) => bad(m) === kind).length;
  return (
    <svg className="callspark strip" viewBox={`0 0 ${MINUTES * 2} 14`} width={MINUTES * 2} height={14} role="img" aria-label={`Of the last ${MINUTES} minutes ${count("a")} went well, calls were asked to wait in ${count("t")} and failed in ${count("f")}`}>
      <rect className="none" x={0} y={5} width={MINUTES * 2} height={4} />
      {shown.map((m) => (
        <rect key={m.at} className={bad(m)} x={at(m) * 2} width={1.6} y={bad(m) === "a" ? 3 : 0} height={bad(m) === "a" ? 8 : 14}>
          <title>{`${clock(m.at, zone, false)}: ${m.answered} answered, ${m.throttled} throttled, ${m.faulted} failed`}</title>
        </rect>
      ))}
    </svg>
  );
}

export function Spark({ buckets }: { buckets: SparkBucket[] }) {
  const [zone] = useZone();
  const top = Math.max(4, ...buckets.map((b) => b.applied + b.failed));
  const applied = buckets.reduce((sum, b) => sum + b.applied, 0);
  const failed = buckets.reduce((sum, b) => sum + b.failed, 0);
  const scale = (n: number) => (n / top) * (HEIGHT - 6);
  const label = `${plural(applied, "change")} applied and ${failed} failed in the last ${buckets.length} minutes`;
  return (
    <svg className="spark" viewBox={`0 0 ${buckets.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line className="base" x1="0" x2={buckets.length * STEP} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} vectorEffect="non-scaling-stroke" />
      {buckets.map((b, i) => (
        <g key={b.at}>
          <title>{`${clock(b.at, zone, false)}: ${b.applied} applied, ${b.failed} failed`}</title>
          <rect x={i * STEP} y="0" width={STEP} height={HEIGHT} fill="transparent" />
          <rect className="a" x={i * STEP + 1} width={STEP - 2.5} y={HEIGHT - 1 - scale(b.applied)} height={scale(b.applied)} />
          <rect className="f" x={i * STEP + 1} width={STEP - 2.5} y={HEIGHT - 1 - scale(b.applied + b.failed)} height={scale(b.failed)} />
        </g>
      ))}
    </svg>
  );
}
