import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { newestFirst, useActivity } from "../queries";
import { DeadLetters } from "./DeadLetters";
import { Trail } from "./Trail";
import { Undelivered } from "./Undelivered";
import { Feed } from "../ui/feed";
import { PageHead } from "../ui/panel";
import { useAnswered } from "../ui/rows";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";

export function Activity() {
  const tenant = useTenant();
  const { show, q, sort, line } = useSearch({ from: "/$tenant/activity" });
  const navigate = useNavigate({ from: "/$tenant/activity" });
  const query = useActivity(tenant, {
    limit: 100,
    all: show === "everything",
    kinds: show === "changes" ? "operation,verified" : undefined,
    problems: show === "problems",
    search: q,
    sort,
  });
  const answered = useAnswered(query, JSON.stringify([tenant, show, q, sort]));
  const filter = (next: { show?: string; q?: string; sort?: string; line?: string }) => void navigate({ search: (old: object) => ({ ...old, ...next }) as never, replace: true });
  const search = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), 180);
  return (
    <>
      <PageHead title="Activity" sub={`What Lanyard saw, decided and did, ${sort === "oldest" ? "oldest" : "newest"} first`} />
      <div className="row wrap" style={{ gap: 12 }}>
        <TextInput data-search aria-label="Search activity" placeholder="Name or text" defaultValue={q ?? ""} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden />} w={300} />
        <SegmentedControl
          size="sm"
          aria-label="Show"
          value={show ?? "all"}
          onChange={(value) => filter({ show: value === "all" ? undefined : value })}
          data={[{ value: "all", label: "All" }, { value: "changes", label: "Changes" }, { value: "problems", label: "Problems" }, { value: "everything", label: "With quiet looks" }]}
 />
        <SegmentedControl size="sm" aria-label="Order" value={sort ?? "newest"} onChange={(value) => filter({ sort: value === "oldest" ? value : undefined })} data={[{ value: "newest", label: "Newest" }, { value: "oldest", label: "Oldest" }]} />
      </div>
      {show === "problems" && <><DeadLetters tenant={tenant} /><Undelivered /></>}
      <div className={line ? "cols main" : undefined}>
      <div className="panel">
        <Loaded query={query} what="activity" rows={12}>
          {(data) => {
            const items = sort === "oldest" ? newestFirst(data.pages).reverse() : newestFirst(data.pages);
            if (items.length === 0 && (show ?? q)) {
              return (
                <Empty title="Nothing here fits the filter" action={<Button size="xs" variant="default" onClick={() => filter({ show: undefined, q: undefined })}>Clear filters</Button>}>
                  {query.hasNextPage ? "The newest lines were looked through; Show more looks further." : "All of it was looked through."}
                </Empty>
              );
            }
            if (items.length === 0) return <Empty title="Nothing has happened yet">Events from Okta and changes in iOffice appear here as they come.</Empty>;
            return <Feed key={answered} items={items} open={line} choose={(next) => filter({ line: next === line ? undefined : next })} />;
          }}
        </Loaded>
      </div>
      {line && <Trail key={line} line={line} tenant={tenant} close={() => filter({ line: undefined })} />}
      </div>
      {query.hasNextPage && (
        <div style={{ textAlign: "center" }}>
          <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button>
        </div>
      )}
    </>
  );
}
