// What the draft would do to everybody, computed from what both sides last said; nothing is written.
import { Button, SegmentedControl } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, calls } from "../../api";
import { Mark, Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty, Waiting } from "../../ui/states";
import { number, plural, type Tone } from "../../words";

interface PersonEffect {
  identity: { tenant: string; user: string };
  person: string;
  site: string;
  gains: string[];
  loses: string[];
  moves: string[];
  changes: string[];
  waits: string[];
  no_longer: string[];
}
interface WhatIf {
  seal: string | null;
  at: string;
  totals: Record<"people" | "affected" | "gain" | "lose" | "move" | "change" | "wait", number>;
  people: PersonEffect[];
  floors: { site: string; floor: string; seats: number; today: number; then: number; short: number }[];
  approvals: Record<string, number>;
  cost: { site: string; ioffice_calls: number; okta_calls: number; minutes: number | null; removals: number; removals_max: number | null }[];
  out_of_scope: string[];
  unmatched: string[];
  disputed: string[];
  rules: { dead: string[]; shadowed: string[] };
  doubts: string[];
}

const KINDS: [key: "loses" | "gains" | "moves" | "changes" | "waits", total: keyof WhatIf["totals"], word: string, tone: Tone, symbol: string][] = [
  ["loses", "lose", "lose", "failed", "−"], ["gains", "gain", "gain", "ok", "+"], ["moves", "move", "move", "info", ">"], ["changes", "change", "change", "info", "~"], ["waits", "wait", "wait", "held", "="],
];
const SHOWN = 100;

export function Effect({ id, ready }: { id: string; ready: boolean }) {
  const asking = useMutation({ mutationFn: (readGroups: boolean) => calls.post<WhatIf>("/whatif", { draft: id, read_groups: readGroups }) });
  const error = asking.error instanceof ApiError ? asking.error : undefined;
  return (
    <div className="stack">
      <Panel title="Who would be affected" end={<Button size="compact-xs" loading={asking.isPending} disabled={!ready} title={ready ? undefined : "not kept yet"} onClick={() => asking.mutate(false)}>{asking.data ? "Compute again" : "Compute"}</Button>}>
        {asking.isPending ? <Waiting rows={5} /> : error ? (
          <div className="body row wrap" role="alert"><Mark as="failed" label="Failed" /><span className="grow"><b>{error.message}.</b> {error.fix} Nothing was changed.</span>{error.code === "groups_unread" && <Button size="xs" variant="default" onClick={() => asking.mutate(true)}>Ask Okta for them</Button>}</div>
        ) : !asking.data ? <Empty title="Not computed yet">Everybody is judged by what is in force and by this draft; the difference is shown before anything is published.</Empty> : <Totals data={asking.data} />}
      </Panel>
      {asking.data && <Answer data={asking.data} />}
    </div>
  );
}

function Totals({ data }: { data: WhatIf }) {
  return (
    <div className="body stack" style={{ gap: 10 }}>
      <div className="row wrap">
        {KINDS.map(([key, total, word, tone, symbol]) => <span key={key} className="tag" data-fill={data.totals[total] > 0 ? tone : "off"}><span aria-hidden>{symbol}</span>{number(data.totals[total])} {word}</span>)}
        <span className="dim small">{plural(data.totals.affected, "person", "people")} of {number(data.totals.people)}</span>
      </div>
      {data.cost.map((cost) => (
        <div key={cost.site} className="small"><b>{cost.site}</b>: {number(cost.ioffice_calls)} calls{cost.minutes === null ? "" : `, about ${Math.max(1, Math.round(cost.minutes))} min`}; {plural(cost.removals, "person loses", "people lose")} something{cost.removals_max === null ? "" : `, ${number(cost.removals_max)} may within the window`}{cost.removals_max !== null && cost.removals > cost.removals_max && <> <Tag as="failed" label="over the limit: it would wait for a decision" /></>}</div>
      ))}
      {Object.entries(data.approvals).map(([rule, count]) => <div key={rule} className="small">{plural(count, "request")} would be made by {rule}</div>)}
      {[...data.rules.dead.map((f) => `Nobody meets the conditions of ${f}.`), ...data.rules.shadowed.map((f) => `${f} gives nobody anything: another rule always wins.`), ...data.doubts].map((text) => <div key={text} className="small row"><Mark as="held" label="Worth knowing" />{text}</div>)}
    </div>
  );
}

function Answer({ data }: { data: WhatIf }) {
  const { tenant } = useParams({ from: "/$tenant/policies/$draftId" });
  const [kind, setKind] = useState<string>("all");
  const people = data.people.filter((p) => kind === "all" || p[kind as "gains"].length > 0);
  const floors = data.floors.filter((f) => f.today !== f.then || f.short > 0);
  return (
    <div className="cols main">
      <Panel title="People" end={<SegmentedControl size="xs" aria-label="Effect" value={kind} onChange={setKind} data={[{ value: "all", label: "All" }, ...KINDS.map(([key, , word]) => ({ value: key, label: word }))]} />}>
        {people.length === 0 ? <Empty title="Nobody">{kind === "all" ? "By both, everybody has the same." : "Nobody of this kind."}</Empty> : (
          <ul className="list">
            {people.slice(0, SHOWN).map((p) => (
              <li key={`${p.identity.tenant}/${p.identity.user}/${p.site}`} style={{ paddingBlock: 7 }}>
                <div className="grow">
                  <Link data-row className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: p.identity.tenant, id: p.identity.user }}>{p.person}</Link>
                  {KINDS.flatMap(([key, , word, tone, symbol]) => p[key].map((text) => <div key={key + text} className="row small"><span className="mark" data-fill={tone} style={{ width: 16, height: 16, fontSize: 11 }} role="img" aria-label={word}>{symbol}</span>{text}</div>))}
                  {p.no_longer.map((text) => <div key={text} className="small dim">no longer: {text}</div>)}
                </div>
                <span className="small dim">{p.site}</span>
              </li>
            ))}
            {people.length > SHOWN && <li className="dim small">and {plural(people.length - SHOWN, "more person", "more people")}</li>}
          </ul>
        )}
      </Panel>
      <Panel title="Floors">
        {floors.length === 0 ? <Empty title="No floor changes" /> : (
          <table className="table">
            <thead><tr><th>Floor</th><th className="r">Seats</th><th className="r">Today</th><th className="r">Then</th></tr></thead>
            <tbody>{floors.map((f) => <tr key={f.site + f.floor}><td>{f.floor}<div className="dim small">{f.site}</div></td><td className="r num">{f.seats}</td><td className="r num">{f.today}</td><td className="r num">{f.then}{f.short > 0 && <div><Tag as="failed" label={`${f.short} without a desk`} /></div>}</td></tr>)}</tbody>
          </table>
        )}
      </Panel>
    </div>
  );
}
