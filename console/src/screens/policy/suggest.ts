// What an editor offers for a value, from the live Okta groups, the iOffice tree, and the policy itself.
import { isPart, parts, type Json, type Part } from "./json";
import type { Vocabulary } from "./model";
import { namesOf, resolved, type Node, type PolicySchema } from "./schema";

/** Groups as rules may call them: by their names in [groups], others by id with the name behind it. */
export function groupsOffered(rules: Part, vocabulary: Vocabulary | undefined): string[] {
  const named = (rules.groups as Part | undefined) ?? {};
  const ids = new Set(Object.values(named).flatMap((value) => (typeof value === "string" ? [value] : typeof value === "object" && value !== null ? Object.values(value) : [])).map(String));
  const others = (vocabulary?.groups ?? []).filter((g) => !ids.has(g.id) && !(g.name in named)).map((g) => `${g.id} # ${g.name}`);
  return [...Object.keys(named), ...others.sort((a, b) => label(a).localeCompare(label(b)))];
}

/** What a column's cells may say, in a row that names a site or a building; `undefined`: anything. */
export function offered(column: string, vocabulary: Vocabulary | undefined, where: { site?: string; building?: string; rules?: Part } = {}): string[] | undefined {
  if (!vocabulary) return undefined;
  const sites = vocabulary.sites.filter((s) => !where.site || s.site === where.site);
  const buildings = (s: Vocabulary["sites"][number]) => s.buildings.filter((b) => !where.building || b.name === where.building || b.code === where.building);
  const of = (pick: (s: Vocabulary["sites"][number]) => string[]) => [...new Set(sites.flatMap(pick))].sort();
  switch (column) {
    case "site": return vocabulary.sites.map((s) => s.site);
    case "building": return of((s) => s.buildings.map((b) => b.name));
    case "floor": return of((s) => buildings(s).flatMap((b) => b.floors));
    case "section": return of((s) => s.sections.map((x) => x.name));
    case "kind": return of((s) => s.kinds);
    case "item": return of((s) => s.items.map((i) => `${i.category} / ${i.name}`));
    case "group": return groupsOffered(where.rules ?? {}, vocabulary);
    default: return undefined;
  }
}

/** The words of a cell that nobody knows, each with the nearest known ones. `|` means "or". */
export function unknownIn(cell: string, known: string[] | undefined): { word: string; nearest: string[] }[] {
  if (!known || known.length === 0) return [];
  const folded = new Set(known.flatMap((k) => [k, k.split(" # ")[0]!]).map((k) => k.toLowerCase()));
  const plain = (word: string) => word.split("#")[0]!.trim().toLowerCase();
  return cell.split("|").map((w) => w.trim()).filter((w) => w !== "" && !folded.has(w.toLowerCase()) && !folded.has(plain(w))).map((word) => ({ word, nearest: nearest(word, known) }));
}

/** What people call it: a group's name stands behind its id. */
const label = (known: string) => known.split(" # ").at(-1)!;

export function nearest(word: string, known: string[], max = 3): string[] {
  const scored = known.map((k) => [distance(word.toLowerCase(), label(k).toLowerCase()), k] as const);
  return scored.filter(([d, k]) => d <= Math.max(2, Math.ceil(label(k).length / 2))).sort((a, b) => a[0] - b[0]).slice(0, max).map(([, k]) => k);
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}

/* ---- suggestions for a key of policy.toml ---- */

/** What stands around a value that is edited. */
export interface Around {
  rules: Part;
  /** Names of the mapping tables. */
  tables: string[];
  vocabulary?: Vocabulary;
  schema: PolicySchema;
  /** Nothing can be changed: then everything stands open. */
  locked: boolean;
}

export function attributeNames(vocabulary?: Vocabulary): string[] {
  const a = vocabulary?.attributes;
  return a ? (Array.isArray(a) ? a : Object.keys(a)) : [];
}

const keysOf = (value: Json | undefined) => (isPart(value) ? Object.keys(value) : []);
const ATTRIBUTES = new Set(["attribute", "zone_attribute", "start_attribute", "end_attribute", "cost_center_from", "until", "holder", "same_as", "join", "profile.from"]);

/** What a value of this key is likely to be; `undefined`: anything. `owner` is the section that the key stands in. */
export function suggestions(key: string, owner: string | undefined, node: Node, around: Around): string[] | undefined {
  const { rules, tables, vocabulary, schema } = around;
  const sites = vocabulary?.sites ?? [];
  const unique = (all: string[]) => [...new Set(all)].sort();
  if (ATTRIBUTES.has(key) || ATTRIBUTES.has(`${owner}.${key}`)) return attributeNames(vocabulary);
  const names = namesOf(resolved(schema, node));
  if (names) return names;
  switch (key) {
    case "tell": case "alert": return keysOf(rules.notify);
    case "tenant": return unique([...(vocabulary?.groups.map((g) => g.tenant) ?? []), ...keysOf(rules.tenants)]);
    case "look_up": return tables;
    case "zone": return Intl.supportedValuesOf("timeZone");
    case "approval": case "escalate_to": return ["manager", "role:approver", ...keysOf(rules.groups).map((name) => `group:${name}`), "person:"];
    case "module": return unique(["reservation", "visitor", "space", "move", ...sites.flatMap((s) => s.centers.map((c) => c.module))]);
    case "center": return unique(sites.flatMap((s) => s.centers.map((c) => c.name)));
    case "item": return [FROM_TABLE, ...(offered("item", vocabulary) ?? [])];
    case "cost_center": return [FROM_TABLE];
    case "door": return ["building of their seat", "floor of their seat", FROM_TABLE, ...doorsIn(rules)];
    case "person": return parts(isPart(rules.correlation) ? rules.correlation.keys : undefined).map((k) => String(k.kind));
    case "is": return owner === "user_type" ? unique(sites.flatMap((s) => s.user_types)) : undefined;
    case "dates": return ["YYYY-MM-DD", "MM/DD/YYYY", "DD.MM.YYYY", "date-time"];
    case "days": return owner === "removal_window" ? ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] : undefined;
    case "hold": case "expires": case "escalate_after": case "after": return owner === "demand" ? ["4 hours", "24 hours", "2 days", "7 days", "30 days"] : undefined;
    case "every": return ["1 minute", "10 minutes", "1 hour", "1 day"];
    case "groups": case "also_in": return owner === "person" ? keysOf(rules.groups) : undefined;
    case "like": return keysOf(rules.person);
    case "by": case "not_by": return parts(rules.flow).map((f) => String(f.id));
    default: return offered(key, vocabulary, { rules });
  }
}

const FROM_TABLE = "from table";

/** Areas that the policy names already. */
function doorsIn(rules: Part): string[] {
  const all = parts(rules.flow).flatMap((flow) => [...parts(flow.then), ...parts(flow.never)]).flatMap((o) => o.door ?? []).flat();
  return [...new Set(all.map(String))].filter((name) => !name.endsWith("of their seat") && name !== FROM_TABLE);
}
