// Who votes in whose place, from when until when, and who recorded it; given and withdrawn by either of the two, or an owner.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, calls, saidOf, type Schemas } from "../api";
import { queryClient, useMay, useSession } from "../queries";
import { At } from "../time";
import { Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { plural } from "../words";
import "../forms.css";

type Delegation = Schemas["Delegation"];

const refresh = () => queryClient.invalidateQueries({ queryKey: ["delegations"] });

export function StandIns() {
  const query = useQuery({ queryKey: ["delegations"], queryFn: () => calls.get<Schemas["Delegations"]>("/delegations"), staleTime: 30_000 });
  const [giving, setGiving] = useState(false);
  const withdraw = useMutation({ mutationFn: (id: string) => calls.send<null>("DELETE", `/delegations/${encodeURIComponent(id)}`), onSuccess: refresh });
  return (
    <Panel title="Votes in somebody's place" end={query.data && query.data.items.length > 0 ? plural(query.data.items.length, "delegation") : undefined}>
      <Loaded query={query} what="the delegations" rows={2}>
        {({ items }) => (
          <>
            {items.length === 0 && !giving && <Empty title="Nobody votes in another's place">Whoever is away may let a colleague decide for a time: on what they are asked themselves, never about that colleague.</Empty>}
            <ul className="list">{items.map((one) => <Row key={one.id} one={one} withdraw={() => withdraw.mutate(one.id)} busy={withdraw.isPending && withdraw.variables === one.id} />)}</ul>
            <Failure what="Nothing was withdrawn." error={withdraw.error} />
            {giving ? <Give done={() => setGiving(false)} /> : <div className="body"><Button size="xs" variant="default" onClick={() => setGiving(true)}>Let somebody vote</Button></div>}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Row({ one, withdraw, busy }: { one: Delegation; withdraw: () => void; busy: boolean }) {
  return (
    <li>
      <div className="grow">
        <div><b>{one.to}</b> for {one.from}</div>
        <div className="dim small">{one.starts && <>from <At at={one.starts} seconds={false} /> </>}until <At at={one.until} seconds={false} />{one.given_by && `, recorded by ${one.given_by}`}{one.reason && `: ${one.reason}`}</div>
      </div>
      <Button size="compact-xs" variant="subtle" loading={busy} aria-label={`Withdraw: ${one.to} for ${one.from}`} onClick={withdraw}>Withdraw</Button>
    </li>
  );
}

/** Times are those of whoever sits here. */
function Give({ done }: { done: () => void }) {
  const own = useSession().data?.names.find((name) => name.includes("@")) ?? "";
  const anybody = useMay("own", true);
  const [from, setFrom] = useState(own);
  const [to, setTo] = useState("");
  const [starts, setStarts] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const give = useMutation({
    mutationFn: () => calls.post<Delegation>("/delegations", { from: from.trim(), to: to.trim(), starts: instant(starts), until: instant(until), reason: reason.trim() }),
    onSuccess: async () => {
      await refresh();
      done();
    },
  });
  const said = (field: string) => saidOf(give.error, field);
  return (
    <form className="body stack" onSubmit={(e) => { e.preventDefault(); give.mutate(); }}>
      <div className="fields">
        <TextInput label="In whose place" description="E-mail address" value={from} readOnly={!anybody && own !== ""} onChange={(e) => setFrom(e.currentTarget.value)} error={said("from")} required />
        <TextInput label="Who may vote" description="E-mail address of somebody who works here" value={to} onChange={(e) => setTo(e.currentTarget.value)} error={said("to")} required />
        <TextInput type="datetime-local" label="From" description="Empty: now" value={starts} onChange={(e) => setStarts(e.currentTarget.value)} />
        <TextInput type="datetime-local" label="Until" value={until} onChange={(e) => setUntil(e.currentTarget.value)} error={said("until")} required />
        <TextInput label="Why" value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
      </div>
      <Failure what="Nothing was delegated." error={give.error} />
      <div className="row wrap">
        <Button type="submit" size="xs" loading={give.isPending} disabled={instant(until) === undefined || from.trim() === "" || to.trim() === ""}>Let them vote</Button>
        <Button size="xs" variant="default" onClick={done}>Cancel</Button>
      </div>
    </form>
  );
}

function Failure({ what, error }: { what: string; error: Error | null }) {
  if (!error) return null;
  return <div className="failure" role="alert"><div><b>{what}</b> {error.message}{error instanceof ApiError && error.fix ? `. ${error.fix}` : ""}</div></div>;
}

function instant(text: string): string | undefined {
  const date = new Date(text);
  return text === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
