// Drift between places, measured in people: who gets what where, which policy and parameters are in force, and what is being rolled out.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type Drift as Answer, type RollOut } from "../api";
import { queryClient, useDrift, useMay } from "../queries";
import { Ago, At } from "../time";
import { Mark, Tag } from "../ui/marks";
import { Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { number, plural } from "../words";

export function Apart({ tenant }: { tenant: string }) {
  const drift = useDrift();
  return (
    <>
      {drift.data?.roll_out && <Waves known={drift.data.roll_out} />}
      <Panel title="Between sites" end={drift.data && plural(drift.data.found, "difference")}>
        <Loaded query={drift} what="the differences" rows={4}>{(data) => <Differences data={data} tenant={tenant} />}</Loaded>
      </Panel>
      <Panel title="In force">
        <Loaded query={drift} what="what is in force" rows={2}>{(data) => <InForce data={data} />}</Loaded>
      </Panel>
    </>
  );
}

type Share = Answer["differences"][number]["have"][number];

function Differences({ data, tenant }: { data: Answer; tenant: string }) {
  if (data.in_force.length < 2) return <Empty title="There is one place">Nothing can drift apart.</Empty>;
  if (data.differences.length === 0) return <Empty title="The same everywhere">{data.people === null || data.kinds === null ? "Of what you may see, each kind of people gets the same in every site." : `${plural(data.people, "person", "people")} of ${plural(data.kinds, "kind")} were compared: each kind gets the same in every site.`}</Empty>;
  return (
    <ul className="list">
      {data.differences.map((one) => (
        <li key={`${one.what} ${one.kind.join()}`}>
          <Mark as="drift" />
          <div className="grow">
            <div className="row wrap" style={{ rowGap: 0 }}>
              <span className="title">{one.what}</span>
              <Tag as="off" label={`${plural(one.people, "person", "people")} without`} />
            </div>
            <div className="dim small">{one.kind.length > 0 ? one.kind.join(", ") : "people of whom the rules know nothing"}</div>
            <ul className="small" style={{ margin: "4px 0 0", paddingInlineStart: 18 }}>
              {[...one.have, ...one.lack].map((share) => <Side key={`${share.site} ${share.tenant}`} share={share} tenant={tenant} />)}
            </ul>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Side({ share, tenant }: { share: Share; tenant: string }) {
  return (
    <li>
      <b>{share.site}</b> <span className="dim">({share.tenant})</span>: {share.have === 0 ? `none of ${number(share.people)}` : `${number(share.have)} of ${number(share.people)}`}
      {share.because && <>, because {share.because}</>}{" "}
      <Link to="/$tenant/people/$home/$id" params={{ tenant, home: share.example.tenant, id: share.example.user }} style={{ textDecoration: "underline" }} aria-label={`One of them, in ${share.site}`}>One of them</Link>
    </li>
  );
}

function InForce({ data }: { data: Answer }) {
  const names = [...new Set(data.in_force.flatMap((place) => Object.keys(place.parameters)))].sort();
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="What is in force in each place">
      <table className="table">
        <thead><tr><th>Place</th><th className="r">People</th><th>Policy</th>{names.map((name) => <th key={name}>{name}</th>)}</tr></thead>
        <tbody>
          {data.in_force.map((place) => (
            <tr key={`${place.site} ${place.tenant}`}>
              <td>{place.site} <span className="dim">({place.tenant})</span></td>
              <td className="r num">{number(place.people)}</td>
              <td>{place.policy} {place.version === null ? "from the folder" : `version ${place.version}`} <span className="mono dim">{place.seal.slice(0, 8)}</span>{place.published_at && <span className="dim"> <Ago at={place.published_at} /></span>}</td>
              {names.map((name) => <td key={name}>{place.parameters[name] ?? "–"}{place.own.includes(name) && <span className="dim"> (its own)</span>}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A roll-out in waves: how far it has come, and what halted it. */
function Waves({ known }: { known: RollOut }) {
  const may = useMay("edit_policy", true);
  const refresh = () => Promise.all([queryClient.invalidateQueries({ queryKey: ["drift"] }), queryClient.invalidateQueries({ queryKey: ["findings"] })]);
  const resume = useMutation({ mutationFn: api.resumeRollOut, onSettled: refresh });
  const end = useMutation({ mutationFn: api.endRollOut, onSettled: refresh });
  const error = resume.error ?? end.error;
  return (
    <Panel title={`Roll-out of ${known.seal}`} tone={known.halted ? "failed" : undefined} end={plural(known.people, "person", "people")}>
      <ul className="list">
        {known.waves.map((wave, at) => (
          <li key={`${at} ${wave}`}>
            <Mark as={at + 1 < known.begun ? "ok" : at + 1 === known.begun ? "info" : "off"} />
            <div className="grow"><span className="title">Wave {at + 1}: {wave}</span> <span className="dim small">{at + 1 < known.begun ? "begun before" : at + 1 === known.begun ? <>begun <At at={known.began_at} /></> : "not begun"}</span></div>
          </li>
        ))}
      </ul>
      <div className="subhead row wrap">
        {known.halted ? <span role="alert">Halted: {known.halted}. Whoever’s wave has not begun keeps what they have.</span> : known.next_at && <span className="dim">{known.begun === known.waves.length ? "Over" : "The next wave begins"} <At at={known.next_at} /></span>}
        <span className="grow" />
        {may && known.halted && <Button size="compact-xs" loading={resume.isPending} onClick={() => resume.mutate()}>Let it go on</Button>}
        {may && <Button size="compact-xs" variant="default" loading={end.isPending} onClick={() => end.mutate()}>End it</Button>}
        {error && <div role="alert" style={{ color: "var(--failed-fg)", width: "100%" }}>{error.message}</div>}
      </div>
    </Panel>
  );
}
