import type { Plan, PlanStep, PlanSummary, Symbol } from "../api";
import { listed } from "../words";
import { StepMark } from "./marks";

/** Counts the steps of a plan that came without a summary. */
export function summarise(plan: Plan): PlanSummary {
  const count = (symbol: Symbol) => plan.steps.filter((s) => s.symbol === symbol).length;
  return plan.summary ?? { add: count("+"), change: count("~"), remove: count("-"), move: count(">"), held: count("=") };
}

export function Steps({ steps }: { steps: PlanStep[] }) {
  return (
    <ol className="steps">
      {steps.map((step, i) => (
        // A plan is immutable, so a step's place names it.
        <li key={i}>
          <StepMark symbol={step.symbol} />
          <div>
            <div style={{ fontWeight: 560 }}>{step.what}</div>
            {step.detail && <div className="dim" style={{ fontSize: 13 }}>{step.detail}</div>}
            {step.gate && <div style={{ fontSize: 13, color: "var(--held-fg)" }}>{step.gate}</div>}
            {listed(step.because).length > 0 && <div className="because">{listed(step.because).join("; ")}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Sentences worth reading beside the steps: drift left alone, problems. */
export function Notes({ notes }: { notes?: string[] }) {
  if (!notes || notes.length === 0) return null;
  return <ul className="body dim" style={{ fontSize: 13, borderTop: "1px solid var(--line)" }}>{notes.map((note) => <li key={note}>{note}</li>)}</ul>;
}
