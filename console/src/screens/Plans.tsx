import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { memo } from "react";
import type { PlanRow } from "../api";
import { usePlans } from "../queries";
import { Ago } from "../time";
import { Summary } from "../ui/marks";
import { PageHead } from "../ui/panel";
import { useReturnFocus } from "../ui/return_focus";
import { RowLink, useGo } from "../ui/row_link";
import { TableRows, useAnswered } from "../ui/rows";
import { SortHead } from "../ui/sort";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { words } from "../words";
import { PlansReach } from "./PlansReach";
import { Seals } from "./sealed/Seals";
import { UndoLink } from "./undo/UndoLink";

export function Plans() {
  const tenant = useTenant();
  const navigate = useNavigate({ from: "/$tenant/plans" });
  const { q, effect, sort } = useSearch({ from: "/$tenant/plans" });
  const query = usePlans(tenant, { search: q, effect, sort });
  const answered = useAnswered(query, JSON.stringify([tenant, q, effect, sort]));
  const filter = (next: { q?: string; effect?: string; sort?: string }) => void navigate({ search: { q, effect, sort, ...next } as never, replace: true });
  const search = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), 180);
  useReturnFocus(query.data !== undefined);
  return (
    <>
      <PageHead title="Plans" sub="What Lanyard proposed to change: for everybody by a draft, and person by person">
        <UndoLink search={{}} label="Take back a stretch of time" />
      </PageHead>
      <div className="cols two">
        <Seals tenant={tenant} />
        <PlansReach tenant={tenant} />
      </div>
      <h2 className="section">Person by person</h2>
      <div className="row wrap" style={{ gap: 12 }}>
        <TextInput data-search aria-label="Search plans" placeholder="Name of a person" defaultValue={q ?? ""} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden />} w={240} />
        <SegmentedControl
          size="sm"
          aria-label="Effect"
          value={effect ?? "all"}
          onChange={(value) => filter({ effect: value === "all" ? undefined : value })}
          data={[{ value: "all", label: "All" }, { value: "remove", label: "− Remove" }, { value: "held", label: "= Held" }, { value: "move", label: "> Move" }, { value: "change", label: "~ Change" }, { value: "add", label: "+ Add" }]}
        />
      </div>
      <div className="panel">
        <Loaded query={query} what="plans" rows={12}>
          {(pages) => {
            const data = pages.pages.flatMap((page) => page.items);
            return data.length === 0 && (q || effect) ? (
              <Empty title="No plan fits the filter" action={<Button size="xs" variant="default" onClick={() => filter({ q: undefined, effect: undefined })}>Clear filters</Button>}>{query.hasNextPage ? "The newest were looked through; Show more looks further." : "All plans were looked through."}</Empty>
            ) : data.length === 0 && query.hasNextPage ? (
              <Empty title="None of your sites among the newest plans">Show more looks further.</Empty>
            ) : data.length === 0 ? (
              <Empty title="No plans yet">A plan is made when a look finds something to change. See Health if you expected one.</Empty>
            ) : (
              <div className="scroll">
                <table className="table">
                  <thead><tr><th>Person</th><th>Changes</th><th>Lane</th><th>Tenant</th><SortHead className="r" label="Made" sort={sort === "oldest" ? "ascending" : "descending"} turn={() => filter({ sort: sort === "oldest" ? undefined : "oldest" })} /></tr></thead>
                  <TableRows key={answered} of={data}>{(plan) => <Row key={plan.id} plan={plan} tenant={tenant} />}</TableRows>
                </table>
              </div>
            );
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

/** Drawn once: a list of thousands is not drawn anew for each page that is added to it. */
const Row = memo(function Row({ plan, tenant }: { plan: PlanRow; tenant: string }) {
  const go = useGo();
  const target = { to: "/$tenant/plans/$planId", params: { tenant, planId: plan.id } } as const;
  return (
    <tr data-link onClick={() => go(target)}>
      <td>
        <RowLink {...target} data-row style={{ color: "var(--text)", fontWeight: 560 }}>
          {plan.person ?? plan.identity?.id ?? plan.id}
        </RowLink>
        <div className="dim mono">{plan.id}</div>
      </td>
      <td><Summary summary={plan.summary} short /></td>
      <td className="dim">{plan.lane ? words(plan.lane) : "–"}</td>
      <td className="dim">{[plan.tenant, plan.site].filter(Boolean).join(" → ") || "–"}</td>
      <td className="r dim"><Ago at={plan.at} /></td>
    </tr>
  );
});
