// Who did what to Lanyard itself, and whether the record still fits its seals.
import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api } from "../api";
import { newestFirst, useActivity, useMay } from "../queries";
import { Feed } from "../ui/feed";
import { Mark } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { NeedsRole } from "../ui/role";
import { useTenant } from "../ui/tenant";
import { number } from "../words";

export function Audit() {
  const tenant = useTenant();
  const may = useMay("audit");
  const { q } = useSearch({ from: "/$tenant/audit" });
  const navigate = useNavigate({ from: "/$tenant/audit" });
  const query = useActivity(tenant, { limit: 100, people: true, search: q });
  const search = useDebouncedCallback((text: string) => void navigate({ search: { q: text.trim() || undefined }, replace: true }), 180);
  if (may === false) return <NeedsRole title="Audit log" role="auditor" />;
  return (
    <>
      <PageHead title="Audit log" sub="What people and programs did to Lanyard itself; it only grows" />
      <Seals />
      <TextInput data-search aria-label="Search the audit log" placeholder="Name or text" defaultValue={q ?? ""} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden />} maw={300} />
      <div className="panel">
        <Loaded query={query} what="the audit log" rows={10}>
          {(data) => {
            const items = newestFirst(data.pages);
            if (items.length > 0) return <Feed items={items} />;
            // What was not looked at is not said to be empty.
            if (query.hasNextPage) return <Empty title={q ? "Nothing fits among the newest lines" : "Nothing among the newest lines"}>Show more looks further.</Empty>;
            return <Empty title={q ? "Nothing fits" : "Nothing on record yet"}>{q ? "All of it was looked through: what was done, and by whom." : "Sign-ins, stops, publications, decisions and what was put away appear here."}</Empty>;
          }}
        </Loaded>
      </div>
      {query.hasNextPage && <div style={{ textAlign: "center" }}><Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button></div>}
    </>
  );
}

function Seals() {
  const query = useQuery({ queryKey: ["journal"], queryFn: api.journal, staleTime: 60_000 });
  return (
    <Panel title="The journal's seals" tone={query.data ? (query.data.damage ? "failed" : "ok") : undefined} end={<Button size="compact-xs" variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>Compute again</Button>}>
      <Loaded query={query} what="the journal's seals" rows={2}>
        {(data) => (
          <div className="body stack" style={{ gap: 8 }}>
            <div className="row"><Mark as={data.damage ? "failed" : "ok"} label={data.damage ? "Damaged" : "Whole"} /><b>{data.damage ?? "Every line fits its leaf, and every leaf its tree."}</b></div>
            <ul>
              {data.trees.map((tree) => <li key={tree.tenant} className="row wrap small"><b>{tree.tenant}</b><span className="num dim">{number(tree.size)} lines</span><span className="mono dim">{tree.root}</span></li>)}
            </ul>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
