// Conditions as this editor holds them: what each claims, in words, and how it is changed. What is not known here is kept.
import { parts, type Json, type Part } from "./json";

/** How a test's value is written: one text or several, a day, another attribute, yes or no, a number, a stretch of days. */
export type Value = "texts" | "text" | "day" | "attribute" | "yes" | "number" | "within";

export const TESTS: [key: string, verb: string, value: Value][] = [
  ["is", "is", "texts"], ["in", "is one of", "texts"], ["is_not", "is not", "texts"], ["not_in", "is none of", "texts"], ["starts_with", "starts with", "texts"],
  ["ends_with", "ends with", "texts"], ["contains", "contains", "texts"], ["matches", "fits the pattern", "texts"], ["domain", "is an address at", "texts"],
  ["only", "has no other value than", "texts"], ["has_all", "has all of", "texts"], ["same_as", "is the same as", "attribute"], ["before", "is before", "day"], ["after", "is after", "day"],
  ["within", "is within", "within"], ["at_least", "is at least", "number"], ["at_most", "is at most", "number"], ["exists", "has a value", "yes"],
];
const TEST_KEYS = new Set(TESTS.map(([key]) => key));

/** What a condition may be about, each with an empty one to begin with. */
export const KINDS: [kind: string, label: string, start: Part][] = [
  ["group", "Member of a group", { group: "" }], ["attribute", "Okta attribute", { attribute: "", is: "" }], ["status", "Okta status", { status: "ACTIVE" }],
  ["tenant", "Tenant", { tenant: "" }], ["site", "Site", { site: "" }], ["not", "Not …", { not: { attribute: "", is: "" } }], ["any", "Any of …", { any: [] }],
  ["all", "All of …", { all: [] }], ["of", "So many of …", { count: 2, of: [] }], ["cel", "Expression (CEL)", { cel: "" }],
];
const KIND_KEYS = new Set(KINDS.map(([kind]) => kind));

/** One thing that a condition claims. Several in one condition must all hold. */
export type Claim = { kind: "attribute"; name: string; tests: [key: string, value: Json][] } | { kind: "of"; count: Json; of: Json } | { kind: string; value: Json };

export function claimsOf(c: Part): Claim[] {
  const claims: Claim[] = [];
  const tests = Object.entries(c).filter(([key]) => TEST_KEYS.has(key));
  for (const [key, value] of Object.entries(c)) {
    if (key === "attribute") claims.push({ kind: key, name: String(value), tests });
    else if (key === "of") claims.push({ kind: key, count: c.count ?? 1, of: value });
    else if (!TEST_KEYS.has(key) && !(key === "count" && "of" in c)) claims.push({ kind: key, value });
  }
  if (tests.length > 0 && !("attribute" in c)) claims.push({ kind: "attribute", name: "", tests });
  return claims;
}

/** Whether this editor has a form for a claim; another one is shown as it stands. */
export const isKnown = (kind: string) => KIND_KEYS.has(kind);

/** The keys of a condition that a claim is made of. */
export function keysOf(claim: Claim): string[] {
  if (isAttribute(claim)) return ["attribute", ...claim.tests.map(([key]) => key)];
  return claim.kind === "of" ? ["count", "of"] : [claim.kind];
}
export const isAttribute = (claim: Claim): claim is Extract<Claim, { kind: "attribute" }> => claim.kind === "attribute";

/** A condition without a claim, or with another in its place. */
export function withClaim(c: Part, claim: Claim, to: Part): Part {
  const gone = new Set(keysOf(claim));
  const kept = Object.entries(c).filter(([key]) => !gone.has(key));
  return { ...Object.fromEntries(kept), ...to };
}

/** A test of an attribute turned into another; its value is taken along as far as it fits. */
export function retested(claim: Extract<Claim, { kind: "attribute" }>, from: string, to: string): Part {
  const fresh = (value: Json): Json => {
    const all = Array.isArray(value) ? value.map(String) : typeof value === "boolean" ? [] : [String(value)];
    switch (TESTS.find(([key]) => key === to)?.[2]) {
      case "yes": return true;
      case "number": return Number(all[0]) || 0;
      case "texts": return to === "in" || to === "not_in" || to === "only" || to === "has_all" ? all.filter(Boolean) : (all[0] ?? "");
      case "within": return /days? (of|before|after) /.test(all[0] ?? "") ? all[0]! : "14 days of today";
      default: return all[0] ?? "";
    }
  };
  return { attribute: claim.name, ...Object.fromEntries(claim.tests.map(([key, value]) => (key === from ? [to, fresh(value)] : [key, value]))) };
}

/* ---- reading aloud ---- */

const either = (value: Json | undefined) => (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((v) => (typeof v === "object" ? JSON.stringify(v) : String(v))).join(" or ") || "…";
const joined = (value: Json | undefined, word: string) => parts(value).map(conditionText).join(word);

function attributeText(name: string, tests: [string, Json][]): string {
  if (tests.length === 0) return `${name} …`;
  const said = tests.map(([key, value]) => (key === "exists" ? (value === false ? "is empty" : "has a value") : `${TESTS.find(([known]) => known === key)![1]} ${either(value)}`));
  return `${name} ${said.join(" and ")}`;
}

function claimText(claim: Claim): string {
  if (isAttribute(claim)) return attributeText(claim.name, claim.tests);
  if (claim.kind === "of") return `${String((claim as { count: Json }).count)} of (${joined((claim as { of: Json }).of, "; ")})`;
  const { kind, value } = claim as { kind: string; value: Json };
  switch (kind) {
    case "not": return `not (${joined(value, " and ")})`;
    case "any": return joined(value, " or ");
    case "all": return joined(value, " and ");
    case "group": return `in ${either(value)}`;
    case "status": return `Okta status is ${either(value)}`;
    case "tenant": return `from tenant ${either(value)}`;
    case "site": return `belongs to site ${either(value)}`;
    case "cel": return String(value);
    default: return `${kind.replaceAll("_", " ")} ${either(value)}`;
  }
}

/** One condition as words. */
export const conditionText = (c: Part): string => claimsOf(c).map(claimText).join(" and ") || "…";
