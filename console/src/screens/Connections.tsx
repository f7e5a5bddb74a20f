// Both sides as they are connected now: what is reachable, what the credentials may, how much room is left.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { HealthCheck, Site, Tenant } from "../api";
import { useHealth, useOverview } from "../queries";
import { Ago, duration } from "../time";
import { Mark, Tag } from "../ui/marks";
import { Facts, PageHead, Panel } from "../ui/panel";
import { Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number } from "../words";

export function Connections() {
  const tenant = useTenant();
  const query = useOverview();
  const checks = useHealth().data?.checks ?? [];
  return (
    <>
      <PageHead title="Connections" sub="What Lanyard talks to, and whether it may">
        <Button size="xs" renderRoot={(props) => <Link {...props} to="/$tenant/connections/new" params={{ tenant }} />}>Connect another</Button>
      </PageHead>
      <Loaded query={query} what="the connections">
        {(data) => (
          <div className="stack">
            <div className="cols two">
              {data.tenants.filter((t) => tenant === "all" || t.id === tenant).map((t) => <OktaPanel key={t.id} tenant={t} checks={about(checks, "tenant", t.id)} />)}
              {data.sites.map((s) => <IofficePanel key={s.id} site={s} tenant={tenant} all={tenant !== "all" && data.tenants.length > 1} checks={about(checks, "site", s.id)} />)}
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}

/** Checks of an org or of a site: both may have the same name. */
const about = (checks: HealthCheck[], side: "tenant" | "site", id: string) => checks.filter((check) => check[side] === id);

function Checks({ checks }: { checks: HealthCheck[] }) {
  if (checks.length === 0) return null;
  return (
    <ul className="list">
      {checks.map((check) => (
        <li key={check.name} style={{ paddingBlock: 8 }}>
          <Mark as={check.ok ? "ok" : "failed"} label={check.ok ? "Passes" : "Fails"} />
          <div className="grow">
            <span className="title">{check.title}</span> <span className="dim small">{check.detail}</span>
            {!check.ok && check.fix && <div className="fix"><span className="dim">Fix: </span>{check.fix}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function OktaPanel({ tenant, checks }: { tenant: Tenant; checks: HealthCheck[] }) {
  return (
    <Panel title={tenant.name} end="Okta">
      <div className="body">
        <Facts rows={[
          ["Address", tenant.okta_url ? <a key="a" href={tenant.okta_url} rel="noreferrer">{tenant.okta_url}</a> : "–"],
          ["Event hook", <span key="h" className="row wrap"><Tag code={tenant.hook.state} /><span className="dim small">last delivery <Ago at={tenant.hook.last_delivery_at} /></span></span>],
          ["Log feed", tenant.feed.lag_seconds == null ? "not read yet" : `${duration(tenant.feed.lag_seconds)} behind`],
          ["Events", `${number(tenant.feed.events_total)} in all; ${number(tenant.feed.hook_only)} by hook only, ${number(tenant.feed.feed_only)} by feed only`],
          ["People", number(tenant.people)],
        ]} />
      </div>
      <Checks checks={checks} />
    </Panel>
  );
}

function IofficePanel({ site, checks, tenant, all }: { site: Site; checks: HealthCheck[]; tenant: string; all: boolean }) {
  return (
    <Panel title={site.name} end={all ? "iOffice, counted over all tenants" : "iOffice"} tone={site.writes ? undefined : "held"}>
      <div className="body">
        <Facts rows={[
          ["Address", site.ioffice_url ? <a key="a" href={site.ioffice_url} rel="noreferrer">{site.ioffice_url}</a> : "–"],
          ["Writing", <span key="w" className="row wrap"><Tag as={site.writes ? "ok" : "held"} label={site.writes ? "is written to" : "observed only"} /><Link className="small" to="/$tenant/connections/$site" params={{ tenant, site: site.id }} aria-label={`First contact with ${site.name}`}>First contact</Link></span>],
          ["Accounts", site.accounts == null ? "no complete list yet" : number(site.accounts)],
          ["Calls since start", `${number(site.budget.calls)} answered, ${number(site.budget.throttled)} throttled, ${number(site.budget.faulted)} failed`],
          ["Last comparison", site.last_sweep ? <span key="s" className="row wrap"><Tag code={site.last_sweep.certified ? "certified" : site.last_sweep.state} /><span className="dim small"><Ago at={site.last_sweep.at} /></span></span> : "none yet"],
        ]} />
      </div>
      <Checks checks={checks} />
    </Panel>
  );
}
