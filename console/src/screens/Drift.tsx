// What complete comparisons found: runs, and what is still open of it.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Finding, Sweep } from "../api";
import { useFindings, useSweeps } from "../queries";
import { Ago, At, duration } from "../time";
import { CodeMark, Tag } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural, words } from "../words";

export function Drift() {
  const tenant = useTenant();
  const { kind, q } = useSearch({ from: "/$tenant/drift" });
  const navigate = useNavigate({ from: "/$tenant/drift" });
  const findings = useFindings(tenant, { kind, search: q });
  const sweeps = useSweeps();
  const filter = (next: { kind?: string; q?: string }) => void navigate({ search: { kind, q, ...next }, replace: true });
  const search = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), 180);
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
                data={[{ value: "all", label: "All" }, ...kinds.slice(0, 5).map(([name, count]) => ({ value: name, label: `${words(name)} ${number(count)}` }))]} />
            )}
          </div>
          <Panel title="Open findings" end={first && plural(first.total, "finding")}>
            <Loaded query={findings} what="the findings" rows={8}>
              {(data) => <Findings items={data.pages.flatMap((page) => page.items)} filtered={Boolean(kind ?? q)} clear={() => filter({ kind: undefined, q: undefined })} tenant={tenant} />}
            </Loaded>
          </Panel>
          {findings.hasNextPage && <div style={{ textAlign: "center" }}><Button variant="default" size="xs" loading={findings.isFetchingNextPage} onClick={() => void findings.fetchNextPage()}>Show more</Button></div>}
        </div>
        <Panel title="Complete comparisons">
          <Loaded query={sweeps} what="the comparisons">{(data) => <Runs runs={data.items} />}</Loaded>
        </Panel>
      </div>
    </>
  );
}

function Findings({ items, filtered, clear, tenant }: { items: Finding[]; filtered: boolean; clear: () => void; tenant: string }) {
  if (items.length === 0 && filtered) return <Empty title="No finding fits the filter" action={<Button size="xs" variant="default" onClick={clear}>Clear filters</Button>} />;
  if (items.length === 0) return <Empty title="Both sides agree">The last comparison left nothing for a person.</Empty>;
  return (
    <ul className="list">
      {items.map((finding) => (
        <li key={finding.key}>
          <CodeMark code={finding.severity} />
          <div className="grow">
            <div className="row wrap" style={{ rowGap: 0 }}><span className="title">{finding.title}</span><Tag as="off" label={words(finding.kind)} /></div>
            <div className="dim" style={{ fontSize: 13 }}>{finding.detail}</div>
            {finding.fix && <div className="fix"><span className="dim">Fix: </span>{finding.fix}</div>}
          </div>
          <div className="small dim" style={{ textAlign: "right", flexShrink: 0 }}>
            <Ago at={finding.since} />
            {finding.identity && <div><Link data-row to="/$tenant/people/$home/$id" params={{ tenant, home: finding.identity.tenant, id: finding.identity.user }} aria-label={`Open person: ${finding.title}`}>Open person</Link></div>}
            {finding.site && <div>{finding.site}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}

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
