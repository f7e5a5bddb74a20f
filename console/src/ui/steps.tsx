import type { PlanStep } from "../api";
import { listed } from "../words";
import { StepMark } from "./marks";

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
            {listed(step.because).length > 0 && <div className="because">{listed(step.because).join("; ")}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
