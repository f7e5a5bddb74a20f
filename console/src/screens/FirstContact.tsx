// A site before it is written to: who is whose, how surely, what the first writes would do, the limits; then go live.
import { Button, TextInput } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, calls, type Schemas } from "../api";
import { queryClient, useMay } from "../queries";
import { duration } from "../time";
import { Mark, Tag } from "../ui/marks";
import { Facts, PageHead, Panel } from "../ui/panel";
import { NeedsRole } from "../ui/role";
import { Loaded } from "../ui/states";
import { number, plural } from "../words";

type Match = Schemas["SiteMatch"];

export function FirstContact() {
  const { tenant, site } = useParams({ from: "/$tenant/connections/$site" });
  const may = useMay("audit", true);
  const query = useQuery({ queryKey: ["site-match", site], queryFn: () => calls.get<Match>(`/sites/${encodeURIComponent(site)}/match`), enabled: may === true, staleTime: Infinity, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false, placeholderData: undefined });
  if (may === false) return <NeedsRole title={`First contact with ${site}`} role="auditor, for all tenants and sites" />;
  return (
    <>
      <Link to="/$tenant/connections" params={{ tenant }} className="row small" style={{ width: "fit-content" }}><IconArrowLeft size={14} aria-hidden /> Connections</Link>
      <PageHead title={`First contact with ${site}`} sub={query.data && (query.data.writes ? <Tag as="ok" label="is written to" /> : <Tag as="held" label="observed only" />)}>
        <Button size="xs" variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>Read again</Button>
      </PageHead>
      <Loaded query={query} what="both sides" rows={10} slow="Everybody is read on both sides and compared. A large site takes a minute.">
        {(data) => (
          <div className="cols main">
            <div className="stack">
              <Whose data={data} />
              {data.unsure_pairs.length > 0 && <Panel title="Pairs to look at" end={`${number(data.unsure)} under 90 %`}><Pairs pairs={data.unsure_pairs} tenant={tenant} /></Panel>}
              {data.disputes.length > 0 && (
                <Panel title="Disputed" tone="held" end={plural(data.disputed, "person", "people")}>
                  <ul className="list">{data.disputes.map((d) => <li key={d.identity.user}><Mark as="held" label="Disputed" /><div className="grow"><Link data-row className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: d.identity.tenant, id: d.identity.user }}>{d.person}</Link><div className="dim" style={{ fontSize: 13 }}>{d.why}</div>{d.candidates.map((c) => <div key={c.account_name} className="small dim">{c.confidence} % {c.account_name}: {c.evidence.join("; ")}</div>)}</div></li>)}</ul>
                </Panel>
              )}
              <Names title="People without an account: each would get one" all={data.unlinked} shown={data.unlinked_people} />
              <Names title="Accounts of nobody in Okta: they are left alone" all={data.orphans} shown={data.orphan_accounts} />
            </div>
            <div className="stack">
              <Writes data={data} />
              <GoLive data={data} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Whose({ data }: { data: Match }) {
  const rows: [string, number, string][] = [["Matched", data.matched, `${number(data.matched - data.unsure)} of them surely`], ["Disputed", data.disputed, "nothing is done for them"], ["Without an account", data.unlinked, "one is made"], ["Of nobody", data.orphans, "left alone"]];
  return (
    <>
      <div className="stats four">{rows.map(([label, count, note]) => <div key={label} className="panel stat"><div className="label">{label}</div><div className="value">{number(count)}</div><div className="note">{note}</div></div>)}</div>
      <p className="dim small">{number(data.people)} people in Okta, {number(data.accounts)} accounts here, both read just now.</p>
      {data.doubts.map((doubt) => <div key={doubt} className="small row"><Mark as="held" label="Not proven complete" />{doubt}</div>)}
    </>
  );
}

function Pairs({ pairs, tenant }: { pairs: Match["unsure_pairs"]; tenant: string }) {
  return (
    <ul className="list">
      {pairs.map((pair) => (
        <li key={pair.identity.user} style={{ paddingBlock: 7 }}>
          <span className="num" style={{ width: 42 }}>{pair.confidence} %</span>
          <div className="grow"><Link data-row className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: pair.identity.tenant, id: pair.identity.user }}>{pair.person}</Link> <span className="dim">= {pair.account_name}</span><div className="small dim">for: {pair.evidence.join("; ") || "nothing"}{pair.against.length > 0 && `. Against: ${pair.against.join("; ")}`}</div></div>
        </li>
      ))}
    </ul>
  );
}

function Names({ title, all, shown }: { title: string; all: number; shown: string[] }) {
  if (all === 0) return null;
  return <Panel title={title} end={number(all)}><div className="body small">{shown.join(", ")}{all > shown.length && ` and ${number(all - shown.length)} more`}</div></Panel>;
}

function Writes({ data }: { data: Match }) {
  const w = data.first_writes;
  const rows: [string, number, boolean?][] = [["Accounts made", w.accounts_made], ["Records changed", w.records_changed], ["Seats moved", w.seats_moved], ["Seats taken", w.seats_taken, true], ["Roles added", w.roles_added], ["Roles taken", w.roles_taken, true], ["Accounts ended", w.accounts_ended, true]];
  return (
    <Panel title="What the first writes would do">
      <div className="body">
        <Facts rows={[...rows.map(([name, count, takes]) => [name, <span key={name} className="num" style={takes && count > 0 ? { color: "var(--failed-fg)", fontWeight: 600 } : undefined}>{number(count)}</span>] as [string, React.ReactNode]), ["Kept as they are", `${number(w.accounts_kept_as_they_are)} accounts, ${number(w.seats_kept)} seats, ${number(w.roles_kept)} roles`]]} />
      </div>
    </Panel>
  );
}

function GoLive({ data }: { data: Match }) {
  const may = useMay("own", true);
  const [reason, setReason] = useState("");
  const l = data.limits;
  const going = useMutation({
    mutationFn: () => calls.post<Schemas["SignedOff"]>(`/sites/${encodeURIComponent(data.site)}/sign-off`, { reason: reason.trim() }),
    onSuccess: async (said) => {
      // Both sides need not be read again for one flag.
      queryClient.setQueryData<Match>(["site-match", data.site], (known) => known && { ...known, writes: said.writes });
      await queryClient.invalidateQueries({ queryKey: ["overview"] });
    },
  });
  return (
    <Panel title="Limits, then live" tone={data.writes ? "ok" : "held"}>
      <div className="body stack">
        <Facts rows={[["Lose something at most", [l.max_people != null && plural(l.max_people, "person", "people"), l.max_percent != null && `${l.max_percent} %`].filter(Boolean).join(" or ") + ` within ${duration(l.window_seconds)}`], ["A list shorter by", `${l.shrink_percent_max} % is doubted`], ["Absence", l.certificate_required ? "needs proof" : "is believed"]]} />
        <p className="dim small">What goes beyond waits under Approvals. The limits are the policy's <span className="mono">[guardrails]</span>.</p>
        {data.writes ? <p><Mark as="ok" label="Live" /> {data.site} is written to.</p> : data.observe_only ? <p className="dim">The whole installation observes: take <span className="mono">observe_only</span> out of lanyard.toml and restart.</p> : may === false ? <p className="dim small">Going live needs the role owner.</p> : (
          <form className="stack" onSubmit={(e) => { e.preventDefault(); going.mutate(); }}>
            <TextInput label="Why now" description="Goes into the journal with your name" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} autoComplete="off" />
            {going.error && <div className="failure" role="alert"><div><b>Still observed only.</b> {going.error.message}. {going.error instanceof ApiError && going.error.fix}</div></div>}
            <div><Button type="submit" disabled={reason.trim() === ""} loading={going.isPending}>Write to {data.site} from now on</Button></div>
          </form>
        )}
      </div>
    </Panel>
  );
}
