// How well each key of the policy fits what was sampled, and the policy with another one first. Values only.
import type { Schemas } from "../api";
import type { Document } from "./policy/model";

export type Key = Schemas["Sample"]["keys"][number];

/** Of all who were read, the share that the key finds on the other side. */
export const share = (key: Key) => (key.rows === 0 ? 0 : key.found / key.rows);

/** In words: who is found, and what stands in the way. */
export function verdict(key: Key): { label: string; tone: "ok" | "held" | "failed" | "off" } {
  if (key.with === 0) return { label: "nobody has it", tone: "off" };
  if (key.found === 0) return { label: "finds nobody", tone: "off" };
  if (key.collisions > 0) return { label: "not unique", tone: "failed" };
  return share(key) >= 0.9 ? { label: "fits", tone: "ok" } : { label: "fits a part", tone: "held" };
}

/** The one that finds most without finding two for one; among equals, the policy's order. `undefined`: none finds anybody. */
export function fittest(keys: readonly Key[]): Key | undefined {
  const finds = keys.filter((key) => key.found > 0);
  const sure = finds.filter((key) => key.collisions === 0);
  return [...(sure.length > 0 ? sure : finds)].sort((a, b) => b.found - a.found || a.collisions - b.collisions)[0];
}

/** The policy's document with this key first, the others in their order. `undefined`: it has no such key, or it is first already. */
export function withFirst(document: Document, kind: string): Document | undefined {
  const correlation = (document.rules.correlation ?? {}) as { keys?: { kind?: string }[] };
  const keys = correlation.keys ?? [];
  const chosen = keys.find((key) => key.kind === kind);
  if (!chosen || keys[0] === chosen) return undefined;
  const rest = keys.filter((key) => key !== chosen);
  return { ...document, rules: { ...document.rules, correlation: { ...correlation, keys: [chosen, ...rest] } } } as Document;
}
