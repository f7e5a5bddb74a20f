// What complete comparisons found: runs, and what is still open of it.
import { Button, Checkbox, Modal, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconSearch } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { memo, useCallback, useState } from "react";
import { api, ApiError, type Finding, type Sweep } from "../api";
import { queryClient, useFindings, useMay, useSweeps } from "../queries";
import { Ago, At, duration } from "../time";
import { CodeMark, Tag } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { RoleFor } from "../ui/role";
import { RowLink } from "../ui/row_link";
import { useAnswered, useScreenful } from "../ui/rows";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural, words } from "../words";
import { Apart } from "./Apart";
import { NO_TERMS, sent, TermsFields } from "./PutAway";
import "../forms.css";

/** Kinds that stand side by side; the rarer ones are behind a list. */
const SEGMENTS = 5;
const kindItem = ([name, count]: [string, number]) => ({ value: name, label: `${words(name)} ${number(count)}` });

export function Drift() {
  const tenant = useTenant();
  const { kind, q, sort } = useSearch({ from: "/$tenant/drift" });
  const navigate = useNavigate({ from: "/$tenant/drift" });
  const findings = useFindings(tenant, { kind, search: q, sort });
  const answered = useAnswered(findings, JSON.stringify([tenant, kind, q, sort]));
  const sweeps = useSweeps();
  const filter = (next: { kind?: string; q?: string; sort?: string }) => void navigate({ search: { kind, q, sort, ...next } as never, replace: true });
  const search = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), 180);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const pick = useCallback((keys: string[], on: boolean) => setChosen((old) => {
    const next = new Set(old);
    for (const key of keys) {
      if (on) next.add(key);
      else next.delete(key);
    }
    return next;
  }), []);
  const first = findings.data?.pages[0];
  const kinds = Object.entries(first?.kinds ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <>
      <PageHead title="Drift" sub="Where the two sides differ, and what a person must settle" />
      <div className="cols main">
        <div className="stack">
          <div className="row wrap" style={{ gap: 12 }}>
            <TextInput data-search aria-label="Search findings" placeholder="Name, place or text" defaultValue={q ?? ""} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden />} w={260} />
            {kinds.length > 1 && (
              <SegmentedControl size="sm" aria-label="Kind" value={kind ?? "all"} onChange={(value) => filter({ kind: value === "all" ? undefined : value })}
                data={[{ value: "all", label: "All" }, ...kinds.slice(0, SEGMENTS).map(kindItem)]} />
            )}
            {kinds.length > SEGMENTS && (
              <NativeSelect aria-label="Other kinds" value={kinds.slice(SEGMENTS).some(([name]) => name === kind) ? kind : ""} onChange={(e) => filter({ kind: e.currentTarget.value || undefined })}
                data={[{ value: "", label: plural(kinds.length - SEGMENTS, "other kind") }, ...kinds.slice(SEGMENTS).map(kindItem)]} />
            )}
          </div>
          <div className="row" style={{ gap: 8 }}><span className="dim small">Sort</span><SegmentedControl size="xs" aria-label="Sort" value={sort ?? "severity"} onChange={(value) => filter({ sort: value === "severity" ? undefined : value })} data={[{ value: "severity", label: "Worst first" }, { value: "newest", label: "Newest" }, { value: "oldest", label: "Oldest" }, { value: "title", label: "By name" }]} /></div>
          <Panel title="Open findings" end={first && plural(first.total, "finding")}>
            <Together items={(findings.data?.pages ?? []).flatMap((page) => page.items)} chosen={chosen} pick={pick} />
            <Loaded query={findings} what="the findings" rows={8}>
              {(data) => <Findings key={answered} items={data.pages.flatMap((page) => page.items)} filtered={Boolean(kind ?? q)} clear={() => filter({ kind: undefined, q: undefined })} tenant={tenant} chosen={chosen} pick={pick} />}
            </Loaded>
          </Panel>
          {findings.hasNextPage && <div style={{ textAlign: "center" }}><Button variant="default" size="xs" loading={findings.isFetchingNextPage} onClick={() => void findings.fetchNextPage()}>Show more</Button></div>}
          <Apart tenant={tenant} />
        </div>
        <Panel title="Complete comparisons">
          <Loaded query={sweeps} what="the comparisons">{(data) => <Runs runs={data.items} />}</Loaded>
        </Panel>
      </div>
    </>
  );
}

/** What can be done about several findings at once: look at their people again, or put away what no read can end. */
function Together({ items, chosen, pick }: { items: Finding[]; chosen: Set<string>; pick: (keys: string[], on: boolean) => void }) {
  const may = useMay("operate");
  const [asking, modal] = useDisclosure(false);
  const [terms, setTerms] = useState(NO_TERMS);
  const group = items.filter((finding) => chosen.has(finding.key));
  const people = [...new Map(group.flatMap((f) => (f.identity ? [[`${f.identity.tenant}/${f.identity.user}`, f.identity] as const] : []))).values()];
  const refresh = () => queryClient.invalidateQueries({ queryKey: ["findings"] });
  const look = useMutation({
    mutationFn: async () => {
      for (const who of people) await api.look(who.tenant, who.user);
    },
    onSuccess: () => notifications.show({ message: `Looking at ${plural(people.length, "person", "people")} again.` }),
    onSettled: refresh,
  });
  const away = useMutation({
    mutationFn: async () => {
      const stay: string[] = [];
      for (const finding of group) {
        try {
          await api.putAway(finding.key, sent(terms));
        } catch (error) {
          stay.push(`${finding.title}: ${error instanceof ApiError ? [error.message, error.fix].filter(Boolean).join("; ") : String(error)}`);
        }
      }
      return { done: group.length - stay.length, stay };
    },
    onSuccess: ({ stay }) => {
      if (stay.length > 0) return;
      setTerms(NO_TERMS);
      pick(group.map((f) => f.key), false);
      modal.close();
    },
    onSettled: refresh,
  });
  if (items.length === 0 || may === undefined) return null;
  if (!may) return <div className="subhead" style={{ borderTop: 0 }}><RoleFor what="To look again, or to put away," role="operator" /></div>;
  const all = group.length === items.length;
  return (
    <div className="subhead row wrap" style={{ borderTop: 0 }}>
      <Checkbox size="xs" label={group.length === 0 ? "Choose all that are shown" : `${group.length} chosen`} checked={all} indeterminate={!all && group.length > 0} onChange={(e) => pick(items.map((f) => f.key), e.currentTarget.checked)} />
      <span className="grow" />
      <Button size="compact-xs" variant="default" disabled={people.length === 0} title={group.length > 0 && people.length === 0 ? "none of them is about a person in Okta" : undefined} loading={look.isPending} onClick={() => look.mutate()}>Look at {people.length > 0 ? plural(people.length, "person", "people") : "their people"} again</Button>
      <Button size="compact-xs" variant="default" disabled={group.length === 0} onClick={modal.open}>Put away…</Button>
      {look.error && <div role="alert" style={{ color: "var(--failed-fg)", width: "100%" }}>Not all were asked for: {look.error.message}</div>}
      <Modal opened={asking} onClose={() => { modal.close(); away.reset(); }} title={`Put ${plural(group.length, "finding")} away`} closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); away.mutate(); }}>
          <p>Only what no later read can end is put away; the rest ends by itself when its cause does. The journal keeps who and why.</p>
          <TermsFields terms={terms} change={setTerms} />
          {away.data && away.data.stay.length > 0 && <div role="alert" className="small"><b>{away.data.done === 0 ? "None was put away" : `${away.data.done} were put away`}; {plural(away.data.stay.length, "stays", "stay")}:</b><ul>{away.data.stay.slice(0, 8).map((text) => <li key={text}>{text}</li>)}</ul></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={() => { modal.close(); away.reset(); }}>Close</Button><Button type="submit" disabled={terms.reason.trim() === ""} loading={away.isPending}>Put away</Button></div>
        </form>
      </Modal>
    </div>
  );
}

function Findings({ items, filtered, clear, tenant, chosen, pick }: { items: Finding[]; filtered: boolean; clear: () => void; tenant: string; chosen: Set<string>; pick: (keys: string[], on: boolean) => void }) {
  const { shown, room } = useScreenful(items);
  if (items.length === 0 && filtered) return <Empty title="No finding fits the filter" action={<Button size="xs" variant="default" onClick={clear}>Clear filters</Button>} />;
  if (items.length === 0) return <Empty title="Both sides agree">The last comparison left nothing for a person.</Empty>;
  return (
    <ul className="list">
      {shown.map((finding) => <Row key={finding.key} finding={finding} tenant={tenant} chosen={chosen.has(finding.key)} pick={pick} />)}
      {room > 0 && <li aria-hidden style={{ height: room }} />}
    </ul>
  );
}

/** Drawn once: a list of hundreds is not drawn anew for each box that is ticked. */
const Row = memo(function Row({ finding, tenant, chosen, pick }: { finding: Finding; tenant: string; chosen: boolean; pick: (keys: string[], on: boolean) => void }) {
  return (
    <li>
      <Checkbox size="xs" aria-label={`Choose ${finding.title}`} checked={chosen} onChange={(e) => pick([finding.key], e.currentTarget.checked)} style={{ paddingTop: 3 }} />
      <CodeMark code={finding.severity} />
      <div className="grow">
        <div className="row wrap" style={{ rowGap: 0 }}><span className="title">{finding.title}</span><Tag as="off" label={words(finding.kind)} /></div>
        <div className="dim" style={{ fontSize: 13 }}>{finding.detail}</div>
        {finding.fix && <div className="fix"><span className="dim">Fix: </span>{finding.fix}</div>}
      </div>
      <div className="small dim" style={{ textAlign: "right", flexShrink: 0 }}>
        <Ago at={finding.since} />
        {finding.identity && <div><RowLink data-row to="/$tenant/people/$home/$id" params={{ tenant, home: finding.identity.tenant, id: finding.identity.user }} aria-label={`Open person: ${finding.title}`}>Open person</RowLink></div>}
        {finding.site && <div>{finding.site}</div>}
      </div>
    </li>
  );
});

function Runs({ runs }: { runs: Sweep[] }) {
  if (runs.length === 0) return <Empty title="No comparison yet">The first one begins shortly after the start.</Empty>;
  return (
    <ul className="list">
      {runs.slice(0, 20).map((run) => (
        <li key={run.id}>
          <CodeMark code={run.ended_at ? (run.certified ? "ok" : "warning") : "info"} />
          <div className="grow">
            <div className="title"><At at={run.started_at} /></div>
            <div className="dim small">
              {number(run.people)} people, {number(run.accounts)} accounts{run.ended_at ? `, took ${duration((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000)}` : ", under way"}
            </div>
            {run.doubts.length > 0 && <div className="fix small">{run.doubts.slice(0, 2).join(" ")}</div>}
          </div>
          <div className="small" style={{ textAlign: "right", flexShrink: 0 }}>
            <div className="num">{plural(run.drift, "person", "people")} differ{run.drift === 1 ? "s" : ""}</div>
            <div className="dim">{run.ended_at ? (run.certified ? "complete" : "not proven") : ""}</div>
          </div>
        </li>
      ))}
    </ul>
  );
}
