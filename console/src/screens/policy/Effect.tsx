// What the draft would do to everybody, computed from what both sides last said; nothing is written.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError, calls, type Schemas } from "../../api";
import { useMay } from "../../queries";
import { Mark } from "../../ui/marks";
import { useInUrl } from "../../ui/in_url";
import { Panel } from "../../ui/panel";
import { Empty, Waiting } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { number, plural } from "../../words";
import { Applying, ApplySeal } from "../sealed/Apply";
import { isOut, keyOf, leave, textsOf, type Affected, type LeftOut } from "../sealed/left_out";
import { AffectedRow, KINDS } from "../sealed/People";
import { Costs, Floors } from "../sealed/Reach";
import { usePolicy } from "./calls";
import type { Document } from "./model";

type WhatIf = Schemas["WhatIf"];

const SHOWN = 100;
const NOBODY: LeftOut = new Map();

/** What is judged: a kept draft by its name, or a document that nobody keeps. Only the first can be applied. */
export type Judged = { draft: string } | { document: Document };

/** `apart`: the draft stands on an earlier version, and would take back what was published since. */
export function Effect({ judged, ready, apart }: { judged: Judged; ready: boolean; apart?: { inForce: number } }) {
  const tenant = useTenant();
  const asking = useMutation({ mutationFn: (readGroups: boolean) => calls.post<WhatIf>("/whatif", { ...judged, read_groups: readGroups }).then((answer) => ("draft" in judged ? answer : { ...answer, seal: null })) });
  const error = asking.error instanceof ApiError ? asking.error : undefined;
  const policy = usePolicy().data;
  const now = policy?.applying;
  // What became of it is read after it ended.
  const [applying, setApplying] = useState<string>();
  if (now && now !== applying) setApplying(now);
  const may = useMay("edit_policy", true);
  const [out, setOut] = useState(NOBODY);
  const change = (people: Affected[], on: boolean, text?: string) => setOut((old) => leave(old, people, on, text));
  if (may === false) return <div className="panel"><Empty title="Only a policy editor can compute this">The role policy editor sees what a draft would do to everybody.</Empty></div>;
  const data = asking.data;
  return (
    <div className="stack">
      {applying && <Applying key={applying} seal={applying} tenant={tenant} close={() => setApplying(undefined)} />}
      <Panel title="Who would be affected" end={<>{data?.seal && <Link to="/$tenant/plans/$planId" params={{ tenant, planId: data.seal }}>Open as a plan</Link>} <Button size="compact-xs" loading={asking.isPending} disabled={!ready} title={ready ? undefined : "draft" in judged ? "not kept yet" : "mend the mistakes first"} onClick={() => { setOut(NOBODY); asking.mutate(false); }}>{data ? "Compute again" : "Compute"}</Button></>}>
        {asking.isPending ? <Waiting rows={5} slow="Everybody is judged twice: a large population takes half a minute." /> : error ? (
          <div className="body row wrap" role="alert"><Mark as="failed" label="Failed" /><span className="grow"><b>{error.message}.</b> {error.fix} Nothing was changed.</span>{error.code === "groups_unread" && <Button size="xs" variant="default" onClick={() => asking.mutate(true)}>Ask Okta for them</Button>}</div>
        ) : !data ? <Empty title="Not computed yet">Everybody is judged by what is in force and by this draft; the difference is shown before anything is published.</Empty> : <><div className="body stack" style={{ gap: 10 }}><Costs data={data} /></div>{data.seal && policy?.second_person && <div className="body small dim">A second person must agree to a publication: publish the draft instead of applying its seal.</div>}{data.seal && !policy?.second_person && apart && <div className="body small"><Mark as="held" label="Overtaken" /> This also takes back what version {apart.inForce} changed: Publish puts the draft on top of it first.</div>}{data.seal && policy && !policy.second_person && !apart && data.people.length > 0 && !applying && <ApplySeal key={data.seal} of={sealedOf(data, data.seal)} out={out} />}</>}
      </Panel>
      {data && <Answer data={data} out={out} change={change} />}
    </div>
  );
}

/** The seal's own counts: people with a change that can be left out, and names of changes. */
function sealedOf(data: WhatIf, seal: string) {
  const people = data.people.filter((p) => textsOf(p).length > 0);
  return {
    seal,
    people: people.length,
    lines: people.reduce((n, p) => n + new Set(Object.values(p.lines).flat()).size, 0),
    loses: people.filter((p) => p.loses.some((text) => text in p.lines)).length,
  };
}

function Answer({ data, out, change }: { data: WhatIf; out: LeftOut; change: (people: Affected[], on: boolean, text?: string) => void }) {
  const may = useMay("edit_policy", true);
  const tenant = useTenant();
  const [kind = "all", setKind] = useInUrl("kind");
  const [kept, keep] = useInUrl("q");
  const [text, setText] = useState(kept ?? "");
  const [shown, setShown] = useState(SHOWN);
  const wanted = text.trim().toLowerCase();
  const people = useMemo(() => data.people.filter((p) => (kind === "all" || p[kind as "gains"].length > 0) && (wanted === "" || `${p.person} ${KINDS.flatMap(([key]) => p[key]).join(" ")}`.toLowerCase().includes(wanted))), [data, kind, wanted]);
  const open = may && data.seal !== null;
  const all = people.every((p) => isOut(out, p) || textsOf(p).length === 0);
  return (
    <div className="cols main">
      <Panel title="People" end={<SegmentedControl size="xs" aria-label="Effect" value={kind} onChange={(value) => { setKind(value === "all" ? undefined : value); setShown(SHOWN); }} data={[{ value: "all", label: "All" }, ...KINDS.map(([key, , word]) => ({ value: key, label: word }))]} />}>
        {data.people.length > 0 && (
          <div className="body row wrap" style={{ borderBottom: "1px solid var(--line)", paddingBlock: 8 }}>
            <TextInput size="xs" data-search aria-label="Find among those affected" placeholder="Person, place, role…" value={text} onChange={(e) => { setText(e.currentTarget.value); keep(e.currentTarget.value); setShown(SHOWN); }} w={240} />
            <span className="dim small num">{plural(people.length, "person", "people")}</span>
            <span className="grow" />
            {open && people.length > 0 && <Button size="compact-xs" variant="default" onClick={() => change(people, all)}>{all ? "Take all of these in" : "Leave all of these out"}</Button>}
          </div>
        )}
        {people.length === 0 ? <Empty title="Nobody">{data.people.length === 0 ? "By both, everybody has the same." : "Nobody of this kind, or of this name."}</Empty> : (
          <ul className="list">
            {people.slice(0, shown).map((p) => <AffectedRow key={keyOf(p)} p={p} tenant={tenant} out={out} change={open ? change : undefined} why={(line) => (p.because[line] ?? []).flatMap((at) => data.reasons[at] ?? [])} />)}
            {people.length > shown && <li><Button size="compact-xs" variant="default" onClick={() => setShown(shown + SHOWN)}>Show {number(Math.min(SHOWN, people.length - shown))} more</Button><span className="dim small">{plural(people.length - shown, "person is", "people are")} not shown yet</span></li>}
          </ul>
        )}
      </Panel>
      <Floors floors={data.floors} />
    </div>
  );
}
