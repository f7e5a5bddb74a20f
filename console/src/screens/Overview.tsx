import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { NeedsPerson, Overview as OverviewData, Site, Tenant } from "../api";
import { ALL, newestFirst, useActivity, useOverviewOf } from "../queries";
import { Ago, At, duration } from "../time";
import { Feed } from "../ui/feed";
import { CodeMark, Tag } from "../ui/marks";
import { Meter } from "../ui/meter";
import { PageHead, Panel } from "../ui/panel";
import { Later } from "../ui/rows";
import { CallSpark, lastHour, Spark, StateStrip } from "../ui/spark";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural, tone, type Tone } from "../words";
import { PutAway } from "./PutAway";
import { StopButton } from "./StopButton";

/** What needs a person comes first; then the numbers; then both sides; beside them what just happened. */
export function Overview() {
  const tenant = useTenant();
  const query = useOverviewOf(tenant);
  return (
    <>
      <PageHead title="Overview" sub={query.data && <Sub data={query.data} tenant={tenant} />}>
        {query.data && <StopButton state={query.data.state} />}
      </PageHead>
      <div>
        <Loaded query={query} what="the overview" rows={10}>
          {(data) => <Body data={data} tenant={tenant} />}
        </Loaded>
      </div>
    </>
  );
}

function Sub({ data, tenant }: { data: OverviewData; tenant: string }) {
  const one = tenant === ALL ? undefined : data.tenants[0];
  const people = data.tenants.reduce((sum, t) => sum + t.people, 0);
  return (
    <span className="row wrap">
      <Tag code={data.state} />
      <span>{number(people)} people in {one ? one.name : plural(data.tenants.length, "tenant")}, {plural(data.sites.length, "site")}</span>
    </span>
  );
}

function Body({ data, tenant }: { data: OverviewData; tenant: string }) {
  return (
    <div className="stack">
      <NeedsList items={data.needs_person} tenants={data.tenants} tenant={tenant} />
      <Stats data={data} tenant={tenant} />
      <Later room={900}><div className="cols main">
        <div className="stack">
          <Changes data={data} />
          <Environments items={data.environments} data={data} />
          <Tenants tenants={data.tenants} now={Date.parse(data.now)} />
          <Sites sites={data.sites} now={Date.parse(data.now)} alone={tenant !== ALL} />
        </div>
        <Recent tenant={tenant} />
      </div></Later>
    </div>
  );
}

const NEEDS_AT_FIRST = 3;

export function NeedsList({ items, tenants, tenant }: { items: NeedsPerson[]; tenants: Tenant[]; tenant: string }) {
  const [all, setAll] = useState(false);
  const people = tenants.reduce((sum, t) => sum + t.people, 0);
  const shownItems = all ? items : items.slice(0, NEEDS_AT_FIRST);
  const worst = items.some((i) => tone(i.severity) === "failed") ? "failed" : items.length > 0 ? "held" : "ok";
  return (
    <Panel title="Needs a person" tone={worst} end={items.length > 0 ? plural(items.length, "item") : undefined}>
      {items.length === 0 ? (
        <Empty title="Nothing needs a person">Lanyard is looking after {number(people)} people by itself.</Empty>
      ) : (
        <ul className="list" aria-live="polite">
          {shownItems.map((item) => {
            return (
              <li key={item.id}>
                <CodeMark code={item.severity} />
                <div className="grow">
                  <div className="row wrap" style={{ rowGap: 0 }}>
                    <span className="title">{item.title}</span>
                    {item.count > 1 && <span className="dim small num">×{number(item.count)}</span>}
                  </div>
                  <div className="dim" style={{ fontSize: 13 }}>{item.detail}</div>
                  {item.fix && <div className="fix"><span className="dim">Fix: </span>{item.fix}</div>}
                </div>
                <div className="small dim" style={{ textAlign: "right", flexShrink: 0 }}>
                  <Ago at={item.since} />
                  {item.identity && (
                    <div><Link to="/$tenant/people/$home/$id" params={{ tenant, home: item.identity.tenant, id: item.identity.id }} aria-label={`Open person: ${item.title}`}>Open person</Link></div>
                  )}
                  {item.closable && <PutAway id={item.id} title={item.title} />}
                </div>
              </li>
            );
          })}
          {items.length > shownItems.length && (
            <li><Button size="compact-xs" variant="default" onClick={() => setAll(true)}>Show {plural(items.length - shownItems.length, "more item")}</Button></li>
          )}
        </ul>
      )}
    </Panel>
  );
}

function Stats({ data, tenant }: { data: OverviewData; tenant: string }) {
  const { rates, work } = data;
  if (work === null || rates.applied_24h === null || rates.failed_24h === null) {
    return <div className="panel body dim">Numbers that count everybody are not shown: your role covers a part of {tenant === ALL ? "the tenants and sites" : "this tenant’s sites"}.</div>;
  }
  const tried = rates.applied_24h + rates.failed_24h;
  return (
    <div className="stats">
      <Stat to="/$tenant/activity" search={{ show: "changes" }} tenant={tenant} label="Applied, 24 h" value={number(rates.applied_24h)} note={data.spark.length > 0 ? `${number(data.spark.reduce((n, b) => n + b.applied, 0))} in the chart below` : "verified by read-back"} />
      <Stat to="/$tenant/activity" search={{ show: "problems" }} tenant={tenant} label="Failed, 24 h" value={number(rates.failed_24h)} tone={rates.failed_24h > 0 ? "failed" : undefined} note={tried > 0 ? `${((100 * rates.failed_24h) / tried).toFixed(2)} % of attempts` : "nothing was tried"} />
      <Stat to="/$tenant/plans" tenant={tenant} label="Held" value={number(rates.held)} tone={rates.held > 0 ? "held" : undefined} note={rates.held > 0 ? "wait for a time or a person" : "no holds, no approvals"} />
      <Stat label="Looking at now" value={number(work.due + work.leased)} note={`${number(work.waiting)} timed for later${work.dead > 0 ? `, ${number(work.dead)} given up` : ""}`} tone={work.dead > 0 ? "failed" : undefined} />
      <Stat label="Leavers, p99" value={data.leaver_seconds_p99 == null ? "–" : duration(data.leaver_seconds_p99)} note={data.leaver_seconds_p99 == null ? "nobody has left yet" : "until all is verified gone"} />
    </div>
  );
}

function Stat(props: { label: string; value: string; note: string; tone?: Tone; to?: string; search?: object; tenant?: string }) {
  const body = (
    <>
      <div className="label">{props.label}</div>
      <div className="value">{props.value}</div>
      <div className="note">{props.note}</div>
    </>
  );
  if (!props.to) return <div className="panel stat" data-tone={props.tone}>{body}</div>;
  return (
    <Link className="panel stat" to={props.to} params={{ tenant: props.tenant ?? ALL }} search={props.search as never} data-tone={props.tone}>
      {body}
    </Link>
  );
}

function Changes({ data }: { data: OverviewData }) {
  const minutes = lastHour(data.spark, Date.parse(data.now));
  const first = minutes[0];
  const end: ReactNode = (
    <span className="row">
      <span className="legend"><i />applied</span>
      <span className="legend"><i className="f" />failed</span>
    </span>
  );
  return (
    <Panel title="Changes" end={end}>
      <div className="body">
        <Spark buckets={minutes} />
        <div className="row small dim" style={{ justifyContent: "space-between", marginTop: 4 }}>
          {first ? <At at={first.at} seconds={false} /> : <span>no data yet</span>}
          <At at={data.now} seconds={false} />
        </div>
      </div>
    </Panel>
  );
}

type Environment = OverviewData["environments"][number];

const STANDING: Record<Environment["state"], { label: string; tone: Tone }> = {
  in_step: { label: "in step", tone: "ok" },
  unproven: { label: "not proven", tone: "held" },
  observed: { label: "observed only", tone: "info" },
  degraded: { label: "calls fail", tone: "held" },
  throttled: { label: "throttled", tone: "held" },
  down: { label: "down", tone: "failed" },
  silent: { label: "log is silent", tone: "failed" },
  refused: { label: "credential refused", tone: "failed" },
  stopped: { label: "stopped", tone: "held" },
};

const lag = (ms: number | null) => (ms === null ? "–" : ms < 1_000 ? `${ms} ms` : duration(ms / 1_000));

/** Each tenant in each site: how it stands and why, how far behind it is, how its calls went. */
function Environments({ items, data }: { items: Environment[]; data: OverviewData }) {
  const now = Date.parse(data.now);
  return (
    <Panel title="Environments" end="a tenant's people in a site">
      {items.length === 0 && <Empty title="No environment yet">They appear when the first people are tied to their accounts.</Empty>}
      <div className="scroll" tabIndex={0} role="region" aria-label="Table of environments" hidden={items.length === 0}>
        <table className="table">
          <thead><tr><th>Tenant and site</th><th>Standing</th><th className="r">People</th><th className="r">Lag p50</th><th className="r">p95</th><th className="r">Open</th><th className="r">Last hour</th></tr></thead>
          <tbody>
            {items.map((e) => {
              const minutes = data.sites.find((site) => site.id === e.site)?.calls ?? [];
              return (
                <tr key={`${e.tenant}/${e.site}`}>
                  <td><span style={{ fontWeight: 560 }}>{e.tenant}</span> <span className="dim">→ {e.site}</span></td>
                  <td><Tag as={STANDING[e.state].tone} label={STANDING[e.state].label} />{e.state === "in_step" ? <span className="hidden-text">{e.why}</span> : <div className="dim small">{e.why}</div>}</td>
                  <td className="r num">{number(e.people)}</td>
                  <td className="r num" title={e.changes > 0 ? `of the newest ${plural(e.changes, "change")}, from signal to read-back` : "no change since the start"}>{lag(e.lag_p50_ms)}</td>
                  <td className="r num">{lag(e.lag_p95_ms)}</td>
                  <td className="r num">{number(e.open)}</td>
                  <td className="r num"><StateStrip minutes={minutes} now={now} /></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Quotas({ quotas }: { quotas: Tenant["quotas"] }) {
  // The fullest first: it is what stops the rest.
  const tight = [...quotas].sort((a, b) => a.remaining / a.limit - b.remaining / b.limit).slice(0, 2);
  return <>{tight.map((q) => <div key={q.bucket} style={{ minWidth: 120 }}><Meter label={`Quota of ${q.bucket}`} value={q.limit - q.remaining} max={q.limit} /><div className="dim small num">{q.bucket}: {number(q.limit - q.remaining)} of {number(q.limit)}</div></div>)}</>;
}

function Tenants({ tenants, now }: { tenants: Tenant[]; now: number }) {
  return (
    <Panel title="Okta tenants">
      {tenants.length === 0 && <Empty title="No tenant here">Connect an Okta org under Connections.</Empty>}
      <div className="scroll" tabIndex={0} role="region" aria-label="Okta tenants" hidden={tenants.length === 0}>
        <table className="table">
          <thead><tr><th>Tenant</th><th className="r">People</th><th>Hook</th><th>Log feed and events</th><th>Quota, now</th><th className="r">Calls, last hour</th></tr></thead>
          <tbody>
            {tenants.map((t) => (
              <tr key={t.id}>
                <td><div style={{ fontWeight: 560 }}>{t.name}</div><div className="dim small">{host(t.okta_url)}</div></td>
                <td className="r num">{number(t.people)}</td>
                <td><Tag code={t.hook.state} /><div className="dim small">last <Ago at={t.hook.last_delivery_at} /></div></td>
                <td className="num">{t.feed.lag_seconds == null ? "–" : `${duration(t.feed.lag_seconds)} behind`}<div className="dim small">polled <Ago at={t.feed.last_poll_at} /></div><div className="dim small" title="Events that only the hook, or only the log feed, brought">{plural(t.feed.events_total, "event")}: {number(t.feed.hook_only)} by hook only, {number(t.feed.feed_only)} by feed only</div></td>
                <td><Quotas quotas={t.quotas} /></td>
                <td className="r num"><CallSpark minutes={t.calls} now={now} /><div className="dim small">{refused(t.budget)}</div></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

const refused = (budget: { throttled: number; faulted: number }) => (budget.throttled + budget.faulted === 0 ? "none refused" : `${number(budget.throttled)} throttled, ${number(budget.faulted)} failed since start`);

/** How much of what we allow ourselves the last whole minute used, and the busiest one of the hour. */
function Used({ site, now }: { site: Site; now: number }) {
  const limit = site.budget.per_second;
  if (limit == null || limit <= 0) return <span className="dim small">no limit of ours</span>;
  const count = (m: Site["calls"][number]) => m.answered + m.throttled + m.faulted;
  const minute = (at: number) => Math.floor(at / 60_000);
  const last = site.calls.find((m) => minute(Date.parse(m.at)) === minute(now) - 1);
  const busiest = Math.max(0, ...site.calls.map(count));
  const max = Math.round(60 * limit);
  return <div style={{ minWidth: 120 }}><Meter label={`Calls to ${site.name} in the last minute`} value={last ? count(last) : 0} max={max} /><div className="dim small num">{number(last ? count(last) : 0)} of {number(max)} a minute; busiest {number(busiest)}</div></div>;
}

/** `alone`: of one tenant, whose people may share a site with others: its accounts and calls are those of all of them. */
function Sites({ sites, now, alone }: { sites: Site[]; now: number; alone: boolean }) {
  return (
    <Panel title="iOffice sites" end={alone && sites.length > 0 ? "accounts and calls of each site as a whole" : undefined}>
      {sites.length === 0 && <Empty title={alone ? "In no site yet" : "No site yet"}>{alone ? "None of this tenant’s people has an account in a site." : "Connect an iOffice site under Connections."}</Empty>}
      <div className="scroll" tabIndex={0} role="region" aria-label="iOffice sites" hidden={sites.length === 0}>
        <table className="table">
          <thead><tr><th>Site</th><th className="r">Accounts</th><th>Budget, last minute</th><th className="r">Calls, last hour</th><th>Last sweep</th><th className="r">Drift</th></tr></thead>
          <tbody>
            {sites.map((s) => (
              <tr key={s.id}>
                <td><div style={{ fontWeight: 560 }}>{s.name}</div><div className="dim small">{host(s.ioffice_url)}</div></td>
                <td className="r num">{s.accounts == null ? "–" : number(s.accounts)}</td>
                <td><Used site={s} now={now} /></td>
                <td className="r num">
                  <CallSpark minutes={s.calls} now={now} />
                  <div className="dim small">{refused(s.budget)}</div>
                </td>
                <td>{s.last_sweep ? <><Tag code={s.last_sweep.certified ? "certified" : s.last_sweep.state} /><div className="dim small"><Ago at={s.last_sweep.at} /></div></> : <span className="dim">none yet</span>}</td>
                <td className="r num">{s.last_sweep ? number(s.last_sweep.drift) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Recent({ tenant }: { tenant: string }) {
  const query = useActivity(tenant, { limit: 14 });
  return (
    <Panel title="Just now" end={<Link to="/$tenant/activity" params={{ tenant }}>All activity</Link>}>
      <Loaded query={query} what="activity">
        {(data) => {
          const items = newestFirst(data.pages).slice(0, 9);
          return items.length > 0 ? <Feed items={items} tight /> : <Empty title="Nothing has happened yet">The first events appear here as they arrive.</Empty>;
        }}
      </Loaded>
    </Panel>
  );
}

function host(url: string | null): string {
  if (url === null) return "";
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
