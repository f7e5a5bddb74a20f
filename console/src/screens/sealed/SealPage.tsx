// A sealed what-if as a plan for everybody it names: its reach, who and why, what shall not be done, apply, progress, stop.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPrinter } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { calls, type Schemas } from "../../api";
import { At } from "../../time";
import { Tag } from "../../ui/marks";
import { useInUrl } from "../../ui/in_url";
import { PageHead, Panel } from "../../ui/panel";
import { Empty, Loaded } from "../../ui/states";
import { number, plural } from "../../words";
import { UndoLink } from "../undo/UndoLink";
import { Applying, ApplySeal, Report } from "./Apply";
import { isOut, keyOf, leave, textsOf, type Affected, type LeftOut } from "./left_out";
import { AffectedRow, KINDS } from "./People";
import { Costs, Floors } from "./Reach";
import { SEAL_STATE } from "./words";
import "../../forms.css";

const PAGE = 50;
const NOBODY: LeftOut = new Map();

export function SealPage({ seal, tenant }: { seal: string; tenant: string }) {
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["seals", "one", seal], queryFn: () => calls.get<Schemas["SealedPlan"]>(`/whatif/${encodeURIComponent(seal)}/plan`), refetchInterval: 15_000 });
  const [out, setOut] = useState(NOBODY);
  return (
    <Loaded query={query} what="this plan">
      {(data) => (
        <div className="stack">
          <PageHead title="Plan for everybody" sub={<span className="row wrap"><Tag as={SEAL_STATE[data.head.state].tone} label={SEAL_STATE[data.head.state].label} />sealed <At at={data.head.at} /></span>}>
            {data.head.started_at && <UndoLink search={{ seal }} />}
            <Button className="no-print" size="xs" variant="default" leftSection={<IconPrinter size={14} aria-hidden />} onClick={() => window.print()}>Print</Button>
          </PageHead>
          {data.head.state === "applying" && <Applying seal={seal} tenant={tenant} />}
          {data.roll_out && <RollOut of={data.roll_out} />}
          {data.report && <Panel title="What became of it" end={data.head.ended_at && <At at={data.head.ended_at} />}><div className="body stack"><Report report={data.report} tenant={tenant} /></div></Panel>}
          <Panel title="How far it reaches" end={<span className="mono">{seal}</span>}>
            <div className="body stack" style={{ gap: 10 }}>
              {data.shown ? <Costs data={data.shown} /> : <span className="dim">What it showed was forgotten; the journal keeps what was done.</span>}
              {data.head.left_out > 0 && <div className="small"><Tag as="held" label={`${plural(data.head.left_out, "person", "people")} left out altogether`} /></div>}
              {data.head.state === "outdated" && <div className="small"><Tag as="held" label="another policy is in force now" /> Compute it anew from its draft: what is shown here is no longer what would be done.</div>}
              {data.head.state === "open" && data.second_person && <div className="small dim">A second person must agree to a publication: publish the draft instead of applying its seal.</div>}
            </div>
            {data.head.state === "open" && data.head.lines > 0 && !data.second_person && (
              <ApplySeal of={{ seal, people: data.head.people, lines: data.head.lines, loses: data.shown?.totals.lose ?? 0 }} out={out} applied={(other) => void navigate({ to: "/$tenant/plans/$planId", params: { tenant, planId: other } })} />
            )}
          </Panel>
          {data.shown && (
            <div className="cols main">
              <People seal={seal} tenant={tenant} kept={data.shown.shown} affected={data.shown.totals.affected} out={out} change={data.head.state === "open" && !data.second_person ? (people, on, text) => setOut((old) => leave(old, people, on, text)) : undefined} />
              <Floors floors={data.shown.floors} />
            </div>
          )}
        </div>
      )}
    </Loaded>
  );
}

function RollOut({ of }: { of: Schemas["RollOut"] }) {
  return (
    <Panel title="In waves" tone={of.halted ? "held" : "info"}>
      <div className="body row wrap small">
        {of.waves.map((wave, at) => <Tag key={wave} as={at < of.begun ? "ok" : "off"} label={`${at + 1}: ${wave}`} />)}
        <span className="dim">{of.halted ? `Halted: ${of.halted}` : of.next_at ? <>{of.begun < of.waves.length ? "the next begins" : "it is over"} <At at={of.next_at} /></> : ""}</span>
      </div>
    </Panel>
  );
}

function People({ seal, tenant, kept, affected, out, change }: { seal: string; tenant: string; kept: number; affected: number; out: LeftOut; change?: (people: Affected[], on: boolean, text?: string) => void }) {
  const [kind = "all", setKind] = useInUrl("kind");
  const [text = "", setText] = useInUrl("q");
  const search = useDebouncedCallback(setText, 180);
  const query = useInfiniteQuery({
    queryKey: ["seals", "people", seal, kind, text],
    queryFn: ({ pageParam }) => calls.get<Schemas["SealedPeople"]>(`/whatif/${encodeURIComponent(seal)}/people`, { limit: PAGE, cursor: pageParam, kind: kind === "all" ? undefined : kind, search: text.trim() }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 60_000,
  });
  const shown = (query.data?.pages ?? []).flatMap((page) => page.items);
  const all = shown.every((p) => isOut(out, p) || textsOf(p).length === 0);
  return (
    <div className="stack">
      <Panel title="People" end={<SegmentedControl className="no-print" size="xs" aria-label="Effect" value={kind} onChange={(value) => setKind(value === "all" ? undefined : value)} data={[{ value: "all", label: "All" }, ...KINDS.map(([key, , word]) => ({ value: key, label: word }))]} />}>
        <div className="body row wrap no-print" style={{ borderBottom: "1px solid var(--line)", paddingBlock: 8 }}>
          <TextInput size="xs" data-search aria-label="Find among those affected" placeholder="Person, place, role…" defaultValue={text} onChange={(e) => search(e.currentTarget.value)} w={240} />
          {affected > kept && <span className="dim small">the first {number(kept)} of {number(affected)} people are kept to be read</span>}
          <span className="grow" />
          {change && shown.length > 0 && <Button size="compact-xs" variant="default" onClick={() => change(shown, all)}>{all ? `Take these ${shown.length} in` : `Leave these ${shown.length} out`}</Button>}
        </div>
        <Loaded query={query} what="the people" rows={8}>
          {() => (shown.length === 0 ? <Empty title="Nobody">{kind === "all" && text === "" ? "By both policies, everybody has the same." : "Nobody of this kind, or of this name."}</Empty> : (
            <ul className="list">
              {shown.map((p) => <AffectedRow key={keyOf(p)} p={p} tenant={tenant} out={p.left_out.length > 0 ? new Map([[keyOf(p), { of: p, texts: new Set(p.left_out) }]]) : out} change={change} why={(line) => p.because[line] ?? []} />)}
            </ul>
          ))}
        </Loaded>
      </Panel>
      {query.hasNextPage && <div className="no-print" style={{ textAlign: "center" }}><Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button></div>}
    </div>
  );
}
