// The steps of one flow: which there are, which may be added where, and how each is moved, copied, taken out. Pure.
import { isPart, parts, withKey, type Json, type Part } from "./json";
import { flowsOf, moved, withFlow, type Document, type Flow } from "./model";
import { BANS, OUTCOMES } from "./outcomes";

/** Which step of a flow: the flow itself, a condition, the look-up, what is asked first, an outcome, a failure, who is told. */
export type Step =
  | { kind: "flow" | "look_up" | "hold" | "approval" | "tell" }
  | { kind: "if" | "then" | "never"; at: number }
  /** What becomes of a failure: of the whole flow, or of one outcome. */
  | { kind: "fails"; of?: number };
export type ListStep = Extract<Step, { at: number }>;
export const isListed = (step: Step): step is ListStep => "at" in step;
export const same = (a: Step | undefined, b: Step | undefined) => a !== undefined && b !== undefined && a.kind === b.kind && (isListed(a) ? a.at : undefined) === (isListed(b) ? b.at : undefined) && ("of" in a ? a.of : undefined) === ("of" in b ? b.of : undefined);

const APPROVAL = ["approval", "quorum", "expires", "escalate_after", "escalate_to"];
/** What of `but_first` each of its steps holds. */
export const FIRST_KEYS = { hold: ["hold"], approval: APPROVAL } as const;

const firstOf = (flow: Flow): Part => (isPart(flow.but_first) ? flow.but_first : {});
const without = (part: Part, keys: readonly string[]): Part => Object.fromEntries(Object.entries(part).filter(([key]) => !keys.includes(key)));
const orNothing = (part: Part): Part | undefined => (Object.keys(part).length > 0 ? part : undefined);

/** The branch that counts for an outcome's failure: its own, else the flow's. */
export function failureOf(flow: Flow, of: number | undefined): { failure: Json | undefined; own: boolean } {
  const own = of === undefined ? flow.if_it_fails : parts(flow.then)[of]?.if_it_fails;
  return own === undefined ? { failure: flow.if_it_fails, own: false } : { failure: own, own: true };
}

export function withFailure(flow: Flow, of: number | undefined, failure: Part | undefined): Flow {
  if (of === undefined) return withKey(flow, "if_it_fails", failure) as Flow;
  return { ...flow, then: parts(flow.then).map((o, i) => (i === of ? withKey(o, "if_it_fails", failure) : o)) };
}

/** What may be added at a place: a step's name, and the flow with it. */
export interface Choice {
  group: "Step" | "Give" | "Never give";
  label: string;
  add: (flow: Flow) => { flow: Flow; step: Step };
}

/** Kinds of steps in the order in which they stand. */
const RANK = { when: 0, if: 0, look: 1, first: 2, out: 3, tell: 4 } as const;
export type Rank = keyof typeof RANK;

const put = (flow: Flow, kind: ListStep["kind"], at: number, part: Part): { flow: Flow; step: Step } => {
  const items = parts(flow[kind]);
  return { flow: { ...flow, [kind]: [...items.slice(0, at), part, ...items.slice(at)] } as Flow, step: { kind, at } };
};

/**
 * What fits between two steps that follow each other. Every kind has one place in the order, so nothing that is offered makes
 * a graph that means nothing.
 * `if` and `then` are the places among conditions and outcomes.
 */
export function choices(flow: Flow, from: Rank, to: Rank, at: { if: number; then: number }, tables: string[], channels: string[]): Choice[] {
  const fits = (rank: number) => RANK[from] <= rank && rank <= RANK[to];
  const first = firstOf(flow);
  const list: Choice[] = [];
  const step = (label: string, add: Choice["add"]) => list.push({ group: "Step", label, add });
  if (fits(0)) step("A condition", (f) => put(f, "if", at.if, { attribute: "", is: "" }));
  if (fits(1) && flow.look_up === undefined && tables.length > 0) step("A look-up in a table", (f) => ({ flow: { ...f, look_up: tables[0]! }, step: { kind: "look_up" } }));
  if (fits(2) && first.hold === undefined) step("A hold", (f) => ({ flow: { ...f, but_first: { hold: "24 hours", ...firstOf(f) } }, step: { kind: "hold" } }));
  if (fits(2) && first.approval === undefined) step("An approval", (f) => ({ flow: { ...f, but_first: { ...firstOf(f), approval: ["manager"] } }, step: { kind: "approval" } }));
  if (fits(4) && flow.tell === undefined && channels.length > 0) step("A message", (f) => ({ flow: { ...f, tell: [channels[0]!] }, step: { kind: "tell" } }));
  if (fits(3)) {
    for (const kind of OUTCOMES) list.push({ group: "Give", label: kind.label, add: (f) => put(f, "then", at.then, kind.start) });
    for (const kind of BANS) list.push({ group: "Never give", label: kind.label, add: (f) => put(f, "never", parts(f.never).length, kind.start) });
  }
  return list;
}

export type Change = "up" | "down" | "copy" | "delete";

/** Which changes a step can have. Of a look-up, a hold, an approval, a message there is one, in its own place. */
export function changesOf(flow: Flow, step: Step): Change[] {
  if (isListed(step)) {
    const count = parts(flow[step.kind]).length;
    return [...(step.at > 0 ? (["up"] as const) : []), ...(step.at < count - 1 ? (["down"] as const) : []), "copy", "delete"];
  }
  if (step.kind === "flow") return [];
  if (step.kind === "fails") return failureOf(flow, step.of).own ? ["delete"] : [];
  return step.kind === "tell" && flow.tell === undefined ? [] : ["delete"];
}

/** A flow without a step that there is one of. */
function withoutStep(flow: Flow, step: Step): Flow {
  switch (step.kind) {
    case "look_up": case "tell": return withKey(flow, step.kind, undefined) as Flow;
    case "hold": case "approval": return withKey(flow, "but_first", orNothing(without(firstOf(flow), FIRST_KEYS[step.kind]))) as Flow;
    case "fails": return withFailure(flow, step.of, undefined);
    default: return flow;
  }
}

/** A step moved, copied or taken out; answers where it is then. */
export function stepped(doc: Document, flow: number, step: Step, what: Change): { doc: Document; step?: Step } {
  const own = flowsOf(doc)[flow]!;
  if (!changesOf(own, step).includes(what)) return { doc, step };
  if (!isListed(step)) return { doc: withFlow(doc, flow, withoutStep(own, step)) };
  const items = parts(own[step.kind]);
  const { kind, at } = step;
  const to = { up: at - 1, down: at + 1, copy: at + 1, delete: undefined }[what];
  const next = what === "copy" ? [...items.slice(0, at + 1), items[at]!, ...items.slice(at + 1)] : what === "delete" ? items.filter((_, i) => i !== at) : moved(items, at, to!);
  return { doc: withFlow(doc, flow, { ...own, [kind]: next } as Flow), step: to === undefined ? undefined : { kind, at: to } };
}
