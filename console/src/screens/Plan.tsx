import { IconArrowLeft } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import type { Symbol } from "../api";
import { usePlan } from "../queries";
import { At } from "../time";
import { Summary, Tag } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { Steps, summarise } from "../ui/steps";
import { plural } from "../words";

const GROUPS: [Symbol, string][] = [["-", "Taken back"], ["=", "Held"], [">", "Moved"], ["~", "Changed"], ["+", "Added"]];

/** One plan, removals first: what takes something away is what a reader must not miss. */
export function PlanPage() {
  const { tenant, planId } = useParams({ from: "/$tenant/plans/$planId" });
  const query = usePlan(planId);
  return (
    <>
      <Link to="/$tenant/plans" params={{ tenant }} className="row small" style={{ width: "fit-content" }}>
        <IconArrowLeft size={14} aria-hidden /> Plans
      </Link>
      <Loaded query={query} what="this plan">
        {(plan) => (
          <div className="stack">
            <PageHead title={plan.person ? `Plan for ${plan.person}` : "Plan"} sub={<span className="row wrap">{plan.state && <Tag code={plan.state} />}{plan.at && <At at={plan.at} />}</span>}>
              {plan.identity && plan.tenant && <Link to="/$tenant/people/$home/$id" params={{ tenant, home: plan.tenant, id: plan.identity }}>Open person</Link>}
            </PageHead>
            <div className="panel body row wrap" style={{ gap: 16 }}>
              <Summary summary={summarise(plan)} />
              <span className="grow" />
              <span className="mono dim">{plan.id}</span>
            </div>
            {plan.steps.length === 0 && <div className="panel"><Empty title="Nothing to change">Everything was as policy says when this plan was made.</Empty></div>}
            {GROUPS.map(([symbol, title]) => {
              const steps = plan.steps.filter((s) => s.symbol === symbol);
              return steps.length > 0 && <Panel key={symbol} title={title} end={plural(steps.length, "step")}><Steps steps={steps} /></Panel>;
            })}
          </div>
        )}
      </Loaded>
    </>
  );
}
