// One flow as boxes and the edges between them, laid out. Pure: the canvas only shows it.
import { conditionText } from "./conditions";
import { isPart, list, parts, type Part } from "./json";
import { approvalText, flowsOf, holdText, otherwiseOf, type Document, type Flow } from "./model";
import { failureText, outcomeText } from "./outcomes";
import { choices, failureOf, type Choice, type Rank, type Step } from "./steps";

export type BoxKind = "when" | "if" | "look" | "hold" | "ask" | "give" | "never" | "tell" | "fails" | "instead";

export interface Box {
  id: string;
  kind: BoxKind;
  title: string;
  text: string;
  x: number;
  y: number;
  /** What opens with it. */
  step?: Step;
  /** The flow that goes on here. */
  goto?: number;
  /** The condition that such a flow could branch from. */
  branch?: number;
  /** It stands for what was never said: dashed and dim. */
  quiet?: boolean;
}

export interface Link {
  from: string;
  to: string;
  /** The way of a failure. */
  fails?: boolean;
  label?: string;
  choices: Choice[];
}

export const WIDTH = 240;
export const HEIGHT = 74;
const GAP = 56;
const ROW = HEIGHT + 52;
/** From one thing that is given instead to the next. */
const NEXT = HEIGHT + 16;

export interface Graph {
  boxes: Box[];
  links: Link[];
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

class Drawing {
  readonly boxes: Box[] = [];
  readonly links: Link[] = [];
  constructor(readonly doc: Document, readonly at: number, readonly channels: string[]) {}
  get flow(): Flow {
    return flowsOf(this.doc)[this.at]!;
  }
  box(id: string, kind: BoxKind, title: string, text: string, more: Partial<Box> = {}): string {
    this.boxes.push({ id, kind, title, text, x: 0, y: 0, ...more });
    return id;
  }
  /** A way on, with what may be added on it. */
  link(from: string, ranks: [Rank, Rank], to: string, place: { if?: number; then?: number } = {}, label?: string) {
    const at = { if: place.if ?? parts(this.flow.if).length, then: place.then ?? 0 };
    this.links.push({ from, to, label, choices: choices(this.flow, ranks[0], ranks[1], at, Object.keys(this.doc.tables), this.channels) });
  }
  /** A way on, on which nothing can be added. */
  plain(from: string, to: string, fails?: boolean) {
    this.links.push({ from, to, fails, choices: [] });
  }
  /** What happens otherwise stands beside its step. */
  fails(of: string, title: string, text: string, more: Partial<Box> = {}): string {
    this.plain(of, this.box(`${of}!`, "fails", title, text, more), true);
    return `${of}!`;
  }
}

function drawConditions(d: Drawing): string {
  let last = d.box("when", "when", "Whenever somebody is looked at", "event, date, sweep, or a person asks", { step: { kind: "flow" } });
  d.fails("when", "If not in scope", "nothing of this flow, and what it gave before is taken back after its hold", { quiet: true });
  parts(d.flow.if).forEach((c, i) => {
    const id = d.box(`if${i}`, "if", i === 0 ? "If" : "and if", conditionText(c), { step: { kind: "if", at: i } });
    d.link(last, ["if", "if"], id, { if: i });
    const other = otherwiseOf(d.doc, d.at, i);
    if (other !== undefined) d.fails(id, "Otherwise", `flow ${flowsOf(d.doc)[other]!.id} decides`, { goto: other });
    else d.fails(id, "If not", "nothing is given; open to branch into a flow of its own", { branch: i, quiet: true });
    last = id;
  });
  return last;
}

function drawLookUp(d: Drawing): string | undefined {
  if (typeof d.flow.look_up !== "string") return undefined;
  const id = d.box("look", "look", "Look up", `the first row of ${d.flow.look_up} that fits`, { step: { kind: "look_up" } });
  d.fails(id, "If no row fits", "nothing is given, and the person is listed", { quiet: true });
  return id;
}

function drawFirst(d: Drawing): string[] {
  const first = isPart(d.flow.but_first) ? d.flow.but_first : {};
  const ids: string[] = [];
  const hold = holdText(first);
  if (hold) {
    ids.push(d.box("hold", "hold", "But first", sentence(hold), { step: { kind: "hold" } }));
    d.fails("hold", "If the reason ends meanwhile", "nothing happens; a reason that comes back begins a new hold", { quiet: true });
  }
  const approval = approvalText(first);
  if (approval) {
    ids.push(d.box("ask", "ask", hold ? "Then ask" : "But first ask", sentence(approval), { step: { kind: "approval" } }));
    const late = first.escalate_to !== undefined && `after ${String(first.escalate_after ?? "…")} ${list(first.escalate_to).map(String).join(" or ")} may decide as well`;
    d.fails("ask", late ? "If it takes too long" : "If declined or expired", late || "nothing changes; it can be asked anew", { step: { kind: "approval" }, quiet: !late });
  }
  return ids;
}

function drawOutcome(d: Drawing, o: Part, i: number): string {
  const id = d.box(`then${i}`, "give", i === 0 ? "Give" : "and give", outcomeText(o, d.flow.look_up), { step: { kind: "then", at: i } });
  const noted = parts(o.otherwise)[0];
  const { failure, own } = failureOf(d.flow, i);
  const text = failureText(failure);
  const nowhere = noted && `if no place is free, ${String(noted.field)} says “${String(noted.text ?? "{building} / {floor}")}”`;
  const said = [text && `${text}${own ? "" : " (as the flow says)"}`, nowhere].filter(Boolean).join("; ");
  d.fails(id, "If it fails", said || "retried with pauses; then a dead letter with the fix", { step: { kind: "fails", of: i }, quiet: !said });
  parts(parts(failure)[0]?.instead).forEach((other, j) => {
    const instead = d.box(`then${i}+${j}`, "instead", "Instead", outcomeText(other, d.flow.look_up), { step: { kind: "fails", of: i } });
    d.plain(`${id}!`, instead, true);
  });
  return id;
}

function drawOutcomes(d: Drawing, last: string, rank: Rank): string[] {
  const tell = list(d.flow.tell).map(String);
  const given = parts(d.flow.then).map((o, i) => drawOutcome(d, o, i));
  const denied = parts(d.flow.never).map((o, i) => {
    const id = d.box(`never${i}`, "never", "Never give", outcomeText(o), { step: { kind: "never", at: i } });
    d.fails(id, "Whatever happens", "nothing can fail: what another flow gives of it is not given", { quiet: true });
    return id;
  });
  d.box("tell", "tell", tell.length > 0 ? "Read back, then tell" : "Read back, journal", tell.length > 0 ? `${tell.join(" and ")}, once a read shows it` : "done when a read says so; nobody is told", { step: { kind: "tell" } });
  d.fails("tell", tell.length > 0 ? "If it is not seen, or not delivered" : "If it is not seen", "a read that does not show it is a failure of its own: planned again, then a finding", { quiet: true });
  const all = [...given, ...denied];
  let [from, at] = [last, rank];
  all.forEach((id, i) => {
    d.link(from, [at, "out"], id, { then: Math.min(i, given.length) });
    [from, at] = [id, "out"];
  });
  d.link(from, [at, "tell"], "tell", { then: given.length }, all.length === 0 ? "nothing is given yet" : undefined);
  return all;
}

/** Draws one flow: a spine from top to bottom, beside each step what happens otherwise, beside that what is given instead. */
export function drawn(doc: Document, at: number, channels: string[] = []): Graph {
  const d = new Drawing(doc, at, channels);
  let last = drawConditions(d);
  let rank: Rank = "if";
  const spine = d.boxes.filter((box) => box.kind === "when" || box.kind === "if").map((box) => box.id);
  const next = (id: string, to: Rank) => {
    d.link(last, [rank, to], id);
    [last, rank] = [id, to];
    spine.push(id);
  };
  const look = drawLookUp(d);
  if (look) next(look, "look");
  for (const id of drawFirst(d)) next(id, "first");
  place(d.boxes, [...spine, ...drawOutcomes(d, last, rank), "tell"]);
  return { boxes: d.boxes, links: d.links };
}

/** A step is as high as what stands beside it. */
function place(boxes: Box[], spine: string[]) {
  const beside = (id: string) => boxes.filter((box) => box.id.startsWith(`${id}+`)).length;
  const tops = new Map<string, number>();
  let y = 0;
  for (const id of spine) {
    tops.set(id, y);
    y += Math.max(ROW, beside(id) * NEXT + ROW - NEXT);
  }
  for (const box of boxes) {
    const [of, nth] = box.id.split("+");
    const column = nth !== undefined ? 2 : box.id.endsWith("!") ? 1 : 0;
    box.x = column * (WIDTH + GAP);
    box.y = (tops.get(of!.replace(/!$/, "")) ?? 0) + Number(nth ?? 0) * NEXT;
  }
}

/** How large a drawing is. */
export const extent = (boxes: Box[]) => ({ width: Math.max(0, ...boxes.map((box) => box.x + WIDTH)), height: Math.max(0, ...boxes.map((box) => box.y + HEIGHT)) });
