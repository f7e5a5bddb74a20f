// One line of the activity in full: the steps around it, the fields that changed, and what to do next.
import { Button, CloseButton, SegmentedControl } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, calls, type ActivityItem, type Schemas } from "../api";
import { queryClient, useMay } from "../queries";
import { Ago, At, duration } from "../time";
import { CodeMark, Mark, StepMark, Tag } from "../ui/marks";
import { useInUrl } from "../ui/in_url";
import { Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { lineCode, lineTitle, listed, operation, tone, words } from "../words";

type Told = Schemas["ActivityTrail"];
type Tab = "steps" | "fields" | "next";

export function Trail({ line, tenant, close }: { line: string; tenant: string; close: () => void }) {
  const [home, seq] = [line.slice(0, line.lastIndexOf("/")), line.slice(line.lastIndexOf("/") + 1)];
  const query = useQuery({ queryKey: ["activity-line", home, seq], queryFn: () => calls.get<Told>(`/activity/${encodeURIComponent(home)}/${encodeURIComponent(seq)}`), placeholderData: undefined, refetchInterval: 10_000 });
  const [inUrl, setTab] = useInUrl<Tab>("tab");
  const tab = inUrl ?? "steps";
  return (
    <div className="sticky">
      <Panel title={query.data?.line.person ?? "One line"} end={<CloseButton size="sm" aria-label="Close the details" onClick={close} />}>
        <div className="body" style={{ paddingBottom: 4 }}>
          <SegmentedControl size="xs" fullWidth aria-label="Details" value={tab} onChange={(value) => setTab(value === "steps" ? undefined : (value as Tab))} data={[{ value: "steps", label: "Steps" }, { value: "fields", label: "Changed fields" }, { value: "next", label: "What to do next" }]} />
        </div>
        <Loaded query={query} what="the line" rows={6}>
          {(data) => (tab === "steps" ? <Steps data={data} tenant={tenant} /> : tab === "fields" ? <Fields data={data} tenant={tenant} /> : <Next data={data} tenant={tenant} />)}
        </Loaded>
      </Panel>
    </div>
  );
}

const SOURCES: Record<string, string> = { hook: "Okta's event hook", feed: "Okta's log", sweep: "a complete comparison", timer: "a date that arrived", person: "somebody who asked", scim: "a SCIM push" };

function Steps({ data, tenant }: { data: Told; tenant: string }) {
  const begun = Date.parse(data.raised?.at ?? data.trail[0]?.at ?? data.line.at);
  const after = (at: string) => `+${duration(Math.max(0, (Date.parse(at) - begun) / 1000))}`;
  return (
    <ol className="list feed">
      {data.raised && (
        <li><span className="at"><At at={data.raised.at} /></span><Mark as="info" label="Signal" /><div className="grow"><div className="title">Attention raised by {SOURCES[data.raised.source] ?? words(data.raised.source).toLowerCase()}</div></div></li>
      )}
      {data.trail.map((one) => {
        const item = one as ActivityItem;
        return (
          <li key={one.seq} data-chosen={one.seq === data.line.seq || undefined} className="choice" aria-current={one.seq === data.line.seq ? "true" : undefined}>
            <span className="at"><At at={one.at} /></span>
            <CodeMark code={lineCode(item)} />
            <div className="grow">
              <div className="title">{lineTitle(item)}</div>
              {one.detail && <div className="dim small">{one.detail}</div>}
              {item.data?.ms != null && <div className="dim small num">the call took {item.data.ms} ms</div>}
            </div>
            <span className="small dim num">{after(one.at)}</span>
          </li>
        );
      })}
      {data.plan && <li><span className="grow" /><Link to="/$tenant/plans/$planId" params={{ tenant, planId: data.plan.id }}>Open the plan</Link></li>}
    </ol>
  );
}

const outcomeOf = (kept: unknown): string | undefined => {
  const inner = (kept as { outcome?: unknown } | null)?.outcome;
  return typeof inner === "string" ? inner : (inner as { outcome?: string } | undefined)?.outcome;
};

function Fields({ data }: { data: Told; tenant: string }) {
  if (!data.plan || data.plan.steps.length === 0) return <Empty title="Nothing was changed by this">{data.line.kind === "signal" ? "A signal only raises attention: the look that follows decides." : "This line is about no plan."}</Empty>;
  return (
    <>
      <table className="table" style={{ tableLayout: "fixed" }}>
        <thead><tr><th style={{ width: "44%" }}>Field</th><th>Before and after</th></tr></thead>
        <tbody>
          {data.plan.steps.map((step, at) => (
            <tr key={at} style={{ verticalAlign: "top" }}>
              <td><div className="row" style={{ gap: 6 }}><StepMark symbol={step.symbol} /><span style={{ minWidth: 0 }}>{step.what}</span></div></td>
              <td>
                <div>{step.from && <><span className="dim">{step.from}</span>{" → "}</>}<span>{step.to ?? (step.symbol === "*" ? step.detail : "–")}</span></div>
                {listed(step.because).length > 0 && <div className="because">{listed(step.because).join("; ")}</div>}
                {step.gate && <div className="small" style={{ color: "var(--held-fg)" }}>{step.gate}</div>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.plan.operations.length > 0 && (
        <ul className="list" style={{ borderTop: "1px solid var(--line)" }}>
          {data.plan.operations.map((one) => {
            const outcome = outcomeOf(one.outcome);
            return <li key={one.id}><Tag code={outcome ?? "waiting"} label={operation((one.operation as { op: string }).op, outcome ?? "under way")} /><span className="grow" /><span className="small dim mono">{one.id}</span></li>;
          })}
        </ul>
      )}
    </>
  );
}

function Next({ data, tenant }: { data: Told; tenant: string }) {
  const may = useMay("operate");
  const who = data.line.identity;
  const look = useMutation({
    mutationFn: () => api.look(who!.tenant, who!.id),
    onSettled: () => queryClient.invalidateQueries({ predicate: (query) => ["activity", "activity-line"].includes(String(query.queryKey[0])) }),
  });
  return (
    <>
      {data.next.length === 0 ? <Empty title="Nothing">Nothing waits for anybody here.</Empty> : (
        <ul className="list">
          {data.next.map((step, at) => (
            <li key={at}>
              <Mark as={step.code === "nothing" ? "ok" : step.approval || step.code === "later" ? "held" : tone(step.code) === "info" ? "drift" : tone(step.code)} label={words(step.code)} />
              <div className="grow">
                <div className="title">{step.text}</div>
                {step.fix && <div className="fix"><span className="dim">Fix: </span>{step.fix}</div>}
                {step.approval && <Link to="/$tenant/approvals" params={{ tenant }} search={{ id: step.approval }}>Open the request</Link>}
              </div>
              {step.at && <span className="small dim"><Ago at={step.at} /></span>}
            </li>
          ))}
        </ul>
      )}
      {who && (
        <div className="body row wrap">
          <Link to="/$tenant/people/$home/$id" params={{ tenant, home: who.tenant, id: who.id }}>Open person</Link>
          <span className="grow" />
          {may && <Button size="xs" variant="default" loading={look.isPending} onClick={() => look.mutate()}>Look at them again</Button>}
          {look.isSuccess && <span role="status" className="small dim">Asked for.</span>}
          {look.error && <span role="alert" className="small wrong">Not asked for: {look.error.message}</span>}
        </div>
      )}
    </>
  );
}
