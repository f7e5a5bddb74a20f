// What the draft would do to everybody, computed from what both sides last said; nothing is written.
import { Button, Checkbox, Modal, SegmentedControl } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, calls, type Schemas } from "../../api";
import { queryClient, useMay, useOverview } from "../../queries";
import { Mark, Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty, Waiting } from "../../ui/states";
import { number, plural, type Tone } from "../../words";

type WhatIf = Schemas["WhatIf"];

const KINDS: [key: "loses" | "gains" | "moves" | "changes" | "waits", total: keyof WhatIf["totals"], word: string, tone: Tone, symbol: string][] = [
  ["loses", "lose", "lose", "failed", "−"], ["gains", "gain", "gain", "ok", "+"], ["moves", "move", "move", "info", ">"], ["changes", "change", "change", "info", "~"], ["waits", "wait", "wait", "held", "="],
];
const SHOWN = 100;

export function Effect({ id, ready }: { id: string; ready: boolean }) {
  const asking = useMutation({ mutationFn: (readGroups: boolean) => calls.post<WhatIf>("/whatif", { draft: id, read_groups: readGroups }) });
  const error = asking.error instanceof ApiError ? asking.error : undefined;
  const [out, setOut] = useState<Set<string>>(new Set());
  const leave = (keys: string[], on: boolean) => setOut((old) => {
    const next = new Set(old);
    for (const key of keys) {
      if (on) next.delete(key);
      else next.add(key);
    }
    return next;
  });
  return (
    <div className="stack">
      <Panel title="Who would be affected" end={<Button size="compact-xs" loading={asking.isPending} disabled={!ready} title={ready ? undefined : "not kept yet"} onClick={() => asking.mutate(false)}>{asking.data ? "Compute again" : "Compute"}</Button>}>
        {asking.isPending ? <Waiting rows={5} /> : error ? (
          <div className="body row wrap" role="alert"><Mark as="failed" label="Failed" /><span className="grow"><b>{error.message}.</b> {error.fix} Nothing was changed.</span>{error.code === "groups_unread" && <Button size="xs" variant="default" onClick={() => asking.mutate(true)}>Ask Okta for them</Button>}</div>
        ) : !asking.data ? <Empty title="Not computed yet">Everybody is judged by what is in force and by this draft; the difference is shown before anything is published.</Empty> : <><Totals data={asking.data} />{asking.data.seal && asking.data.people.length > 0 && <Apply key={asking.data.seal} data={asking.data} out={out} />}</>}
      </Panel>
      {asking.data && <Answer data={asking.data} out={out} leave={leave} />}
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

const keyOf = (p: WhatIf["people"][number]) => `${p.identity.tenant}/${p.identity.user}/${p.site}`;

/** Applies exactly what is shown, but for those left out; then says what became of each line. */
function Apply({ data, out }: { data: WhatIf; out: Set<string> }) {
  const { tenant } = useParams({ from: "/$tenant/policies/$draftId" });
  const may = useMay("edit_policy", true);
  const [opened, modal] = useDisclosure(false);
  const left = data.people.filter((p) => out.has(keyOf(p)));
  const people = data.people.length - left.length;
  const loses = data.people.filter((p) => !out.has(keyOf(p)) && p.loses.length > 0).length;
  const applying = useMutation({
    mutationFn: () => calls.post<Schemas["Applying"]>(`/whatif/${encodeURIComponent(data.seal!)}/apply`, { leave_out: left.map((p) => ({ tenant: p.identity.tenant, id: p.identity.user, site: p.site })) }),
    onSuccess: async () => {
      modal.close();
      await queryClient.invalidateQueries({ queryKey: ["policy"], refetchType: "none" });
    },
  });
  const work = useOverview().data?.work;
  const finishing = useMutation({ mutationFn: () => calls.post<Schemas["SealReport"]>(`/whatif/${encodeURIComponent(applying.data!.seal)}/finish`) });
  const report = finishing.data;
  if (may === false) return null;
  if (applying.data) {
    const under = (work?.due ?? 0) + (work?.leased ?? 0);
    return (
      <div className="body stack" style={{ borderTop: "1px solid var(--line)", gap: 10 }}>
        {report ? (
          <>
            <div className="row wrap" role="status"><Tag as={report.refused.length > 0 ? "held" : "ok"} label={`${number(report.done)} lines done`} /><span>for {plural(report.people, "person", "people")}</span>{report.moved.length > 0 && <span className="dim">; {plural(report.moved.length, "line")} left out or new: each waits under <Link to="/$tenant/approvals" params={{ tenant }} style={{ textDecoration: "underline" }}>Approvals</Link></span>}</div>
            {report.refused.slice(0, 20).map((line) => <div key={line.line + line.identity.user} className="small dim">{line.line}: {line.fate}</div>)}
          </>
        ) : (
          <>
            <div className="row wrap" role="status"><Tag as="info" label="being applied" /><span>{under > 0 ? `${plural(under, "look")} still due or under way` : "every look that was due is over"}</span><span className="grow" /><Link to="/$tenant/activity" params={{ tenant }} search={{ show: "changes" }}>Watch the changes</Link><Button size="compact-xs" variant="default" disabled={under > 0} loading={finishing.isPending} onClick={() => finishing.mutate()}>Say what became of it</Button></div>
            <div className="small dim">The draft is in force. Safe to leave; Stop on the Overview stops it within one call.</div>
          </>
        )}
        {finishing.error && <div role="alert" className="small wrong">Not said: {finishing.error.message}</div>}
      </div>
    );
  }
  return (
    <div className="body row wrap" style={{ borderTop: "1px solid var(--line)" }}>
      <Button size="xs" variant="default" disabled={people === 0} onClick={modal.open}>Apply exactly this</Button>
      <span className="dim small">{left.length > 0 ? `${plural(left.length, "person is", "people are")} left out` : "Untick whom it shall not concern below."} What is shown is sealed as <span className="mono">{data.seal}</span>.</span>
      <Modal opened={opened} onClose={modal.close} title="Apply exactly this" closeButtonProps={{ "aria-label": "Close" }}>
        <div className="stack">
          <p>The draft comes into force, and {plural(people, "person is", "people are")} looked at{loses > 0 && <>; <b>{plural(loses, "person loses", "people lose")} something</b></>}. Only the lines shown are written; what the world wants besides waits for somebody.{left.length > 0 && <> What it would do for {plural(left.length, "person", "people")} left out waits under Approvals.</>}</p>
          {applying.error && <div className="failure" role="alert"><div><b>Nothing was applied.</b> {applying.error.message}. {applying.error instanceof ApiError && applying.error.fix}</div></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={modal.close}>Cancel</Button><Button color={loses > 0 ? "red.9" : undefined} loading={applying.isPending} onClick={() => applying.mutate()}>{loses > 0 ? `Apply: ${plural(loses, "person loses", "people lose")} something` : `Apply for ${plural(people, "person", "people")}`}</Button></div>
        </div>
      </Modal>
    </div>
  );
}

function Answer({ data, out, leave }: { data: WhatIf; out: Set<string>; leave: (keys: string[], on: boolean) => void }) {
  const may = useMay("edit_policy", true);
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
              <li key={keyOf(p)} style={{ paddingBlock: 7 }}>
                {may && data.seal && <Checkbox size="xs" aria-label={`Apply for ${p.person}`} checked={!out.has(keyOf(p))} onChange={(e) => leave([keyOf(p)], e.currentTarget.checked)} style={{ paddingTop: 3 }} />}
                <div className="grow">
                  <Link data-row className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: p.identity.tenant, id: p.identity.user }}>{p.person}</Link>{out.has(keyOf(p)) && <> <Tag as="held" label="left out" /></>}
                  {KINDS.flatMap(([key, , word, tone, symbol]) => p[key].map((text) => <div key={key + text} className="row small"><span className="mark" data-fill={tone} style={{ width: 16, height: 16, fontSize: 11 }} role="img" aria-label={word}>{symbol}</span>{text.replace(/^[-+~>=] /, "")}</div>))}
                  {p.no_longer.map((text) => <div key={text} className="small dim">no longer: {text.replace(/^[-+~>=] /, "")}</div>)}
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
