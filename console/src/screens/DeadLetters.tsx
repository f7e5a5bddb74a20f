// People whose looks ended in an error that repeating does not mend: what to do, and the way to try again, one or all.
import { Button } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, calls, type Schemas } from "../api";
import { ALL, queryClient, useMay } from "../queries";
import { Mark } from "../ui/marks";
import { Panel } from "../ui/panel";
import { RoleFor } from "../ui/role";
import { Loaded } from "../ui/states";
import { plural } from "../words";

const PAGE = 50;

type Dead = Schemas["DeadLetters"]["items"][number];

export function DeadLetters({ tenant }: { tenant: string }) {
  const may = useMay("operate");
  const query = useInfiniteQuery({
    queryKey: ["dead-letters", tenant],
    queryFn: ({ pageParam }) => calls.get<Schemas["DeadLetters"]>("/dead-letters", { limit: PAGE, cursor: pageParam, tenant: tenant === ALL ? undefined : tenant }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 15_000,
    placeholderData: undefined,
  });
  const retry = useMutation({
    mutationFn: async (items: Dead[]) => {
      for (const { identity } of items) await api.look(identity.tenant, identity.id);
    },
    onSettled: () => queryClient.invalidateQueries({ predicate: (q) => ["activity", "dead-letters"].includes(String(q.queryKey[0])) }),
  });
  const mine = (query.data?.pages ?? []).flatMap((page) => page.items);
  const total = query.data?.pages[0]?.total ?? mine.length;
  return (
    <Panel title="Dead letters" tone={mine.length > 0 ? "failed" : "ok"} end={<span className="row">{plural(total, "person", "people")}{mine.length > 1 && may && <Button size="compact-xs" variant="default" loading={retry.isPending} onClick={() => retry.mutate(mine)}>Try {mine.length < total ? "these" : "all"} {mine.length} again</Button>}</span>}>
      <Loaded query={query} what="the dead letters" rows={2}>
        {() => (mine.length === 0 ? <div className="body dim">Nobody waits here: every look came to an end, or is tried again by itself.</div> : (
          <ul className="list">
            {mine.map((item) => (
              <li key={`${item.identity.tenant}/${item.identity.id}`}>
                <Mark as="failed" label="Given up" />
                <div className="grow">
                  <Link data-row className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: item.identity.tenant, id: item.identity.id }}>{item.person ?? item.identity.id}</Link>
                  <div className="dim" style={{ fontSize: 13 }}>{item.error}</div>
                  {item.fix && <div className="fix"><span className="dim">Fix: </span>{item.fix}</div>}
                </div>
                {may && <Button size="compact-xs" variant="default" loading={retry.isPending} onClick={() => retry.mutate([item])} aria-label={`Try ${item.person ?? item.identity.id} again`}>Try again</Button>}
              </li>
            ))}
          </ul>
        ))}
      </Loaded>
      {query.hasNextPage && <div style={{ textAlign: "center", padding: 12 }}><Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more of them</Button></div>}
      {may === false && mine.length > 0 && <div className="body"><RoleFor what="To try again" role="operator" /></div>}
      {retry.error && <div className="body small" role="alert" style={{ color: "var(--failed-fg)" }}>Not all were asked for: {retry.error.message}. Those that were are looked at.</div>}
    </Panel>
  );
}
