import { Button } from "@mantine/core";
import { IconArrowLeft, IconPrinter } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import type { Plan, Symbol } from "../api";
import { usePlan } from "../queries";
import { At } from "../time";
import { Summary, Tag } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { PrintLine } from "../ui/print";
import { Empty, Loaded } from "../ui/states";
import { Notes, Steps, summarise } from "../ui/steps";
import { plural, words } from "../words";
import { SealPage } from "./sealed/SealPage";
import { numbered } from "./undo/scope";
import { UndoLink } from "./undo/UndoLink";

const GROUPS: [Symbol, string][] = [["*", "To do by hand"], ["-", "Taken back"], ["=", "Held"], [">", "Moved"], ["~", "Changed"], ["+", "Added"]];

/** One plan, removals first: what takes something away is what a reader must not miss. */
export function PlanPage() {
  const { tenant, planId } = useParams({ from: "/$tenant/plans/$planId" });
  return (
    <>
      <Link to="/$tenant/plans" params={{ tenant }} className="row small no-print" style={{ width: "fit-content" }}>
        <IconArrowLeft size={14} aria-hidden /> Plans
      </Link>
      <PrintLine />
      {planId.startsWith("wif_") ? <SealPage key={planId} seal={planId} tenant={tenant} /> : <OnePerson key={planId} tenant={tenant} planId={planId} />}
    </>
  );
}

function OnePerson({ tenant, planId }: { tenant: string; planId: string }) {
  const query = usePlan(planId);
  return (
      <Loaded query={query} what="this plan">
        {(plan) => (
          <div className="stack">
            <PageHead title={plan.person ? `Plan for ${plan.person}` : "Plan"} sub={<span className="row wrap">{plan.lane && <Tag as="off" label={words(plan.lane)} />}{plan.at && <At at={plan.at} />}</span>}>
              <Button className="no-print" size="xs" variant="default" leftSection={<IconPrinter size={14} aria-hidden />} onClick={() => window.print()}>Print</Button>
              {plan.id && succeeded(plan).length > 0 && <UndoLink search={{ plan: plan.id }} />}
              {plan.identity && <Link to="/$tenant/people/$home/$id" params={{ tenant, home: plan.identity.tenant, id: plan.identity.id }}>Open person</Link>}
            </PageHead>
            <div className="panel body row wrap" style={{ gap: 16 }}>
              <Summary summary={summarise(plan)} />
              <span className="grow" />
              <span className="mono dim">{plan.id}</span>
            </div>
            {plan.steps.length === 0 && <div className="panel"><Empty title="Nothing to change">Everything was as policy says when this plan was made.</Empty></div>}
            {(plan.notes ?? []).length > 0 && <Panel title="Worth knowing"><Notes notes={plan.notes} /></Panel>}
            {GROUPS.map(([symbol, title]) => {
              const steps = plan.steps.filter((s) => s.symbol === symbol);
              return steps.length > 0 && <Panel key={symbol} title={title} end={plural(steps.length, "step")}><Steps steps={steps} /></Panel>;
            })}
            <Operations plan={plan} />
          </div>
        )}
      </Loaded>
  );
}

/** The kept outcome lies within a record that also says when; older records are the outcome itself. */
function outcomeOf(kept: unknown): string | undefined {
  const inner = (kept as { outcome?: unknown } | null)?.outcome;
  if (typeof inner === "string") return inner;
  const deeper = (inner as { outcome?: unknown } | undefined)?.outcome;
  return typeof deeper === "string" ? deeper : undefined;
}

/** What was accepted can be taken back. */
const succeeded = (plan: Plan) => (plan.operations ?? []).filter((o) => ["done", "already"].includes(outcomeOf(o.outcome) ?? ""));

function Operations({ plan }: { plan: Plan }) {
  const operations = plan.operations ?? [];
  const number = numbered(operations);
  const back = new Set(succeeded(plan).map((o) => o.id));
  if (operations.length === 0) return null;
  return (
    <Panel title="What was sent" end={plural(operations.length, "operation")}>
      <div className="scroll">
        <table className="table">
          <thead><tr><th>Operation</th><th>Outcome</th><th>Sent</th><th>Id</th><th className="no-print"><span className="hidden-text">Take back</span></th></tr></thead>
          <tbody>
            {operations.map((o) => {
              const outcome = outcomeOf(o.outcome);
              return (
                <tr key={o.id}>
                  <td>{words(o.operation.op)}</td>
                  <td>{outcome ? <Tag code={outcome} /> : <span className="dim">not known yet</span>}</td>
                  <td><At at={o.at} /></td>
                  <td className="mono dim">{o.id}</td>
                  <td className="r no-print">{plan.id && operations.length > 1 && back.has(o.id) && <UndoLink small search={{ plan: plan.id, operation: number.get(o.id) }} describe={`Take back: ${words(o.operation.op)}, operation ${number.get(o.id)}`} />}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
