// Where in the editor the thing stands that a mistake is about: from the JSON pointer that the server gives.
import { GROUND } from "./ground";
import type { Step } from "./steps";

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
