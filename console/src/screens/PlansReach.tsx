// How far the plans of the last day reach, site by site, against the limit on removals.
import { useQuery } from "@tanstack/react-query";
import { calls, type Schemas } from "../api";
import { ALL, useOverview } from "../queries";
import { At } from "../time";
import { Meter } from "../ui/meter";
import { Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { number, plural } from "../words";

type Site = Schemas["PlanReach"]["sites"][number];

export function PlansReach({ tenant }: { tenant: string }) {
  const tenants = useOverview().data?.tenants.length ?? 0;
  const query = useQuery({ queryKey: ["plans-reach"], queryFn: () => calls.get<Schemas["PlanReach"]>("/plans/reach"), refetchInterval: 20_000 });
  return (
    <Panel title={tenant !== ALL && tenants > 1 ? "Reach of the last day, all tenants" : "Reach of the last day"} end={query.data && <>since <At at={query.data.since} seconds={false} />{!query.data.whole && ", the newest 2,000 plans"}</>}>
      <Loaded query={query} what="the reach" rows={2}>
        {(data) => (data.sites.length === 0 ? <Empty title="Nothing was planned in the last day" /> : (
          <div className="scroll" tabIndex={0} role="region" aria-label="Reach by site">
            <table className="table">
              <thead><tr><th>Site</th><th className="r">People</th><th className="r">Losing</th><th className="r">Floors</th><th>Limit on removals</th></tr></thead>
              <tbody>{data.sites.map((site) => <Row key={site.site} site={site} />)}</tbody>
            </table>
          </div>
        ))}
      </Loaded>
    </Panel>
  );
}

function Row({ site }: { site: Site }) {
  const share = site.of ? (100 * site.people) / site.of : undefined;
  return (
    <tr>
      <td><div style={{ fontWeight: 560 }}>{site.site}</div><div className="dim small">{plural(site.plans, "plan")}</div></td>
      <td className="r num">{number(site.people)}{share !== undefined && <div className="dim small">{share < 10 ? share.toFixed(1) : Math.round(share)} % of {number(site.of!)}</div>}</td>
      <td className="r num">{number(site.losing)}{site.summary.held > 0 && <div className="dim small">{number(site.summary.held)} held</div>}</td>
      <td className="r num">{number(site.floors)}</td>
      <td>
        {site.removals_max === null ? <span className="dim">none set</span> : (
          <>
            <Meter label={`Removals in ${site.site}`} value={site.removals_used} max={site.removals_max} />
            <div className="dim small num">{plural(site.removals_used, "person", "people")} of {number(site.removals_max)} in {Math.round(site.window_seconds / 3600)} h</div>
          </>
        )}
      </td>
    </tr>
  );
}
