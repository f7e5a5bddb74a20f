// Taking something back: first what that means against today's world, and what cannot come back; then a reason; then what
// became of it, read back.
import { Button, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconArrowLeft } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { ApiError, calls, type Schemas } from "../../api";
import { queryClient, useMay, useOverview, usePerson, usePlan } from "../../queries";
import { absolute, At, useServerNow, useZone } from "../../time";
import { Mark, Tag } from "../../ui/marks";
import { Moment } from "../../ui/moment";
import { Facts, PageHead, Panel } from "../../ui/panel";
import { NeedsRole } from "../../ui/role";
import { Empty, Loaded } from "../../ui/states";
import { Steps } from "../../ui/steps";
import { useTenant } from "../../ui/tenant";
import { number, plural, type Tone } from "../../words";
import { readBack, scopeOf, summed, type Scope, type Sum, type TakenBack, type UndoSearch } from "./scope";

type Undone = Schemas["Undone"];
type Take = (next: Partial<UndoSearch>) => void;

export function Undo() {
  const tenant = useTenant();
  const may = useMay("own", true);
  const search = useSearch({ from: "/$tenant/undo" });
  const navigate = useNavigate({ from: "/$tenant/undo" });
  const take: Take = (next) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  const scope = scopeOf(search);
  if (may === false) return <NeedsRole title="Take back" role="owner, for all tenants and sites" />;
  return (
    <>
      <BackTo search={search} tenant={tenant} />
      <PageHead title="Take back" sub={<Of search={search} />} />
      {!search.plan && !search.seal && <When search={search} take={take} />}
      {may && scope && <Meaning key={JSON.stringify(scope)} scope={scope} />}
    </>
  );
}

function BackTo({ search, tenant }: { search: UndoSearch; tenant: string }) {
  const back = (to: ReactNode) => <div className="row small" style={{ width: "fit-content" }}>{to}</div>;
  const arrow = <IconArrowLeft size={14} aria-hidden />;
  if (search.plan ?? search.seal) return back(<Link className="row" to="/$tenant/plans/$planId" params={{ tenant, planId: (search.plan ?? search.seal)! }}>{arrow} The plan</Link>);
  if (search.home && search.id) return back(<Link className="row" to="/$tenant/people/$home/$id" params={{ tenant, home: search.home, id: search.id }}>{arrow} The person</Link>);
  return back(<Link className="row" to="/$tenant/plans" params={{ tenant }}>{arrow} Plans</Link>);
}

/** What it is about, in words. */
function Of({ search }: { search: UndoSearch }) {
  if (search.plan) return <OfPlan plan={search.plan} step={search.operation} />;
  if (search.seal) return <>what the sealed plan <span className="mono">{search.seal}</span> changed while it was applied</>;
  if (search.home && search.id) return <OfPerson home={search.home} id={search.id} />;
  return <>what was done for anybody within a time</>;
}

function OfPlan({ plan, step }: { plan: string; step?: number }) {
  const person = usePlan(plan).data?.person;
  return <>{step ? `operation ${step} of ` : ""}the plan <span className="mono">{plan}</span>{person && ` for ${person}`}</>;
}

function OfPerson({ home, id }: { home: string; id: string }) {
  return <>what was done for {usePerson(home, id).data?.person.name ?? `${home}/${id}`}</>;
}

const HOUR_MS = 3_600_000;
const SINCE: [string, number][] = [["1 hour", HOUR_MS], ["1 day", 24 * HOUR_MS], ["7 days", 7 * 24 * HOUR_MS]];

/** From when on: of a person, or of everybody up to another moment. */
function When({ search, take }: { search: UndoSearch; take: Take }) {
  const now = useServerNow(60_000);
  const one = search.home !== undefined && search.id !== undefined;
  return (
    <Panel title={one ? "Since when" : "Within which time"} end={one ? undefined : "everybody, in all tenants and sites"}>
      <div className="body stack">
        <div className="fields">
          <Moment label="From" at={search.since} ask={(since) => take({ since })} />
          {!one && <Moment label="Up to" at={search.until} ask={(until) => take({ until })} empty="now" />}
        </div>
        <div className="row wrap">
          <span className="dim small">Or the last</span>
          {SINCE.map(([label, ms]) => <Button key={label} size="compact-xs" variant="default" onClick={() => take({ since: new Date(now - ms).toISOString(), until: undefined })}>{label}</Button>)}
        </div>
        {search.since === undefined && <p className="dim small">Say from when on; then it is shown what taking it back would mean today. Looking changes nothing.</p>}
      </div>
    </Panel>
  );
}

function Meaning({ scope }: { scope: Scope }) {
  const tenant = useTenant();
  const query = useQuery({
    // Accounts are read afresh for it: it is asked again by hand only.
    queryKey: ["undo", scope],
    queryFn: () => calls.post<Undone>("/undo", scope),
    staleTime: Infinity,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    placeholderData: undefined,
  });
  const [done, setDone] = useState<Undone>();
  if (done) return <Done undone={done} />;
  return (
    <Loaded query={query} what="what taking it back means" rows={8} slow="The accounts are read afresh for this. A long time, or many people, take longer.">
      {({ people }) => {
        const sum = summed(people);
        return (
          <div className="cols main">
            <div className="stack">
              {people.length === 0 && <div className="panel"><Empty title="Nothing was done there">No operation of this was accepted by iOffice, so there is nothing to take back. What was only planned, held or refused changed nothing.</Empty></div>}
              <People all={people} part={(one) => <Before key={keyOf(one)} one={one} />} />
            </div>
            <div className="stack sticky">
              <Panel title="What it means today" end={<Button size="compact-xs" variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>Look again</Button>}>
                <div className="body">
                  <Facts rows={[
                    ["Was done", `${plural(sum.operations, "operation")} for ${plural(sum.people, "person", "people")}`],
                    ["Would be done", plural(sum.steps, "step")],
                    ["Takes away", sum.takes > 0 ? <span key="t" style={{ color: "var(--failed-fg)", fontWeight: 600 }}>{plural(sum.takes, "thing")}</span> : "nothing"],
                    ["Cannot come back", sum.lost > 0 ? <span key="l" style={{ color: "var(--failed-fg)", fontWeight: 600 }}>{plural(sum.lost, "thing")}</span> : "nothing is lost"],
                    ["Left alone", sum.moved > 0 ? `${plural(sum.moved, "thing")} that somebody changed since` : "nothing was changed since"],
                  ]} />
                </div>
              </Panel>
              {scope.seal && <p className="small dim">Its policy stays in force: what is taken back is kept away person by person, and everything else goes on by it. To have the earlier policy again, roll back to it under <Link to="/$tenant/policies" params={{ tenant }} style={{ textDecoration: "underline" }}>Policy</Link>.</p>}
              {sum.steps > 0 && <Confirm scope={scope} sum={sum} people={people} done={setDone} />}
              {people.length > 0 && sum.steps === 0 && <Panel title="Nothing left to do" tone="ok"><div className="body small">Everything that can come back is as it was before, or was changed by somebody since and is left alone.</div></Panel>}
            </div>
          </div>
        );
      }}
    </Loaded>
  );
}

const keyOf = (one: TakenBack) => `${one.identity.tenant}/${one.identity.user}/${one.site}`;
const AT_FIRST = 20;

function People({ all, part }: { all: TakenBack[]; part: (one: TakenBack) => ReactNode }) {
  const [shown, setShown] = useState(AT_FIRST);
  return (
    <>
      {all.slice(0, shown).map(part)}
      {all.length > shown && <div style={{ textAlign: "center" }}><Button size="xs" variant="default" onClick={() => setShown(shown + 100)}>Show more of {number(all.length)}</Button></div>}
    </>
  );
}

function PersonPanel({ one, tone, children }: { one: TakenBack; tone?: Tone; children: ReactNode }) {
  const tenant = useTenant();
  return (
    <Panel tone={tone} title={<Link to="/$tenant/people/$home/$id" params={{ tenant, home: one.identity.tenant, id: one.identity.user }}>{one.person}</Link>} end={`in ${one.site}`}>
      {children}
    </Panel>
  );
}

/** What would be done for somebody, what cannot be, and what is left alone. Each step has the same reason: it is taken back. */
function Before({ one }: { one: TakenBack }) {
  return (
    <PersonPanel one={one} tone={one.lost.length > 0 ? "held" : undefined}>
      {one.steps.length === 0 ? <Empty title="No step back">{one.moved.length > 0 ? "What is left was changed by somebody since." : "It is as it was before already."}</Empty> : <Steps steps={one.steps.map((step) => ({ ...step, because: [] }))} />}
      <Told title="Cannot come back" tone="failed" texts={one.lost} />
      <Told title="Changed by somebody since, so it is left alone" tone="drift" texts={one.moved} />
      <Told title="Is so already" tone="ok" texts={one.already} />
      <Standing one={one} />
      {one.keep_away.length > 0 && (
        <>
          <div className="subhead">The policy leaves it alone afterwards</div>
          <div className="body small dim">{one.keep_away.map((line) => line.what).join(", ")}: the policy does not do it again by itself until somebody releases the undo under Approvals.</div>
        </>
      )}
    </PersonPanel>
  );
}

/** What of it was taken back before and waited: it goes on by itself, or has come to its end. */
function Standing({ one: { standing } }: { one: TakenBack }) {
  if (!standing) return null;
  const { state, waits, refused, until, ended_at: ended } = standing;
  return (
    <>
      <Told title="Waits, and goes on by itself" tone="held" texts={waits.map((line) => line.what)} />
      {state === "waiting" && until && <div className="body small dim">Not before <At at={until} />.</div>}
      <Told title="Waited, and is not taken back" tone="failed" texts={refused.map(({ what, why }) => `${what}: ${why}`)} />
      {state === "done" && ended && <div className="body small row"><Mark as="ok" label="Done" />What waited went on by itself, and is as before since <At at={ended} />.</div>}
    </>
  );
}

function Told({ title, tone, texts }: { title: string; tone: Tone; texts: string[] }) {
  if (texts.length === 0) return null;
  return (
    <>
      <div className="subhead">{title}</div>
      <ul className="list">{texts.map((text) => <li key={text} style={{ paddingBlock: 6, fontSize: 13 }}><Mark as={tone} label={title} /><span className="grow">{text}</span></li>)}</ul>
    </>
  );
}

/** A stretch of time is about everybody: it is confirmed by typing. */
const WORD = "take back";

function Confirm({ scope, sum, people, done }: { scope: Scope; sum: Sum; people: TakenBack[]; done: (undone: Undone) => void }) {
  const stopped = useOverview().data?.state === "stopped";
  // A reason that was being written survives a session's end.
  const [reason, setReason] = useLocalStorage({ key: `lanyard.undo.${JSON.stringify(scope)}`, defaultValue: "", getInitialValueInEffect: false });
  const [typed, setTyped] = useState("");
  const everybody = !scope.plan && !scope.seal && !scope.identity;
  const doing = useMutation({
    mutationFn: () => calls.post<Undone>("/undo", { ...scope, apply: true, reason: reason.trim() }),
    onSuccess: (undone) => {
      setReason("");
      done(undone);
    },
    onSettled: () => queryClient.invalidateQueries({ predicate: ({ queryKey: [head] }) => ["person", "person-plan", "plan", "plans", "activity", "approvals", "places", "floor"].includes(String(head)) }),
  });
  const whole = reason.trim() !== "" && (!everybody || typed.trim().toLowerCase() === WORD);
  const who = sum.people === 1 ? people[0]!.person : plural(sum.people, "person", "people");
  const error = doing.error instanceof ApiError ? doing.error : undefined;
  return (
    <Panel title="Take it back" tone={sum.takes > 0 ? "failed" : "held"}>
      <form className="body stack" onSubmit={(e) => { e.preventDefault(); if (whole) doing.mutate(); }}>
        <Textarea label="Reason" description="Goes into the journal with your name" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} autosize minRows={2} />
        {everybody && <TextInput label={`Type ${WORD} to confirm`} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} autoComplete="off" />}
        {stopped && <div className="small"><Tag as="held" label="writes are stopped" /> Nothing is written before they are resumed on the Overview.</div>}
        {doing.error && <div className="failure" role="alert"><div><b>It was not taken back, or not for everybody.</b> {doing.error.message}. {error?.detail} {error?.fix ?? "Look again: what was taken back already is shown as done."}</div></div>}
        <div><Button type="submit" color={sum.takes > 0 ? "red.9" : undefined} disabled={!whole} loading={doing.isPending}>Take back {plural(sum.steps, "step")} for {who}</Button></div>
        <p className="dim small">It is compared once more with what is there then; only what was done by Lanyard is taken back, under the same limits and protections as any other change.</p>
      </form>
    </Panel>
  );
}

type Shown = "all" | "open";

/** Read back: whether each is as it was, and where to see it. */
function Done({ undone }: { undone: Undone }) {
  const tenant = useTenant();
  const [zone] = useZone();
  const now = useServerNow(60_000);
  const [when] = useState(() => new Date(now).toISOString());
  const [show, setShow] = useState<Shown>("all");
  const open = undone.people.filter((one) => readBack(one) === "open");
  const shown = show === "open" ? open : undone.people;
  const only = undone.people.length === 1 ? undone.people[0] : undefined;
  return (
    <div className="stack">
      <div className="panel body row wrap" style={{ columnGap: 16 }} role="status" data-undone={open.length === 0 ? "so" : "open"}>
        <Tag as={open.length === 0 ? "ok" : "held"} label={open.length === 0 ? "taken back, and read back" : `${number(open.length)} of ${number(undone.people.length)} not as before`} />
        <span title={absolute(when, zone)}><At at={when} /></span>
        <span className="grow" />
        <Link to="/$tenant/activity" params={{ tenant }} search={{ show: "everything", q: only?.person ?? "taken back" }}>Its lines in the journal</Link>
        <Link to="/$tenant/approvals" params={{ tenant }}>Release it under Approvals</Link>
      </div>
      {open.length > 0 && open.length < undone.people.length && <SegmentedControl size="sm" style={{ alignSelf: "flex-start" }} aria-label="Show" value={show} onChange={(value) => setShow(value as Shown)} data={[{ value: "all", label: "All" }, { value: "open", label: `Not as before ${number(open.length)}` }]} />}
      <People all={shown} part={(one) => <After key={keyOf(one)} one={one} tenant={tenant} />} />
    </div>
  );
}

function After({ one, tenant }: { one: TakenBack; tenant: string }) {
  const so = readBack(one) === "so";
  return (
    <PersonPanel one={one} tone={so ? "ok" : "held"}>
      {one.steps.length > 0 && <Steps steps={one.steps} />}
      {so ? <div className="body small row"><Mark as="ok" label="As before" />{one.steps.length === 0 ? "There was nothing to do." : "Done, and read back: it is as it was before, but for what cannot come back."}</div> : <Told title="Still different, when read back" tone="failed" texts={one.open ?? []} />}
      <Told title="Could not come back" tone="failed" texts={one.lost} />
      <Told title="Changed by somebody since, and left alone" tone="drift" texts={one.moved} />
      <Standing one={one} />
      <div className="body row wrap small" style={{ borderTop: "1px solid var(--line)", gap: 16 }}>
        {/* The undo's own plan has its operations, as every other plan has. */}
        {one.steps.length > 0 && <Link to="/$tenant/plans/$planId" params={{ tenant, planId: one.plan.id }}>What was sent</Link>}
        <Link to="/$tenant/people/$home/$id" params={{ tenant, home: one.identity.tenant, id: one.identity.user }} search={{ tab: "timeline" }}>Timeline of {one.person}</Link>
        <Link to="/$tenant/activity" params={{ tenant }} search={{ show: "everything", q: one.person }}>Journal lines</Link>
      </div>
    </PersonPanel>
  );
}
