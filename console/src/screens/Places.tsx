// The stacking view: each building as its floors, top floor first, each floor as wide as it has seats.
import { Switch } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FloorNumbers, Places as PlacesData } from "../api";
import { useMay, usePlaces } from "../queries";
import { Ago } from "../time";
import { PageHead, Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural } from "../words";

export function Places() {
  const query = usePlaces();
  const tenant = useTenant();
  const audit = useMay("audit", true);
  const { full } = useSearch({ from: "/$tenant/places" });
  const navigate = useNavigate({ from: "/$tenant/places" });
  const seats = query.data && sum(query.data);
  return (
    <>
      <PageHead title="Places" sub={seats && `${plural(seats.taken, "seat")} taken of ${number(seats.capacity)}${seats.orphaned > 0 ? `, ${number(seats.orphaned)} by accounts of nobody we know` : ""}`}>
        <Switch size="sm" label="Only floors with something to see to" checked={full === true} onChange={(e) => void navigate({ search: { full: e.currentTarget.checked || undefined }, replace: true })} />
      </PageHead>
      <Loaded query={query} what="the places" rows={12}>
        {(data) => (
          <div className="stack">
            {data.sites.length === 0 && <div className="panel"><Empty title="No site here">Your role covers no iOffice site, or none is set up.</Empty></div>}
            {data.sites.map((site) => (
              <div key={site.id} className="stack">
                {(data.sites.length > 1 || audit) && (
                  <div className="row wrap">
                    {data.sites.length > 1 && <h2>{site.id} <span className="dim small">read <Ago at={site.read_at} /></span></h2>}
                    <span className="grow" />
                    {audit && <Link className="small tap" to="/$tenant/evidence/access" params={{ tenant }} search={{ site: site.id }}>Who held what in {site.id}, on a date</Link>}
                  </div>
                )}
                {site.buildings.length === 0 && <div className="panel"><Empty title="No building was read yet">See Health: the service account may lack the right to read places.</Empty></div>}
                {site.buildings.map((building) => {
                  const floors = stacked(building.floors).filter((floor) => !full || floor.orphaned + floor.over_capacity > 0);
                  return (
                    <Panel key={building.id} title={building.name} end={`${plural(building.floors.length, "floor")}, ${number(total(building.floors, "taken"))} of ${number(total(building.floors, "capacity"))} seats`}>
                      {floors.length === 0 ? <Empty title={full ? "Nothing to see to in this building" : "No floors"}>{full ? "No seat is held by an account of nobody we know, and no space by too many." : ""}</Empty> : <Stack site={site.id} floors={floors} widest={widest(data)} />}
                    </Panel>
                  );
                })}
              </div>
            ))}
          </div>
        )}
      </Loaded>
    </>
  );
}

function Stack({ site, floors, widest }: { site: string; floors: FloorNumbers[]; widest: number }) {
  const tenant = useTenant();
  return (
    <ul className="stacking">
      {floors.map((floor) => {
        const known = floor.taken - floor.orphaned;
        const share = (n: number) => `${(100 * n) / Math.max(1, widest)}%`;
        const free = Math.max(0, floor.capacity - floor.taken);
        return (
          <li key={floor.id}>
            <Link data-row to="/$tenant/places/$site/$floor" params={{ tenant, site, floor: floor.id }} className="storey">
              <span className="name">{floor.name}</span>
              <span className="slab" aria-hidden>
                <i className="known" style={{ width: share(known) }} />
                <i className="orphaned" style={{ width: share(floor.orphaned) }} />
                <i className="free" style={{ width: share(free) }} />
              </span>
              <span className="counts num">
                {floor.capacity === 0 ? <span className="dim">no seats</span> : <>{number(floor.taken)} of {number(floor.capacity)}</>}
                {floor.orphaned > 0 && <span className="tag" data-fill="drift"><span aria-hidden>≠</span>{floor.orphaned} orphaned</span>}
                {floor.over_capacity > 0 && <span className="tag" data-fill="failed"><span aria-hidden>!</span>{plural(floor.over_capacity, "space")} over</span>}
              </span>
            </Link>
          </li>
        );
      })}
      <li className="small dim row wrap legendline">
        <span className="legend"><i />taken</span><span className="legend"><i className="o" />by nobody we know</span><span className="legend"><i className="e" />free</span>
      </li>
    </ul>
  );
}

/** Top floor first: numbers in names count as numbers, `Ground` is 0, basements are below. */
export function stacked(floors: FloorNumbers[]): FloorNumbers[] {
  const level = (name: string) => {
    const n = Number(name.match(/-?\d+/)?.[0] ?? (/ground|lobby|erdgeschoss|rez/i.test(name) ? 0 : NaN));
    return /basement|lower|untergeschoss/i.test(name) ? -Math.abs(Number.isNaN(n) ? 1 : n) : n;
  };
  return [...floors].sort((a, b) => {
    const [x, y] = [level(a.name), level(b.name)];
    if (Number.isNaN(x) || Number.isNaN(y) || x === y) return b.name.localeCompare(a.name, "en", { numeric: true });
    return y - x;
  });
}

const total = (floors: FloorNumbers[], key: "taken" | "capacity" | "orphaned") => floors.reduce((n, floor) => n + floor[key], 0);
const all = (data: PlacesData) => data.sites.flatMap((site) => site.buildings.flatMap((building) => building.floors));
const widest = (data: PlacesData) => Math.max(1, ...all(data).map((floor) => Math.max(floor.capacity, floor.taken)));
const sum = (data: PlacesData) => ({ taken: total(all(data), "taken"), capacity: total(all(data), "capacity"), orphaned: total(all(data), "orphaned") });
