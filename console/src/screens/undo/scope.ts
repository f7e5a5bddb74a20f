// What is to be taken back, as its address says it; and what taking it back came to. Values only.
import type { Schemas } from "../../api";

/** In the address: one of a plan (or one operation of it), an applied what-if, a person since a moment, a stretch of time. */
export interface UndoSearch {
  plan?: string;
  /** Counted from 1, as they were sent. */
  operation?: number;
  seal?: string;
  home?: string;
  id?: string;
  since?: string;
  until?: string;
}

export type Scope = Pick<Schemas["UndoAsk"], "plan" | "step" | "seal" | "identity" | "since" | "until">;
export type TakenBack = Schemas["Undone"]["people"][number];

/** What is asked of the server; `undefined`: the address does not say enough yet. */
export function scopeOf(search: UndoSearch): Scope | undefined {
  const { plan, operation: step, seal, home, id, since, until } = search;
  if (plan) return step ? { plan, step } : { plan };
  if (seal) return { seal };
  if (home && id) return since ? { identity: { tenant: home, id }, since } : undefined;
  return since ? { since, ...(until ? { until } : {}) } : undefined;
}

/** The number by which each operation of a plan is taken back alone: in the order in which they were sent. */
export function numbered(operations: readonly { id: string; at: string }[]): Map<string, number> {
  const sent = [...operations].sort((a, b) => comparable(a.at).localeCompare(comparable(b.at), "en") || (a.id < b.id ? -1 : 1));
  return new Map(sent.map(({ id }, at) => [id, at + 1]));
}

/** Instants of the server have as many digits after the second as they need: `…:07Z` is before `…:07.5Z`. */
function comparable(at: string): string {
  const [whole = "", fraction = ""] = at.replace(/Z$/, "").split(".");
  return `${whole}.${fraction.padEnd(9, "0")}`;
}

export interface Sum {
  people: number;
  operations: number;
  steps: number;
  /** Steps that take something away. */
  takes: number;
  lost: number;
  moved: number;
}

export function summed(all: readonly TakenBack[]): Sum {
  const sum = (of: (one: TakenBack) => number) => all.reduce((n, one) => n + of(one), 0);
  return {
    people: new Set(all.map(({ identity }) => `${identity.tenant}/${identity.user}`)).size,
    operations: sum((one) => one.operations),
    steps: sum((one) => one.steps.length),
    takes: sum((one) => one.steps.filter((step) => step.symbol === "-").length),
    lost: sum((one) => one.lost.length),
    moved: sum((one) => one.moved.length),
  };
}

/** What a person in a site can be read back as, after it was done. */
export function readBack(one: TakenBack): "so" | "open" {
  return (one.open ?? []).length === 0 ? "so" : "open";
}
