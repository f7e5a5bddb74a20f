// One floor: who sits where, and why. A map by kind and number, and the list as its whole text.
import { SegmentedControl, TextInput } from "@mantine/core";
import { IconArrowLeft, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type KeyboardEvent } from "react";
import { api, type Floor, type Sitter } from "../api";
import { useFloor } from "../queries";
import { Ago } from "../time";
import { Avatar, Tag } from "../ui/marks";
import { useInUrl } from "../ui/in_url";
import { PageHead, Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { initials, number, plural, type Tone } from "../words";

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
  const [chosen, setChosen] = useInUrl("space");
  const filter = (next: { q?: string; show?: string }) => void navigate({ search: (old: object) => ({ ...old, ...next }) as never, replace: true });
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
            {data.rooms.some((room) => room.occupiable) && (
              <div className="cols main">
                <Plan rooms={data.rooms.filter((room) => room.occupiable)} dim={(room) => !fits(room)} chosen={chosen} choose={setChosen} />
                <Seat room={data.rooms.find((room) => room.id === chosen)} />
              </div>
            )}
            <Spaces rooms={data.rooms.filter(fits)} all={data.rooms.length} />
          </div>
        )}
      </Loaded>
    </>
  );
}

/** Desks of a kind stand in benches of two rows, in the order of their names. */
const BENCH = 6;

export function benches(rooms: Room[]): { kind: string; blocks: Room[][] }[] {
  const kinds = [...new Set(rooms.map((room) => room.kind))];
  return kinds.map((kind) => {
    const own = rooms.filter((room) => room.kind === kind).sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    const blocks: Room[][] = [];
    for (let at = 0; at < own.length; at += 2 * BENCH) blocks.push(own.slice(at, at + 2 * BENCH));
    return { kind, blocks };
  });
}

function stateOf(room: Room) {
  if (room.people.length > room.capacity) return "over";
  if (room.people.some((p) => p.how === "orphaned")) return "orphaned";
  return room.people.length === 0 ? "free" : room.people.length < room.capacity ? "some" : "full";
}

const ARROWS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The map: every space with who sits there. One stop for Tab; arrows go from space to space. */
function Plan({ rooms, dim, chosen, choose }: { rooms: Room[]; dim: (room: Room) => boolean; chosen?: string; choose: (id: string) => void }) {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = ARROWS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const tiles = [...event.currentTarget.querySelectorAll<HTMLElement>("button.tile")];
    const next = tiles[tiles.indexOf(document.activeElement as HTMLElement) + step];
    next?.focus();
    if (next?.dataset.room) choose(next.dataset.room);
  };
  const first = chosen ?? rooms[0]?.id;
  return (
    <Panel title="Map" end="by kind and number: iOffice gives no positions of spaces through its API">
      <div className="body floormap" onKeyDown={onKeyDown} role="group" aria-label="Spaces of this floor; arrow keys go from one to the next">
        {benches(rooms).map(({ kind, blocks }) => (
          <div key={kind}>
            <div className="small dim">{kind}, {plural(blocks.flat().length, "space")}</div>
            <div className="benches">
              {blocks.map((block) => (
                <div key={block[0]!.id} className="bench" style={{ gridTemplateColumns: `repeat(${Math.ceil(block.length / 2)}, 58px)` }}>
                  {block.map((room) => {
                    const names = room.people.map((p) => p.name).join(", ");
                    return (
                      <button key={room.id} type="button" data-room={room.id} className="tile" data-state={stateOf(room)} data-dim={dim(room) || undefined} aria-pressed={room.id === chosen} tabIndex={room.id === first ? 0 : -1} aria-label={`${room.name}: ${names || "free"}`} title={`${room.name}: ${names || "free"}`} onClick={() => choose(room.id)}>
                        <span aria-hidden>{room.name.length > 7 ? `…${room.name.slice(-6)}` : room.name}</span>
                        {room.people.length > 0 && <b aria-hidden>{room.people.length > 1 ? `${room.people.length}×` : initials(room.people[0]!.name)}</b>}
                      </button>
                    );
                  })}
                </div>
              ))}
            </div>
          </div>
        ))}
      </div>
      <div className="body small dim row wrap" style={{ paddingTop: 0 }}>
        <span className="legend"><i />taken</span><span className="legend"><i className="o" />by nobody we know</span><span className="legend"><i className="e" />free</span><span className="legend"><i className="f" />by too many</span>
      </div>
    </Panel>
  );
}

/** Who sits in the chosen space, and why. */
function Seat({ room }: { room?: Room }) {
  if (!room) return <Panel title="Who, and why"><Empty title="Choose a space">The map and the list show who sits where; choose one to see why.</Empty></Panel>;
  return (
    <Panel title={room.name} end={`${room.kind}${room.reservable ? ", bookable" : ""}`}>
      {room.people.length === 0 ? <Empty title="Free">{plural(room.capacity, "seat")}. Rules that give a place here hand it out by themselves.</Empty> : (
        <ul className="list">{room.people.map((person) => <Sitting key={person.account} person={person} />)}</ul>
      )}
    </Panel>
  );
}

const WHY: Record<Exclude<Sitter["how"], "rule">, string> = {
  hand: "No rule put them here: they or somebody in iOffice chose it. Lanyard leaves it alone while policy does not own the seat.",
  orphaned: "The account belongs to nobody in Okta that we know. Drift names it, with what can be done.",
  other_tenant: "Your role does not cover the tenant this person belongs to.",
};

function Sitting({ person }: { person: Sitter }) {
  const tenant = useTenant();
  const who = person.identity;
  const query = useQuery({ queryKey: ["person", who?.tenant, who?.id], queryFn: () => api.person(who!.tenant, who!.id), enabled: who != null, placeholderData: undefined, staleTime: 30_000 });
  const because = query.data?.desired.items.filter((item) => item.kind === "seat").flatMap((item) => item.because) ?? [];
  return (
    <li>
      <Avatar name={person.name} />
      <div className="grow">
        <div className="row wrap">{who ? <Link className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: who.tenant, id: who.id }}>{person.name}</Link> : <span className="title">{person.name}</span>}<Tag as={HOW[person.how][1]} label={HOW[person.how][0]} /></div>
        {query.data && <div className="dim small">{[query.data.person.title, query.data.person.department].filter(Boolean).join(" · ")}</div>}
        {person.how !== "rule" ? <div className="small dim">{WHY[person.how]}</div> : because.length > 0 ? because.map((why) => <div key={why} className="because">{why}</div>) : query.data && <div className="small dim">A rule gave this seat; none of today gives one, so it stays until one does.</div>}
        {who && <Link className="small tap" to="/$tenant/people/$home/$id" params={{ tenant, home: who.tenant, id: who.id }} search={{ tab: "explain", thing: "seat" }}>What would change it</Link>}
      </div>
    </li>
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
