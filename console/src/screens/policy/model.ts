// The policy document as this editor holds it: values, sentences, edits. No calls, no components.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Part = Record<string, Json>;

export interface Flow extends Part {
  id: string;
}

export interface Sheet {
  columns: string[];
  rows: string[][];
}

/** `rules` is policy.toml key for key, `tables` are its CSV files. */
export interface Document {
  rules: Part;
  tables: Record<string, Sheet>;
}

export interface Vocabulary {
  groups: { tenant: string; id: string; name: string }[];
  attributes: string[] | Record<string, unknown>;
  sites: {
    site: string;
    buildings: { name: string; code: string; floors: string[] }[];
    sections: { neighborhood: string; name: string; floor: string }[];
    kinds: string[];
    items: { category: string; name: string }[];
    centers: { module: string; name: string }[];
    user_types: string[];
  }[];
  channels: string[];
  templates: string[];
}

const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);
export const parts = (value: Json | undefined): Part[] => list(value).filter((v): v is Part => typeof v === "object" && v !== null && !Array.isArray(v));
export const flowsOf = (doc: Document): Flow[] => parts(doc.rules.flow) as Flow[];

/* ---- reading aloud ---- */

const either = (value: Json | undefined) => list(value).map(String).join(" or ");

/** One condition as words. */
export function conditionText(c: Part): string {
  if ("not" in c) return `not (${parts(c.not).map(conditionText).join(" and ")})`;
  if ("any" in c) return parts(c.any).map(conditionText).join(" or ");
  if ("all" in c) return parts(c.all).map(conditionText).join(" and ");
  if ("group" in c) return `in ${either(c.group)}`;
  if ("status" in c) return `Okta status is ${either(c.status)}`;
  if ("tenant" in c) return `from tenant ${either(c.tenant)}`;
  if ("site" in c) return `belongs to site ${either(c.site)}`;
  if ("cel" in c) return String(c.cel).trim() || "an expression";
  if ("of" in c) return `at least ${String(c.count ?? "?")} of: ${parts(c.of).map(conditionText).join(", ")}`;
  if ("attribute" in c) {
    const name = String(c.attribute);
    const tests = TESTS.filter(([key]) => key in c).map(([key, verb]) => (key === "exists" ? `${name} ${c.exists === false ? "is empty" : "has a value"}` : `${name} ${verb} ${either(c[key])}`));
    return tests.join(" and ") || `${name} …`;
  }
  return JSON.stringify(c);
}

export const TESTS: [key: string, verb: string][] = [
  ["is", "is"], ["in", "is one of"], ["is_not", "is not"], ["not_in", "is none of"], ["starts_with", "starts with"],
  ["ends_with", "ends with"], ["contains", "contains"], ["before", "is before"], ["after", "is after"], ["exists", "has a value"],
  ["matches", "matches"], ["domain", "is an address at"], ["only", "is only"], ["has_all", "has all of"], ["same_as", "is the same as"],
  ["at_least", "is at least"], ["at_most", "is at most"], ["within", "is within"],
];

/** Kinds of conditions that have a form of their own. */
export const CONDITIONS: [value: string, label: string][] = [
  ["group", "Member of a group"], ["attribute", "Okta attribute"], ["status", "Okta status"], ["tenant", "Tenant"], ["site", "Site"],
  ["not", "Not …"], ["any", "Any of …"], ["all", "All of …"], ["cel", "Expression (CEL)"],
];

/** The form that shows all of a condition; `undefined`: none does, and it is edited as it stands. */
export function formOf(c: Part): string | undefined {
  const kinds = CONDITIONS.map(([kind]) => kind).filter((kind) => kind in c);
  const tests = TESTS.map(([key]) => key).filter((key) => key in c);
  const kind = kinds[0];
  if (kinds.length !== 1 || tests.length > (kind === "attribute" ? 1 : 0)) return undefined;
  const known = new Set([...kinds, ...tests]);
  return Object.keys(c).every((key) => known.has(key)) ? kind : undefined;
}

/** One outcome as words. */
export function outcomeText(o: Part, table?: Json): string {
  const row = typeof table === "string" ? `as ${table} says` : "";
  if ("place" in o) {
    const where = [o.building, o.floor, o.section, o.kind].filter(Boolean).map(String).join(" / ");
    const kind = o.place === "remote" ? "no seat (remote)" : o.place === "desk" ? "a free desk" : o.place === "section" ? "a section" : `a place (${String(o.place)})`;
    return [kind, where && `in ${where}`, o.place !== "remote" && row].filter(Boolean).join(" ");
  }
  if ("role" in o) return `role ${String(o.role)}${o.module ? ` for ${String(o.module)}` : ""}${o.center ? ` in ${either(o.center)}` : ""}`;
  if ("item" in o) return String(o.item);
  if ("cost_center" in o) return `cost center ${String(o.cost_center)}`;
  if ("cost_center_from" in o) return `cost center called like ${String(o.cost_center_from)}`;
  if ("booking" in o) return `a booking (${String(o.booking)}), ${String(o.from ?? "")} to ${String(o.to ?? "")}`;
  if ("visit" in o) return `a visit on ${String(o.visit)} at ${String(o.at ?? "")}`;
  if ("todo" in o) return `to do by hand: ${String(o.todo)}`;
  return Object.entries(o).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(", ");
}

export function firstText(first: Json | undefined): string | undefined {
  const f = parts(first)[0];
  if (!f) return undefined;
  const said = [f.hold && `hold for ${String(f.hold)}`, f.approval && `approval by ${either(f.approval)}${f.quorum && Number(f.quorum) > 1 ? ` (${String(f.quorum)})` : ""}`, parts(f.stages).length > 0 && `in ${parts(f.stages).length} stages`];
  return said.filter(Boolean).join(", then ") || undefined;
}

/** The whole flow as one sentence. */
export function flowText(flow: Flow): string {
  const when = parts(flow.if).map(conditionText).join(" and ") || "everybody in scope";
  const first = firstText(flow.but_first);
  const gives = parts(flow.then).map((o) => outcomeText(o, flow.look_up));
  const never = parts(flow.never).map((o) => outcomeText(o));
  return `When ${when}: ${[gives.length > 0 && `give ${gives.join(", ")}`, never.length > 0 && `never give ${never.join(", ")}`].filter(Boolean).join("; ") || "nothing yet"}${first ? `, but first ${first}` : ""}${flow.until ? `, until ${String(flow.until)}` : ""}.`;
}

/* ---- editing: each answers a new document ---- */

export const withFlows = (doc: Document, flow: Flow[]): Document => ({ ...doc, rules: { ...doc.rules, flow } });
export const withFlow = (doc: Document, at: number, flow: Flow): Document => withFlows(doc, flowsOf(doc).map((f, i) => (i === at ? flow : f)));
export const withTable = (doc: Document, name: string, sheet: Sheet): Document => ({ ...doc, tables: { ...doc.tables, [name]: sheet } });

export function moved<T>(items: T[], from: number, to: number): T[] {
  if (to < 0 || to >= items.length) return items;
  const next = [...items];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** The opposite of a condition. */
export const negated = (c: Part): Part => ("not" in c && parts(c.not).length === 1 ? parts(c.not)[0]! : { not: c });

/** What a flow must ask first to be the other branch of a condition. */
const branchOf = (flow: Flow, at: number): Part[] => [...parts(flow.if).slice(0, at), negated(parts(flow.if)[at]!)];

/** The flow that takes those whom a condition of this flow turns away; `undefined`: there is none. */
export function otherwiseOf(doc: Document, flow: number, at: number): number | undefined {
  const wanted = branchOf(flowsOf(doc)[flow]!, at).map((c) => JSON.stringify(c));
  const found = flowsOf(doc).findIndex((other, i) => i !== flow && wanted.every((c, j) => JSON.stringify(parts(other.if)[j]) === c));
  return found < 0 ? undefined : found;
}

/** Adds a flow for those whom a condition turns away: the same conditions before it, and its opposite. */
export function branched(doc: Document, flow: number, at: number): { doc: Document; flow: number } {
  const flows = flowsOf(doc);
  const from = flows[flow]!;
  const other: Flow = { id: freshId(doc, `${from.id}-otherwise`), sentence: "", ...(from.priority === undefined ? {} : { priority: from.priority }), if: branchOf(from, at), then: [] };
  return { doc: withFlows(doc, [...flows.slice(0, flow + 1), other, ...flows.slice(flow + 1)]), flow: flow + 1 };
}

/** A step of a flow moved, copied or taken out; answers where it is then. */
export function stepped(doc: Document, flow: number, kind: "if" | "then" | "never", at: number, what: "up" | "down" | "copy" | "delete"): { doc: Document; at?: number } {
  const own = flowsOf(doc)[flow]!;
  const items = parts(own[kind]);
  const to = { up: at - 1, down: at + 1, copy: at + 1, delete: undefined }[what];
  if ((what === "up" || what === "down") && (to! < 0 || to! >= items.length)) return { doc, at };
  const next = what === "copy" ? [...items.slice(0, at + 1), items[at]!, ...items.slice(at + 1)] : what === "delete" ? items.filter((_, i) => i !== at) : moved(items, at, to!);
  return { doc: withFlow(doc, flow, { ...own, [kind]: next } as Flow), at: to };
}

/** An id that no flow has yet. */
export function freshId(doc: Document, wish: string): string {
  const taken = new Set(flowsOf(doc).map((f) => f.id));
  const stem = wish.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "") || "flow";
  if (!taken.has(stem)) return stem;
  for (let n = 2; ; n += 1) if (!taken.has(`${stem}-${n}`)) return `${stem}-${n}`;
}

/** Without keys that were emptied. */
export function pruned(part: Part): Part {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0)));
}

/* ---- history ---- */

export interface History {
  past: Document[];
  now: Document;
  future: Document[];
}
const KEPT = 100;
export type Act = { type: "edit"; to: Document } | { type: "undo" } | { type: "redo" } | { type: "load"; to: Document };

export function history(state: History, act: Act): History {
  switch (act.type) {
    case "load":
      return { past: [], now: act.to, future: [] };
    case "edit":
      return act.to === state.now ? state : { past: [...state.past, state.now].slice(-KEPT), now: act.to, future: [] };
    case "undo": {
      const before = state.past.at(-1);
      return before ? { past: state.past.slice(0, -1), now: before, future: [state.now, ...state.future] } : state;
    }
    case "redo": {
      const [after, ...future] = state.future;
      return after ? { past: [...state.past, state.now], now: after, future } : state;
    }
  }
}

/* ---- mapping tables ---- */

/** Cells of a spreadsheet's clipboard. */
export function pasted(text: string): string[][] {
  const lines = text.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n");
  return lines.map((line) => line.split("\t").map((cell) => cell.trim().replace(/^"(.*)"$/s, "$1").replaceAll('""', '"')));
}

/** Puts a block of cells into the sheet; rows are added at the end as needed, columns beyond the last are dropped. */
export function pasteInto(sheet: Sheet, row: number, column: number, block: string[][]): Sheet {
  const rows = sheet.rows.map((r) => [...r]);
  block.forEach((line, i) => {
    while (rows.length <= row + i) rows.push(sheet.columns.map(() => ""));
    line.slice(0, sheet.columns.length - column).forEach((cell, j) => (rows[row + i]![column + j] = cell));
  });
  return { ...sheet, rows };
}

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

/* ---- templates ---- */

export const TEMPLATES: { id: string; title: string; says: string; flow?: Omit<Flow, "id"> }[] = [
  { id: "new-user", title: "New user", says: "A place, and what a newcomer needs, before the first day.", flow: { template: "new-user", sentence: "Newcomers get a free desk in their building.", priority: 50, if: [], look_up: "places", then: [{ place: "desk" }] } },
  { id: "deactivation", title: "Deactivation", says: "Whoever is deactivated in Okta loses account, permissions, seat and bookings. Always on; its marks are in the lifecycle." },
  { id: "group-change", title: "Group change", says: "What membership of a group gives, and takes back when it ends.", flow: { template: "group-change", sentence: "Members of a group may book rooms in the building of their seat.", if: [{ group: "" }], then: [{ role: "customer", module: "reservation" }] } },
  { id: "reconciliation", title: "Scheduled reconciliation", says: "Everybody is compared at night; differences are repaired or reported. Its hours are in the schedule." },
  { id: "contractor-expiry", title: "Contractor expiry", says: "A contractor has things until the contract's last day, and the front desk knows of the first.", flow: { template: "contractor-expiry", sentence: "The front desk knows a contractor's first day; the manager is the host.", if: [{ attribute: "userType", is: "Contractor" }], then: [{ visit: "arrival", at: "09:00", notes: "First day of a contractor" }], until: "contractEndDate" } },
  { id: "profile-update", title: "Profile update", says: "Which Okta attribute fills which iOffice field. Only what differs is written." },
  { id: "scratch", title: "Start from scratch", says: "An empty flow.", flow: { sentence: "", if: [], then: [] } },
];
