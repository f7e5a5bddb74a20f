// What the draft would do to everybody, computed from what both sides last said; nothing is written.
import { Button, Checkbox, Modal, SegmentedControl, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError, calls, type Schemas } from "../../api";
import { queryClient, useMay, useOverview } from "../../queries";
import { Mark, Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty, Waiting } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { number, plural, type Tone } from "../../words";
import { StopButton } from "../StopButton";
import { usePolicy } from "./calls";
import type { Document } from "./model";

type WhatIf = Schemas["WhatIf"];

const KINDS: [key: "loses" | "gains" | "moves" | "changes" | "waits", total: keyof WhatIf["totals"], word: string, tone: Tone, symbol: string][] = [
  ["loses", "lose", "lose", "failed", "−"], ["gains", "gain", "gain", "ok", "+"], ["moves", "move", "move", "info", ">"], ["changes", "change", "change", "info", "~"], ["waits", "wait", "wait", "held", "="],
];
const SHOWN = 100;

type Person = WhatIf["people"][number];
/** One sealed change of somebody: what can be left out. */
const lineKey = (p: Person, text: string) => `${keyOf(p)}\n${text}`;
const linesOf = (p: Person) => Object.keys(p.lines);
const isOut = (p: Person, out: Set<string>) => linesOf(p).length > 0 && linesOf(p).every((text) => out.has(lineKey(p, text)));

/** What of the seal is left: people with a line, their lines, and who of them loses something. */
export function sealed(people: Person[], out: Set<string>) {
  const left = people.map((p) => linesOf(p).filter((text) => !out.has(lineKey(p, text))));
  const losing = people.filter((p) => p.loses.some((text) => text in p.lines && !out.has(lineKey(p, text))));
  return {
    people: left.filter((lines) => lines.length > 0).length,
    lines: left.reduce((n, lines) => n + lines.length, 0),
    loses: losing.length,
    outPeople: people.filter((p) => isOut(p, out)).length,
    outLines: out.size,
  };
}

/** As the API wants it: whole people without names, others with the names of their changes. */
export function leftOut(people: Person[], out: Set<string>): Schemas["SealApply"]["leave_out"] {
  return people.flatMap((p) => {
    const texts = linesOf(p).filter((text) => out.has(lineKey(p, text)));
    if (texts.length === 0) return [];
    const who = { tenant: p.identity.tenant, id: p.identity.user, site: p.site };
    return [isOut(p, out) ? who : { ...who, lines: texts.flatMap((text) => p.lines[text]!) }];
  });
}

/** What is judged: a kept draft by its name, or a document that nobody keeps. Only the first can be applied. */
export type Judged = { draft: string } | { document: Document };

export function Effect({ judged, ready }: { judged: Judged; ready: boolean }) {
  const asking = useMutation({ mutationFn: (readGroups: boolean) => calls.post<WhatIf>("/whatif", { ...judged, read_groups: readGroups }).then((answer) => ("draft" in judged ? answer : { ...answer, seal: null })) });
  const error = asking.error instanceof ApiError ? asking.error : undefined;
  const now = usePolicy().data?.applying;
  // What became of it is read after it ended.
  const [applying, setApplying] = useState<string>();
  if (now && now !== applying) setApplying(now);
  const may = useMay("edit_policy", true);
  const [out, setOut] = useState<Set<string>>(new Set());
  const leave: Leave = (people, on, text) => setOut((old) => {
    const next = new Set(old);
    for (const p of people) {
      for (const line of text === undefined ? linesOf(p) : [text]) {
        if (on) next.delete(lineKey(p, line));
        else next.add(lineKey(p, line));
      }
    }
    return next;
  });
  if (may === false) return <div className="panel"><Empty title="Only a policy editor can compute this">The role policy editor sees what a draft would do to everybody.</Empty></div>;
  return (
    <div className="stack">
      {applying && <Applying key={applying} seal={applying} close={() => setApplying(undefined)} />}
      <Panel title="Who would be affected" end={<Button size="compact-xs" loading={asking.isPending} disabled={!ready} title={ready ? undefined : "draft" in judged ? "not kept yet" : "mend the mistakes first"} onClick={() => { setOut(new Set()); asking.mutate(false); }}>{asking.data ? "Compute again" : "Compute"}</Button>}>
        {asking.isPending ? <Waiting rows={5} slow="Everybody is judged twice: a large population takes half a minute." /> : error ? (
          <div className="body row wrap" role="alert"><Mark as="failed" label="Failed" /><span className="grow"><b>{error.message}.</b> {error.fix} Nothing was changed.</span>{error.code === "groups_unread" && <Button size="xs" variant="default" onClick={() => asking.mutate(true)}>Ask Okta for them</Button>}</div>
        ) : !asking.data ? <Empty title="Not computed yet">Everybody is judged by what is in force and by this draft; the difference is shown before anything is published.</Empty> : <><Totals data={asking.data} />{asking.data.seal && asking.data.people.length > 0 && !applying && <Apply key={asking.data.seal} data={asking.data} out={out} />}</>}
      </Panel>
      {asking.data && <Answer data={asking.data} out={out} leave={leave} />}
    </div>
  );
}

type Leave = (people: Person[], on: boolean, text?: string) => void;

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

const keyOf = (p: Person) => `${p.identity.tenant}/${p.identity.user}/${p.site}`;

/** Applies exactly what is shown, but for what is left out. */
function Apply({ data, out }: { data: WhatIf; out: Set<string> }) {
  const may = useMay("edit_policy", true);
  const [opened, modal] = useDisclosure(false);
  const left = sealed(data.people, out);
  const applying = useMutation({
    mutationFn: () => calls.post<Schemas["Applying"]>(`/whatif/${encodeURIComponent(data.seal!)}/apply`, { leave_out: leftOut(data.people, out) }),
    onSuccess: async () => {
      modal.close();
      await queryClient.invalidateQueries({ queryKey: ["policy"], exact: true });
    },
  });
  if (may === false) return null;
  const without = left.outLines > 0 && `${plural(left.outLines, "change")} left out${left.outPeople > 0 ? `, of ${plural(left.outPeople, "person", "people")} all` : ""}`;
  return (
    <div className="body row wrap" style={{ borderTop: "1px solid var(--line)" }}>
      <Button size="xs" variant="default" disabled={left.lines === 0} onClick={modal.open}>Apply exactly this</Button>
      <span className="dim small">{without ? `${without}.` : "Untick people or single changes below that it shall not make."} What is shown is sealed as <span className="mono">{data.seal}</span>.</span>
      <Modal opened={opened} onClose={modal.close} title="Apply exactly this" closeButtonProps={{ "aria-label": "Close" }}>
        <div className="stack">
          <p>The draft comes into force, and {plural(left.lines, "change")} for {plural(left.people, "person", "people")} {left.lines === 1 ? "is" : "are"} made{left.loses > 0 && <>; <b>{plural(left.loses, "person loses", "people lose")} something</b></>}. Nothing else is written: what the world wants besides waits for somebody.{without && <> {without}: {left.outLines === 1 ? "it waits" : "they wait"} under Approvals.</>}</p>
          {applying.error && <div className="failure" role="alert"><div><b>Nothing was applied.</b> {applying.error.message}. {applying.error instanceof ApiError && applying.error.fix}</div></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={modal.close}>Cancel</Button><Button color={left.loses > 0 ? "red.9" : undefined} loading={applying.isPending} onClick={() => applying.mutate()}>{left.loses > 0 ? `Apply: ${plural(left.loses, "person loses", "people lose")} something` : `Apply for ${plural(left.people, "person", "people")}`}</Button></div>
        </div>
      </Modal>
    </div>
  );
}

/** A seal that is being applied, also by somebody else or before this page was opened; at the end, what became of each line. */
function Applying({ seal, close }: { seal: string; close: () => void }) {
  const tenant = useTenant();
  const may = useMay("edit_policy", true);
  const engine = useOverview().data?.state;
  const query = useQuery({ queryKey: ["policy", "seal", seal], queryFn: () => calls.get<Schemas["SealProgress"]>(`/whatif/${encodeURIComponent(seal)}`), refetchInterval: (q) => (q.state.data?.ended_at ? false : 1_000) });
  const finishing = useMutation({ mutationFn: () => calls.post<Schemas["SealReport"]>(`/whatif/${encodeURIComponent(seal)}/finish`), onSuccess: () => queryClient.invalidateQueries({ queryKey: ["policy"], exact: true }) });
  const report = finishing.data;
  return (
    <Panel title="A sealed draft is being applied" tone="info" end={<span className="mono">{seal}</span>}>
      <div className="body stack" style={{ gap: 10 }}>
        {report ? (
          <>
            <div className="row wrap" role="status"><Tag as={report.refused.length > 0 ? "held" : "ok"} label={`${number(report.done)} of ${plural(report.lines, "change")} made`} /><span>for {plural(report.people, "person", "people")}</span>{report.moved.length > 0 && <span className="dim">{plural(report.moved.length, "change")} left out or new: each waits under <Link to="/$tenant/approvals" params={{ tenant }} style={{ textDecoration: "underline" }}>Approvals</Link></span>}<span className="grow" /><Button size="compact-xs" variant="default" onClick={close}>Done</Button></div>
            {report.refused.slice(0, 20).map((line) => <div key={line.line + line.identity.user} className="small dim">{line.line}: {line.fate}</div>)}
            {report.refused.length > 20 && <div className="small dim">and {plural(report.refused.length - 20, "more")}; all are in the journal</div>}
          </>
        ) : query.data ? (
          <>
            <div className="row wrap" role="status">
              <b className="num">{query.data.to_look > 0 ? `${number(query.data.people + query.data.left_out - query.data.to_look)} of ${number(query.data.people + query.data.left_out)} looked at` : "Everybody was looked at"}</b>
              <span className="dim">{plural(query.data.lines, "change")} sealed for {plural(query.data.people, "person", "people")}{query.data.left_out > 0 && `, ${number(query.data.left_out)} left out`}{query.data.to_try_again > 0 && `; ${number(query.data.to_try_again)} tried again later`}</span>
              <span className="grow" />
              <Link to="/$tenant/activity" params={{ tenant }} search={{ show: "changes" }}>Watch the changes</Link>
              {engine && <StopButton state={engine} />}
              {may && <Button size="xs" disabled={query.data.to_look > 0} loading={finishing.isPending} onClick={() => finishing.mutate()}>Say what became of it</Button>}
            </div>
            <div className="track" aria-hidden><i style={{ width: `${100 - (100 * query.data.to_look) / Math.max(1, query.data.people + query.data.left_out)}%` }} /></div>
            <div className="small dim">The draft is in force. Safe to leave: it goes on, and is found here again.</div>
          </>
        ) : <Waiting rows={2} />}
        {finishing.error && <div role="alert" className="small wrong">Not said: {finishing.error.message}</div>}
      </div>
    </Panel>
  );
}

function Answer({ data, out, leave }: { data: WhatIf; out: Set<string>; leave: Leave }) {
  const may = useMay("edit_policy", true);
  const tenant = useTenant();
  const [kind, setKind] = useState<string>("all");
  const [text, setText] = useState("");
  const [shown, setShown] = useState(SHOWN);
  const wanted = text.trim().toLowerCase();
  const people = useMemo(() => data.people.filter((p) => (kind === "all" || p[kind as "gains"].length > 0) && (wanted === "" || `${p.person} ${KINDS.flatMap(([key]) => p[key]).join(" ")}`.toLowerCase().includes(wanted))), [data, kind, wanted]);
  const open = may && data.seal !== null;
  const all = people.every((p) => isOut(p, out) || linesOf(p).length === 0);
  const floors = data.floors.filter((f) => f.today !== f.then || f.short > 0);
  return (
    <div className="cols main">
      <Panel title="People" end={<SegmentedControl size="xs" aria-label="Effect" value={kind} onChange={(value) => { setKind(value); setShown(SHOWN); }} data={[{ value: "all", label: "All" }, ...KINDS.map(([key, , word]) => ({ value: key, label: word }))]} />}>
        {data.people.length > 0 && (
          <div className="body row wrap" style={{ borderBottom: "1px solid var(--line)", paddingBlock: 8 }}>
            <TextInput size="xs" data-search aria-label="Find among those affected" placeholder="Person, place, role…" value={text} onChange={(e) => { setText(e.currentTarget.value); setShown(SHOWN); }} w={240} />
            <span className="dim small num">{plural(people.length, "person", "people")}</span>
            <span className="grow" />
            {open && people.length > 0 && <Button size="compact-xs" variant="default" onClick={() => leave(people, all)}>{all ? "Take all of these in" : "Leave all of these out"}</Button>}
          </div>
        )}
        {people.length === 0 ? <Empty title="Nobody">{data.people.length === 0 ? "By both, everybody has the same." : "Nobody of this kind, or of this name."}</Empty> : (
          <ul className="list">
            {people.slice(0, shown).map((p) => {
              const own = linesOf(p);
              const without = own.filter((line) => out.has(lineKey(p, line))).length;
              return (
                <li key={keyOf(p)} style={{ paddingBlock: 7 }}>
                  {open && <Checkbox size="xs" aria-label={`Apply for ${p.person}`} disabled={own.length === 0} checked={own.length > 0 && without === 0} indeterminate={without > 0 && without < own.length} onChange={(e) => leave([p], e.currentTarget.checked)} style={{ paddingTop: 3 }} />}
                  <div className="grow">
                    <Link data-row className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: p.identity.tenant, id: p.identity.user }}>{p.person}</Link>{without > 0 && <> <Tag as="held" label={without === own.length ? "left out" : `${without} of ${own.length} left out`} /></>}
                    {KINDS.flatMap(([key, , word, tone, symbol]) => p[key].map((line) => {
                      const gone = out.has(lineKey(p, line));
                      return (
                        <div key={key + line} className="row small" style={{ minHeight: 26, textDecoration: gone ? "line-through" : undefined }}>
                          {open && own.length > 1 && (line in p.lines ? <Checkbox size="xs" aria-label={`${line} for ${p.person}`} checked={!gone} onChange={(e) => leave([p], e.currentTarget.checked, line)} /> : <span style={{ width: 16 }} />)}
                          <span className="mark" data-fill={tone} style={{ width: 16, height: 16, fontSize: 11 }} role="img" aria-label={word}>{symbol}</span>{line.replace(/^[-+~>=] /, "")}
                        </div>
                      );
                    }))}
                    {p.no_longer.map((line) => <div key={line} className="small dim">no longer: {line.replace(/^[-+~>=] /, "")}</div>)}
                  </div>
                  <span className="small dim">{p.site}</span>
                </li>
              );
            })}
            {people.length > shown && <li><Button size="compact-xs" variant="default" onClick={() => setShown(shown + SHOWN)}>Show {number(Math.min(SHOWN, people.length - shown))} more</Button><span className="dim small">{plural(people.length - shown, "person is", "people are")} not shown yet</span></li>}
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
