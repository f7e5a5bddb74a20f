// The policy document as this editor holds it: values, sentences, edits. No calls, no components.
import { conditionText } from "./conditions";
import { list, parts, type Json, type Part } from "./json";
import { outcomeText } from "./outcomes";
import type { Sheet } from "./sheet";

export interface Flow extends Part {
  id: string;
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

export const flowsOf = (doc: Document): Flow[] => parts(doc.rules.flow) as Flow[];

/* ---- reading aloud ---- */

const either = (value: Json | undefined) => list(value).map(String).join(" or ");

export const holdText = (f: Part): string | undefined => (f.hold === undefined ? undefined : `hold for ${String(f.hold)}`);
export const approvalText = (f: Part): string | undefined => (f.approval === undefined ? undefined : `approval by ${either(f.approval) || "…"}${Number(f.quorum ?? 1) > 1 ? ` (${String(f.quorum)})` : ""}`);

export function firstText(first: Json | undefined): string | undefined {
  const f = parts(first)[0];
  if (!f) return undefined;
  return [holdText(f), approvalText(f), parts(f.stages).length > 0 && `in ${parts(f.stages).length} stages`].filter(Boolean).join(", then ") || undefined;
}

/** The whole flow as one sentence. */
export function flowText(flow: Flow): string {
  const when = parts(flow.if).map(conditionText).join(" and ") || "everybody in scope";
  const first = firstText(flow.but_first);
  const gives = parts(flow.then).map((o) => outcomeText(o, flow.look_up));
  const never = parts(flow.never).map((o) => outcomeText(o));
  return `When ${when}: ${[gives.length > 0 && `give ${gives.join(", ")}`, never.length > 0 && `never give ${never.join(", ")}`].filter(Boolean).join("; ") || "nothing yet"}${first ? `, but first ${first}` : ""}${flow.until ? `, until ${String(flow.until)}` : ""}${list(flow.tell).length > 0 ? `, and tell ${list(flow.tell).map(String).join(" and ")}` : ""}.`;
}

/* ---- editing: each answers a new document ---- */

export const withFlows = (doc: Document, flow: Flow[]): Document => ({ ...doc, rules: { ...doc.rules, flow } });
export const withFlow = (doc: Document, at: number, flow: Flow): Document => withFlows(doc, flowsOf(doc).map((f, i) => (i === at ? flow : f)));
export const withTable = (doc: Document, name: string, sheet: Sheet): Document => ({ ...doc, tables: { ...doc.tables, [name]: sheet } });

export function withoutTable(doc: Document, name: string): Document {
  return { ...doc, tables: Object.fromEntries(Object.entries(doc.tables).filter(([other]) => other !== name)) };
}

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

/** An id that no flow has yet. */
export function freshId(doc: Document, wish: string): string {
  const taken = new Set(flowsOf(doc).map((f) => f.id));
  const stem = wish.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "") || "flow";
  if (!taken.has(stem)) return stem;
  for (let n = 2; ; n += 1) if (!taken.has(`${stem}-${n}`)) return `${stem}-${n}`;
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
