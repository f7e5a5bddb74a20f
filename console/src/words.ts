// Words and tones for the server's codes. Unknown codes are shown as they came, made readable.

export type Tone = "ok" | "held" | "failed" | "drift" | "info" | "off";

export const MARK: Record<Tone, string> = { ok: "✓", held: "=", failed: "✕", drift: "≠", info: "i", off: "○" };

const TONES: Record<string, Tone> = {
  ok: "ok", success: "ok", live: "ok", applied: "ok", verified: "ok", done: "ok", already: "ok", linked: "ok", active: "ok", certified: "ok",
  verified_hook: "ok", up: "ok", complete: "ok", running: "ok", in_step: "ok",
  warning: "held", warn: "held", held: "held", waiting: "held", hold: "held", throttled: "held", pending: "held", suspended: "held",
  leave: "held", unverified: "held", degraded: "held", missing: "held", not_done: "held", on_leave: "held", stopped: "held", partial: "held", staged: "info", provisioned: "info",
  error: "failed", critical: "failed", failed: "failed", refused: "failed", denied: "failed", dead: "failed", impossible: "failed", disputed: "failed",
  down: "failed", outage: "failed", silent: "failed", unknown: "failed", lost: "failed",
  drift: "drift", differs: "drift", unlinked: "drift", unmatched: "drift", orphan: "drift",
  deprovisioned: "off", ended: "off", out_of_scope: "off", deleted: "off", off: "off", none: "off", inactive: "off", superseded: "off", not_needed: "off", terminated: "off",
};

const HOLDS = ["held", "hold", "waiting", "pending", "leave", "suspended"];

/** The symbol of a code: what waits by intent carries `=`, other warnings `!`. */
export function glyph(code: string | null | undefined): string {
  const fill = tone(code);
  return fill === "held" && !HOLDS.includes((code ?? "").toLowerCase()) ? "!" : MARK[fill];
}

export function tone(code: string | null | undefined): Tone {
  return TONES[(code ?? "").toLowerCase().replaceAll(/[- ]/g, "_")] ?? "info";
}

/** `hook_outage` and `PASSWORD_EXPIRED` as words: "Hook outage", "Password expired". */
export function words(code: string | null | undefined): string {
  const text = (code ?? "").replaceAll(/[_.-]+/g, " ").trim();
  const calm = text === text.toUpperCase() ? text.toLowerCase() : text;
  return calm.charAt(0).toUpperCase() + calm.slice(1);
}

/** `employeeNumber` as words: "Employee number". */
export function fieldName(name: string): string {
  return words(name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase());
}

export const SYMBOLS = {
  "+": { word: "add", tone: "ok" },
  "~": { word: "change", tone: "info" },
  "-": { word: "remove", tone: "failed" },
  ">": { word: "move", tone: "info" },
  "=": { word: "held", tone: "held" },
  "*": { word: "to do by hand", tone: "drift" },
} as const satisfies Record<string, { word: string; tone: Tone }>;

const OPERATIONS: Record<string, [thing: string, done: string]> = {
  create: ["account", "created"],
  update: ["profile", "written"],
  set_roles: ["permissions", "written"],
  deactivate: ["account", "deactivated"],
  reactivate: ["account", "reactivated"],
  book: ["desk", "booked"],
  cancel_booking: ["booking", "cancelled"],
  hand_over: ["booking", "handed over"],
  announce: ["visit", "announced"],
  set_doors: ["doors", "told"],
};

/** What became of an operation: "permissions written", or "permissions not written: refused". */
export function operation(op: string, outcome: string): string {
  const [thing, done] = OPERATIONS[op] ?? [words(op).toLowerCase(), "done"];
  if (outcome === "done") return `${thing} ${done}`;
  if (outcome === "already") return `${thing} ${done} already`;
  if (outcome === "unknown") return `${thing} perhaps ${done}: no answer came`;
  return `${thing} not ${done}: ${words(outcome).toLowerCase()}`;
}

interface Line {
  kind: string;
  title: string;
  severity: string;
  data?: { outcome?: { outcome: string } } | null;
}

/** A journal line's code for tone and symbol: what was done or verified is `ok`, unless the line itself warns. */
export function lineCode(line: Line): string {
  if (tone(line.severity) !== "info") return line.severity;
  return line.kind === "verified" || line.kind === "operation" ? "ok" : line.severity;
}

/** A journal line's title in words. */
export function lineTitle(line: Line): string {
  const [op, outcome] = line.kind === "operation" ? line.title.split(": ") : [];
  return op && outcome ? operation(op, outcome) : line.title;
}

const NUMBER = new Intl.NumberFormat("en-GB");
export const number = (n: number) => NUMBER.format(n);
export const plural = (n: number, one: string, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

export function listed(because: string[] | string | null | undefined): string[] {
  return because === null || because === undefined ? [] : Array.isArray(because) ? because : [because];
}

export function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? (parts.at(-1)?.[0] ?? "") : "")).toUpperCase();
}
