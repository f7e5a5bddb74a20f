// Messages to people outside the console that were not delivered: why, and the way to try them again.
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { calls, type Schemas } from "../api";
import { queryClient, useMay } from "../queries";
import { Ago } from "../time";
import { Mark } from "../ui/marks";
import { Panel } from "../ui/panel";
import { RoleFor } from "../ui/role";
import { Loaded } from "../ui/states";
import { plural } from "../words";

/** The newest that are looked through. */
const NEWEST = 500;
const SHOWN = 50;

export function Undelivered() {
  const sees = useMay("see", true);
  const may = useMay("operate", true);
  const query = useQuery({ queryKey: ["messages"], queryFn: () => calls.get<Schemas["Messages"]>("/messages", { limit: NEWEST }), enabled: sees === true, refetchInterval: 15_000 });
  const again = useMutation({
    mutationFn: () => calls.post<{ again: number }>("/messages/again"),
    onSettled: () => queryClient.invalidateQueries({ predicate: (q) => ["messages", "findings", "overview"].includes(String(q.queryKey[0])) }),
  });
  if (sees === false) return <Panel title="Messages that were not delivered"><div className="body"><RoleFor what="To see them" role="viewer, for all tenants and sites" /></div></Panel>;
  const open = (query.data?.items ?? []).filter((message) => message.sent_at === null && message.error !== null);
  const givenUp = open.filter((message) => message.next === null).length;
  return (
    <Panel title="Messages that were not delivered" tone={open.length > 0 ? "held" : "ok"} end={<span className="row">{plural(open.length, "message")}{givenUp > 0 && may && <Button size="compact-xs" variant="default" loading={again.isPending} onClick={() => again.mutate()}>Try what was given up again</Button>}</span>}>
      <Loaded query={query} what="the messages" rows={2}>
        {(data) => (
          <>
            {open.length === 0 ? <div className="body dim">{data.total > data.items.length ? `All of the newest ${plural(data.items.length, "message")} were delivered, or wait for their first try.` : "Every message was delivered, or waits for its first try."}</div> : (
              <ul className="list">
                {open.slice(0, SHOWN).map((message) => (
                  <li key={message.id}>
                    <Mark as={message.next === null ? "failed" : "held"} label={message.next === null ? "Given up" : "Tried again"} />
                    <div className="grow">
                      <div className="title">{message.subject}</div>
                      <div className="dim" style={{ fontSize: 13 }}>by {message.route}, tried {plural(message.attempts, "time")}: {message.error}</div>
                    </div>
                    <div className="small dim" style={{ textAlign: "right", flexShrink: 0 }}><Ago at={message.at} /><div>{message.next === null ? "given up" : <>again <Ago at={message.next} /></>}</div></div>
                  </li>
                ))}
                {open.length > SHOWN && <li className="dim small">{plural(open.length - SHOWN, "older one is", "older ones are")} not shown.</li>}
              </ul>
            )}
            {givenUp > 0 && may === false && <div className="body"><RoleFor what="To try them again" role="operator, for all tenants and sites" /></div>}
            {again.data && <div className="body small" role="status">{plural(again.data.again, "message is", "messages are")} tried again.</div>}
            {again.error && <div className="body small" role="alert" style={{ color: "var(--failed-fg)" }}>None is tried again: {again.error.message}.</div>}
          </>
        )}
      </Loaded>
    </Panel>
  );
}
