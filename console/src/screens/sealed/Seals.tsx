// Plans for everybody: what-ifs as they were sealed, and how each stands.
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { calls, type Schemas } from "../../api";
import { useMay } from "../../queries";
import { Ago } from "../../time";
import { Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty, Loaded } from "../../ui/states";
import { plural } from "../../words";
import { SEAL_STATE } from "./words";

const FIRST = 5;

export function Seals({ tenant }: { tenant: string }) {
  const may = useMay("see", true);
  const query = useInfiniteQuery({
    queryKey: ["seals", "list"],
    queryFn: ({ pageParam }) => calls.get<Schemas["Seals"]>("/whatif", { limit: pageParam === "" ? FIRST : 20, cursor: pageParam }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 15_000,
    enabled: may === true,
  });
  if (!may) return null;
  return (
    <Panel title="For everybody" end={<Link to="/$tenant/policies" params={{ tenant }}>Compute one from a draft</Link>}>
      <Loaded query={query} what="the plans for everybody" rows={2}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items);
          return items.length === 0 ? <Empty title="No plan for everybody yet">A draft's effect is sealed when it is computed, under Policies, Effect; it can then be read, cut down and applied here.</Empty> : (
            <ul className="list">
              {items.map((seal) => (
                <li key={seal.seal}>
                  <Tag as={SEAL_STATE[seal.state].tone} label={SEAL_STATE[seal.state].label} />
                  <div className="grow">
                    <Link data-row className="title" to="/$tenant/plans/$planId" params={{ tenant, planId: seal.seal }}>{seal.policy}: {plural(seal.lines, "change")} for {plural(seal.people, "person", "people")}</Link>
                    <div className="dim small">{seal.of && `${plural(seal.left_out, "person", "people")} left out altogether · `}<span className="mono">{seal.seal}</span></div>
                  </div>
                  <span className="small dim"><Ago at={seal.ended_at ?? seal.started_at ?? seal.at} /></span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
      {query.hasNextPage && <div style={{ textAlign: "center", padding: 8 }}><Button variant="default" size="compact-xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show older ones</Button></div>}
    </Panel>
  );
}
