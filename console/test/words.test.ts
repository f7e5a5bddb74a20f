import { expect, test } from "vitest";
import { lastHour } from "../src/ui/spark";
import { newestFirst } from "../src/queries";
import { absolute, ago, duration } from "../src/time";
import { fieldName, glyph, initials, lineCode, lineTitle, tone, words } from "../src/words";

test.each([
  ["PASSWORD_EXPIRED", "Password expired", "info"],
  ["hook_outage", "Hook outage", "info"],
  ["DEPROVISIONED", "Deprovisioned", "off"],
  ["disputed", "Disputed", "failed"],
  ["a-code-of-tomorrow", "A code of tomorrow", "info"],
  [null, "", "info"],
])("code %s reads %s with tone %s", (code, word, expected) => {
  expect([words(code), tone(code)]).toEqual([word, expected]);
});

test("a hold waits by intent, a warning does not, and their symbols differ", () => {
  expect([glyph("held"), glyph("warning"), glyph("error"), glyph("ok")]).toEqual(["=", "!", "✕", "✓"]);
});

test.each([
  ["operation", "set_roles: done", "info", "permissions written", "ok"],
  ["operation", "create: already", "info", "account created already", "ok"],
  ["operation", "update: not_done", "warning", "profile not written: not done", "warning"],
  ["operation", "announce: unknown", "warning", "visit perhaps announced: no answer came", "warning"],
  ["verified", "read back: as wanted", "info", "read back: as wanted", "ok"],
  ["signal", "user.lifecycle.suspend", "info", "user.lifecycle.suspend", "info"],
])("journal line %s %s (%s) reads %s with code %s", (kind, title, severity, text, code) => {
  expect([lineTitle({ kind, title, severity }), lineCode({ kind, title, severity })]).toEqual([text, code]);
});

test("a quiet minute has no bucket on the wire, but its place in the chart", () => {
  const hour = lastHour([{ at: "2026-11-23T11:58:00Z", applied: 3, failed: 1 }, { at: "2026-11-23T10:00:00Z", applied: 9, failed: 0 }], Date.parse("2026-11-23T12:00:30Z"));
  expect(hour.length).toBe(60);
  expect(hour.slice(-3).map((b) => [b.at.slice(11, 16), b.applied, b.failed])).toEqual([["11:58", 3, 1], ["11:59", 0, 0], ["12:00", 0, 0]]);
  expect(hour.reduce((sum, b) => sum + b.applied, 0)).toBe(3);
});

test("names of fields and people", () => {
  expect(fieldName("employeeNumber")).toBe("Employee number");
  expect([initials("Ana Maria Chen"), initials("Cher"), initials("")]).toEqual(["AC", "C", ""]);
});

test.each([
  [0, "just now"],
  [3_000, "3 s ago"],
  [5 * 60_000, "5 min ago"],
  [26 * 3_600_000, "26 h ago"],
  [3 * 86_400_000, "3 days ago"],
  [-4 * 86_400_000, "in 4 days"],
])("%i ms is %s", (ms, text) => expect(ago(ms)).toBe(text));

test("an absolute time carries its zone, a duration its unit", () => {
  expect(absolute("2026-11-23T18:42:07.5Z", "utc")).toBe("2026-11-23 18:42:07 UTC");
  expect([duration(6.84), duration(75), duration(600)]).toEqual(["6.8 s", "75 s", "10 min"]);
});

test("pages of activity merge newest first, each entry of each tenant once", () => {
  const item = (tenant: string, seq: number, at: string) => ({ seq, at, tenant, site: null, identity: null, person: null, kind: "k", title: "t", detail: "", severity: "info" as const });
  const merged = newestFirst([
    { items: [item("a", 2, "2026-01-01T00:00:02Z"), item("b", 2, "2026-01-01T00:00:03Z")] },
    { items: [item("a", 2, "2026-01-01T00:00:02Z"), item("a", 1, "2026-01-01T00:00:01Z")] },
  ]);
  expect(merged.map((i) => `${i.tenant}${i.seq}`)).toEqual(["b2", "a2", "a1"]);
});
