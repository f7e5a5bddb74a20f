import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ActivityItem } from "../api";
import { newestFirst, useActivity } from "../queries";
import { Feed } from "../ui/feed";
import { PageHead } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { lineCode, tone } from "../words";

function fits(item: ActivityItem, show: string | undefined, q: string | undefined): boolean {
  const fill = tone(lineCode(item));
  if (show === "problems" && !["failed", "held", "drift"].includes(fill)) return false;
  if (show === "changes" && fill !== "ok") return false;
  return !q || `${item.title} ${item.detail} ${item.person ?? ""} ${item.kind}`.toLowerCase().includes(q.toLowerCase());
}

export function Activity() {
  const tenant = useTenant();
  const { show, q } = useSearch({ from: "/$tenant/activity" });
  const navigate = useNavigate({ from: "/$tenant/activity" });
  const query = useActivity(tenant, { limit: 100, all: show === "everything" });
  const filter = (next: { show?: string; q?: string }) => void navigate({ search: { show, q, ...next } as never, replace: true });
  return (
    <>
      <PageHead title="Activity" sub="What Lanyard saw, decided and did, newest first" />
      <div className="row wrap" style={{ gap: 12 }}>
        <TextInput data-search aria-label="Filter activity" placeholder="Filter what is shown" defaultValue={q ?? ""} onChange={(e) => filter({ q: e.currentTarget.value || undefined })} leftSection={<IconSearch size={16} aria-hidden />} w={300} />
        <SegmentedControl
          size="sm"
          aria-label="Show"
          value={show ?? "all"}
          onChange={(value) => filter({ show: value === "all" ? undefined : value })}
          data={[{ value: "all", label: "All" }, { value: "changes", label: "Changes" }, { value: "problems", label: "Problems" }, { value: "everything", label: "With quiet looks" }]}
        />
      </div>
      <div className="panel">
        <Loaded query={query} what="activity" rows={12}>
          {(data) => {
            const items = newestFirst(data.pages);
            const fitting = items.filter((item) => fits(item, show, q));
            if (items.length === 0) return <Empty title="Nothing has happened yet">Events from Okta and changes in iOffice appear here as they come.</Empty>;
            if (fitting.length === 0) {
              return (
                <Empty title="Nothing here fits the filter" action={<Button size="xs" variant="default" onClick={() => filter({ show: undefined, q: undefined })}>Clear filters</Button>}>
                  {items.length} loaded entries were looked through.
                </Empty>
              );
            }
            return <Feed items={fitting} />;
          }}
        </Loaded>
      </div>
      {query.hasNextPage && (
        <div style={{ textAlign: "center" }}>
          <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button>
        </div>
      )}
    </>
  );
}
