import { expect, test } from "vitest";
import { newestFirst } from "../src/queries";
import { absolute, ago, duration } from "../src/time";
import { fieldName, glyph, initials, tone, words } from "../src/words";

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
  const item = (tenant: string, seq: number, at: string) => ({ seq, at, tenant, kind: "k", title: "t", detail: "", severity: "info" });
  const merged = newestFirst([
    { items: [item("a", 2, "2026-01-01T00:00:02Z"), item("b", 2, "2026-01-01T00:00:03Z")] },
    { items: [item("a", 2, "2026-01-01T00:00:02Z"), item("a", 1, "2026-01-01T00:00:01Z")] },
  ]);
  expect(merged.map((i) => `${i.tenant}${i.seq}`)).toEqual(["b2", "a2", "a1"]);
});
