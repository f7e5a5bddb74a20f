// One floor: who sits where, and why. A list is the whole of it; the grid of spaces is its picture.
import { SegmentedControl, TextInput } from "@mantine/core";
import { IconArrowLeft, IconSearch } from "@tabler/icons-react";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { Floor, Sitter } from "../api";
import { useFloor } from "../queries";
import { Ago } from "../time";
import { Tag } from "../ui/marks";
import { PageHead } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural, type Tone } from "../words";

const HOW: Record<Sitter["how"], [label: string, tone: Tone]> = {
  rule: ["by rule", "ok"],
  hand: ["by hand", "info"],
  orphaned: ["nobody we know", "drift"],
  other_tenant: ["another tenant", "off"],
};

type Room = Floor["rooms"][number];

export function FloorPage() {
  const { site, floor } = useParams({ from: "/$tenant/places/$site/$floor" });
  const tenant = useTenant();
  const { q, show } = useSearch({ from: "/$tenant/places/$site/$floor" });
  const navigate = useNavigate({ from: "/$tenant/places/$site/$floor" });
  const query = useFloor(site, floor);
  const filter = (next: { q?: string; show?: string }) => void navigate({ search: { q, show, ...next } as never, replace: true });
  const fits = (room: Room) => {
    const over = room.people.length > room.capacity;
    if (show === "free" && (!room.occupiable || room.people.length >= room.capacity)) return false;
    if (show === "attention" && !over && !room.people.some((p) => p.how === "orphaned")) return false;
    const text = `${room.name} ${room.kind} ${room.people.map((p) => p.name).join(" ")}`.toLowerCase();
    return !q || text.includes(q.toLowerCase());
  };
  return (
    <>
      <Link to="/$tenant/places" params={{ tenant }} className="row small" style={{ width: "fit-content" }}><IconArrowLeft size={14} aria-hidden /> Places</Link>
      <Loaded query={query} what="this floor" rows={12}>
        {(data) => (
          <div className="stack">
            <PageHead title={[data.building, data.name].filter(Boolean).join(", ")} sub={<>{number(data.taken)} of {plural(data.capacity, "seat")} taken, read <Ago at={data.read_at} /></>} />
            <div className="row wrap" style={{ gap: 12 }}>
              <TextInput data-search aria-label="Filter spaces" placeholder="Space, kind or person" defaultValue={q ?? ""} onChange={(e) => filter({ q: e.currentTarget.value || undefined })} leftSection={<IconSearch size={16} aria-hidden />} w={280} />
              <SegmentedControl size="sm" aria-label="Show" value={show ?? "all"} onChange={(value) => filter({ show: value === "all" ? undefined : value })} data={[{ value: "all", label: "All" }, { value: "free", label: "With a free seat" }, { value: "attention", label: "To see to" }]} />
              {data.sections.length > 0 && <span className="dim small">Sections: {data.sections.map((s) => `${s.neighborhood} / ${s.name}`).join(", ")}</span>}
            </div>
            <Plan rooms={data.rooms.filter((room) => room.occupiable)} dim={(room) => !fits(room)} />
            <Spaces rooms={data.rooms.filter(fits)} all={data.rooms.length} />
          </div>
        )}
      </Loaded>
    </>
  );
}

/** The spaces as tiles; iOffice gives no drawing through its API, so tiles stand in the order of their names. */
function Plan({ rooms, dim }: { rooms: Room[]; dim: (room: Room) => boolean }) {
  if (rooms.length === 0) return null;
  return (
    <div className="panel body">
      <div className="tiles" aria-hidden>
        {rooms.map((room) => {
          const orphan = room.people.some((p) => p.how === "orphaned");
          const state = room.people.length > room.capacity ? "over" : orphan ? "orphaned" : room.people.length === 0 ? "free" : room.people.length < room.capacity ? "some" : "full";
          return <a key={room.id} href={`#space-${room.id}`} tabIndex={-1} className="tile" data-state={state} data-dim={dim(room) || undefined} title={`${room.name}: ${room.people.map((p) => p.name).join(", ") || "free"}`}>{room.name.length > 7 ? `…${room.name.slice(-6)}` : room.name}</a>;
        })}
      </div>
      <div className="small dim row wrap" style={{ marginTop: 10 }}>
        <span className="legend"><i />taken</span><span className="legend"><i className="o" />by nobody we know</span><span className="legend"><i className="e" />free</span>
        <span>Tiles stand by name: iOffice gives no floor drawing through its API.</span>
      </div>
    </div>
  );
}

function Spaces({ rooms, all }: { rooms: Room[]; all: number }) {
  const tenant = useTenant();
  if (rooms.length === 0) return <div className="panel"><Empty title={all === 0 ? "No spaces on this floor" : "No space fits the filter"}>{all === 0 ? "iOffice lists none." : `${all} were looked through.`}</Empty></div>;
  return (
    <div className="panel scroll">
      <table className="table">
        <thead><tr><th>Space</th><th>Kind</th><th className="r">Seats</th><th>Who, and why</th></tr></thead>
        <tbody>
          {rooms.map((room) => (
            <tr key={room.id} id={`space-${room.id}`}>
              <td style={{ fontWeight: 560 }}>{room.name}</td>
              <td className="dim">{room.kind}{room.reservable ? ", bookable" : ""}</td>
              <td className="r num">{room.occupiable ? <>{room.people.length} of {room.capacity}</> : <span className="dim">none</span>}{room.people.length > room.capacity && room.occupiable ? <div><Tag as="failed" label="over" /></div> : null}</td>
              <td>
                {room.people.length === 0 ? <span className="dim">{room.occupiable ? "free" : "not for people"}</span> : (
                  <ul className="sitters">
                    {room.people.map((person) => (
                      <li key={person.account} className="row wrap">
                        {person.identity ? <Link data-row to="/$tenant/people/$home/$id" params={{ tenant, home: person.identity.tenant, id: person.identity.id }}>{person.name}</Link> : <span>{person.name}</span>}
                        <Tag as={HOW[person.how][1]} label={HOW[person.how][0]} />
                      </li>
                    ))}
                  </ul>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
