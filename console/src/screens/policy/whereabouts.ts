// Where in the editor the thing stands that a mistake is about: from the JSON pointer that the server gives.
import { GROUND } from "./ground";
import type { Selected } from "./FlowPanel";
import { parts } from "./json";
import { flowsOf, type Document } from "./model";
import { isListed, type Step } from "./steps";

export type Whereabouts = { in: "flow"; flow: number; step: Step } | { in: "ground"; section: string } | { in: "table"; table: string };

function stepAt([key, at, inner]: string[]): Step {
  switch (key) {
    case "if": case "never": return { kind: key, at: Number(at ?? 0) };
    case "then": return inner === "if_it_fails" ? { kind: "fails", of: Number(at ?? 0) } : at === undefined ? { kind: "flow" } : { kind: "then", at: Number(at) };
    case "look_up": case "tell": return { kind: key };
    case "but_first": return { kind: at === "hold" ? "hold" : "approval" };
    case "if_it_fails": return { kind: "fails" };
    default: return { kind: "flow" };
  }
}

export function whereabouts(pointer: string | null | undefined): Whereabouts | undefined {
  const [root, key, ...rest] = (pointer ?? "").split("/").slice(1);
  if (root === "tables" && key !== undefined) return { in: "table", table: key };
  if (root !== "rules" || key === undefined) return undefined;
  if (key === "flow") return rest[0] === undefined ? undefined : { in: "flow", flow: Number(rest[0]), step: stepAt(rest.slice(1)) };
  const part = GROUND.find((one) => one.keys.includes(key));
  return { in: "ground", section: part?.id ?? key };
}

const STEPS: Step["kind"][] = ["flow", "look_up", "hold", "approval", "tell", "if", "then", "never", "fails"];

/** A step in the address; a whole flow is not named. */
export function stepName(step: Step): string | undefined {
  if (step.kind === "flow") return undefined;
  const at = "at" in step ? step.at : "of" in step ? step.of : undefined;
  return at === undefined ? step.kind : `${step.kind}.${at}`;
}

/** What an address selects, if the document has it. */
export function selectedBy(doc: Document, flow: number | undefined, step: string | undefined): Selected | undefined {
  const found = flow === undefined ? undefined : flowsOf(doc)[flow];
  if (flow === undefined || !found) return undefined;
  const [kind, at] = (step ?? "flow").split(".");
  const named = STEPS.find((one) => one === kind) ?? "flow";
  const number = at === undefined ? undefined : Number(at);
  const whole: Selected = { flow, step: { kind: "flow" } };
  if (named === "fails") return { flow, step: number !== undefined && parts(found.then)[number] ? { kind: "fails", of: number } : { kind: "fails" } };
  const wanted = { kind: named, at: number } as Step;
  if (isListed(wanted)) return number !== undefined && parts(found[wanted.kind])[number] ? { flow, step: wanted } : whole;
  return { flow, step: { kind: named } as Step };
}
