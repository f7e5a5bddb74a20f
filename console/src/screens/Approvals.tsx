// What waits for somebody: who, what, where, by which rule, until when; and the decision, always with its reason.
import { Button, Checkbox, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError, calls, saidOf, type Schemas } from "../api";
import { ALL, queryClient, useSession } from "../queries";
import { Ago, At } from "../time";
import { keep } from "../ui/kept";
import { Mark, Tag } from "../ui/marks";
import { Meter } from "../ui/meter";
import { Facts, PageHead, Panel } from "../ui/panel";
import { Empty, Failure, Loaded, Waiting } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural, words } from "../words";
import { AskAnew, DecideHold, isRenewable } from "./RequestAside";
import { StandIns } from "./StandIns";
import "../forms.css";

export type Request = Schemas["ApprovalRequest"];

type Say = "approve" | "decline";

const PAGE = 50;

const useApprovals = (tenant: string, kind: string | undefined, search: string | undefined) =>
  useInfiniteQuery({
    queryKey: ["approvals", tenant, kind, search],
    queryFn: ({ pageParam }) => calls.get<Schemas["Approvals"]>("/approvals", { limit: PAGE, cursor: pageParam, tenant: tenant === ALL ? undefined : tenant, search, sort: "due", ...(kind === "done" ? { done: "true" } : { kind }) }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 15_000,
    placeholderData: undefined,
  });

export function Approvals() {
  const tenant = useTenant();
  const { kind, id, q } = useSearch({ from: "/$tenant/approvals" });
  const navigate = useNavigate({ from: "/$tenant/approvals" });
  const query = useApprovals(tenant, kind, q);
  const filter = (next: { kind?: string; id?: string; q?: string }) => void navigate({ search: { kind, q, ...next } as never, replace: true });
  const search = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), 180);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const shown = (query.data?.pages ?? []).flatMap((page) => page.items);
  const total = query.data?.pages[0]?.total ?? 0;
  // Nothing is put under the hand of whoever decides: the first one that was shown stays until another is chosen.
  const view = JSON.stringify([tenant, kind, q]);
  const [pin, setPin] = useState<{ view: string; id: string }>();
  const first = pin?.view === view ? pin.id : undefined;
  if (!id && !first && shown[0]) setPin({ view, id: shown[0].id });
  const wanted = id ?? first;
  // A link from a message may name one that is on no page yet, or was decided.
  const listed = shown.find((r) => r.id === wanted);
  const named = useQuery({ queryKey: ["approvals", "one", wanted], queryFn: () => calls.get<Request>(`/approvals/${encodeURIComponent(wanted!)}`), enabled: wanted !== undefined && query.data !== undefined && !listed, retry: false, placeholderData: undefined });
  const open = listed ?? (wanted ? named.data : undefined);
  const group = shown.filter((r) => chosen.has(r.id));
  // Together only what one rule asks for in one place: a sweep of the hand is no decision.
  const sample = group[0];
  const pick = (r: Request) => {
    const next = new Set([...chosen].filter((known) => shown.some((s) => s.id === known)));
    if (!next.delete(r.id)) next.add(r.id);
    setChosen(next);
  };
  return (
    <>
      <PageHead title="Approvals" sub={query.data && kind !== "done" && `${plural(total, "request")} ${total === 1 ? "waits" : "wait"}`} />
      <div className="row wrap" style={{ gap: 12 }}>
      <TextInput data-search aria-label="Search approvals" placeholder="Person, rule or change" defaultValue={q ?? ""} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden />} w={240} />
      <SegmentedControl size="sm" aria-label="Kind" value={kind ?? "all"} onChange={(value) => filter({ kind: value === "all" ? undefined : value })}
        data={[{ value: "all", label: "Waiting" }, { value: "approval", label: "For a person" }, { value: "hold", label: "For a time" }, { value: "cap", label: "At a limit" }, { value: "done", label: "Decided" }]} />
      </div>
      <Loaded query={query} what="the approvals" rows={8}>
        {() => (
          <div className="cols main">
            <div className="panel">
              {shown.length === 0 && q ? <Empty title="Nothing fits the search" action={<Button size="xs" variant="default" onClick={() => filter({ q: undefined })}>Clear the search</Button>}>All requests of this kind were looked through.</Empty> : shown.length === 0 ? <Empty title={kind === "done" ? "Nothing was decided yet" : "Nothing waits"}>{kind === "done" ? "Decisions stay here with their reasons." : "What a rule asks to hold or to approve appears here, soonest first."}</Empty> : (
                <ul className="list">
                  {shown.map((r) => {
                    const apart = sample !== undefined && (r.rule !== sample.rule || r.site !== sample.site);
                    return (
                      <li key={r.id} data-chosen={open?.id === r.id || undefined} className="choice">
                        <Checkbox size="xs" aria-label={`Choose ${r.person}, ${r.rule}`} checked={chosen.has(r.id)} disabled={apart || r.kind === "hold" || kind === "done" || !r.may_decide} title={!r.may_decide && kind !== "done" ? `Not yours to decide: ${r.why_not}` : apart ? "Only what one rule asks in one site is decided together" : undefined} onChange={() => pick(r)} style={{ paddingTop: 4 }} />
                        <div className="grow">
                          <button type="button" data-row className="rowbutton title" onClick={() => filter({ id: r.id })}>{r.person}</button>
                          <div className="dim" style={{ fontSize: 13 }}>{r.lines.slice(0, 2).map((l) => l.what).join(", ")}{r.lines.length > 2 && ` and ${r.lines.length - 2} more`}</div>
                          <div className="dim small">{r.rule} · {r.site}</div>
                        </div>
                        <div style={{ textAlign: "right", flexShrink: 0 }}><Tag code={r.state} label={r.over ? "over" : words(r.kind === "approval" ? r.state : r.kind)} />{r.until && <div className="small dim">{r.kind === "hold" ? "until" : "runs out"} <Ago at={r.until} /></div>}</div>
                      </li>
                    );
                  })}
                </ul>
              )}
              {query.hasNextPage && <div style={{ textAlign: "center", padding: 12 }}><Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button></div>}
            </div>
            {group.length > 1 ? <Decide key="group" title={`${group.length} requests of ${sample!.rule}`} requests={group} done={() => setChosen(new Set())} /> : open ? <Detail key={open.id} request={open} tenant={tenant} /> : wanted && <Named query={named} />}
          </div>
        )}
      </Loaded>
      <StandIns />
    </>
  );
}

/** One that is on no page: on its way, or not there. */
function Named({ query }: { query: { error: unknown; refetch: () => unknown } }) {
  const gone = query.error instanceof ApiError && query.error.status === 404;
  return (
    <div className="panel">
      {gone ? <Empty title="This request is not there">It was never asked, or it is not yours to see. Nothing else is shown in its place: choose from the list.</Empty>
        : query.error ? <Failure error={query.error} what="this request" retry={() => void query.refetch()} /> : <Waiting rows={6} />}
    </div>
  );
}

function Detail({ request: r, tenant }: { request: Request; tenant: string }) {
  const rules = useQuery({ queryKey: ["policy"], queryFn: () => calls.get<Schemas["PolicyState"]>("/policy"), staleTime: 60_000 });
  const sentence = rules.data?.flows.find((flow) => flow.id === r.rule)?.sentence;
  return (
    <div className="stack">
      <Panel title={r.person} end={<Link to="/$tenant/people/$home/$id" params={{ tenant, home: r.identity.tenant, id: r.identity.id }}>Open person</Link>}>
        <ul className="steps">{r.lines.map((line) => <li key={line.key} style={{ display: "block" }}>{line.what}</li>)}</ul>
        <div className="body" style={{ borderTop: "1px solid var(--line)" }}>
          <Facts rows={[
            ["Asked by rule", <span key="r">{sentence && <>{sentence} </>}<span className="mono dim">{r.rule}</span></span>],
            ["Where", `${r.tenant} → ${r.site}`],
            ["Asked", <At key="a" at={r.asked_at} />],
 ...consequences(r),
            [r.kind === "hold" ? "Happens by itself" : "Runs out", r.until ? <At key="u" at={r.until} /> : "no time set"],
            ["Who may decide", r.whom.length > 0 ? `${r.whom.join(", ")}${r.quorum && r.quorum > 1 ? `; ${r.quorum} must agree` : ""}` : r.kind === "hold" ? "nobody needs to" : "a role approver"],
            ["Plan", <Link key="p" to="/$tenant/plans/$planId" params={{ tenant, planId: r.plan }}>{r.plan}</Link>],
          ]} />
        </div>
        {r.votes.length > 0 && (
          <ul className="list" style={{ borderTop: "1px solid var(--line)" }}>
            {r.votes.map((vote, i) => <li key={i}><Mark as={vote.yes ? "ok" : "failed"} label={vote.yes ? "Approved" : "Declined"} /><div className="grow"><b>{vote.by}</b>{vote.instead_of && ` for ${vote.instead_of}`}<div className="dim">{vote.reason}</div></div><span className="small dim"><Ago at={vote.at} /></span></li>)}
          </ul>
        )}
        {r.ended && <div className="body dim">{r.ended.why}, <At at={r.ended.at} /></div>}
      </Panel>
      {!r.over && <Context id={r.id} />}
      {r.state === "waiting" && !r.over && r.kind !== "hold" && <Decide title="Your decision" requests={[r]} done={() => undefined} />}
      {r.state === "waiting" && !r.over && r.kind === "hold" && <DecideHold request={r} />}
      {isRenewable(r) && <AskAnew request={r} />}
    </div>
  );
}

/** What each answer, and none, would mean. */
function consequences(r: Request): [string, string][] {
  switch (r.kind) {
    case "hold":
      return [["If nobody does anything", "it is carried out at its time, unless its reason goes away before"]];
    case "cap":
      return [
        ["If approved", "it is carried out now, beyond the limit, and counts against it"],
        ["If declined", "nothing is taken; it is not asked again unless its reason goes away and comes back"],
        ["If it runs out", "nothing is taken; it goes by itself once there is room under the limit"],
      ];
    case "undone":
      return [["If released", "what the rules want is given again"], ["Until then", "it stays as the undo left it"]];
    default:
      return [
        ["If approved", "it is carried out, once, as long as the rule still wants it"],
        ["If declined", "nothing changes for the person; the rest of their plan goes on; it is not asked again unless its reason goes away and comes back"],
        ["If it runs out", "nothing changes; it can be asked anew"],
      ];
  }
}

/** Who else has it, and whether there is room. */
function Context({ id }: { id: string }) {
  const query = useQuery({ queryKey: ["approval-context", id], queryFn: () => calls.get<Schemas["RequestContext"]>(`/approvals/${encodeURIComponent(id)}/context`), staleTime: 30_000, placeholderData: undefined });
  return (
    <Panel title="What helps to decide">
      <Loaded query={query} what="what helps to decide" rows={3}>
        {({ peers, seats }) => (peers.length === 0 && seats.length === 0 ? <Empty title="Nothing to compare with">None of the person's groups is known well enough, and it is about no seat.</Empty> : (
          <ul className="list">
            {seats.map((seat) => (
              <li key={seat.line}>
                <Tag as={seat.free ? "ok" : "held"} label={seat.free ? "free" : "taken or promised"} />
                <div className="grow"><div className="title">{seat.place}</div><div className="dim small">{seat.floor}: {number(seat.floor_taken)} of {number(seat.floor_seats)} seats are taken</div></div>
              </li>
            ))}
            {peers.map((group) => group.having.map((one) => (
              <li key={group.group + one.line} style={{ display: "block" }}>
                <div className="row wrap" style={{ rowGap: 0 }}><b className="num">{number(one.have)} of {number(one.of)}</b><span>others in {group.group} have {one.line.startsWith("seat") ? "a seat on that floor" : one.what.replace(/^[-+~>=] /, "")}</span></div>
                <Meter label={`Others in ${group.group}`} value={one.have} max={one.of} calm />
              </li>
            )))}
          </ul>
        ))}
      </Loaded>
    </Panel>
  );
}

function Decide({ title, requests, done }: { title: string; requests: Request[]; done: () => void }) {
  const own = useSession().data?.subject;
  const mine = requests.some((r) => own === `okta:${r.identity.tenant}/${r.identity.id}`);
  // A reason that was being written survives a session's end.
  const key = `lanyard.reason.${requests.map((r) => r.id).join(",")}`;
  const [reason, setReason] = useState(() => localStorage.getItem(key) ?? "");
  const keptAs = useRef(key);
  useEffect(() => {
    // With another tick it is a reason for another group: the old one's goes.
    if (keptAs.current !== key) keep(keptAs.current, "");
    keptAs.current = key;
    keep(key, reason);
  }, [key, reason]);
  const say = useMutation({
    mutationFn: (what: Say) => calls.post<unknown>("/approvals", { ids: requests.map((r) => r.id), say: what, reason: reason.trim() }),
    onSuccess: async () => {
      setReason("");
      done();
      await queryClient.invalidateQueries({ queryKey: ["approvals"] });
    },
  });
  const people = [...new Set(requests.map((r) => r.person))];
  const not = requests.find((r) => !r.may_decide);
  if (not && !mine) return <Panel title={title}><Empty title="Not yours to decide">You see what waits and why; {not.why_not}.</Empty></Panel>;
  // Beyond a limit nobody goes without saying why.
  const limit = requests.some((r) => r.kind === "cap");
  const wrong = saidOf(say.error, "reason");
  return (
    <Panel title={title}>
      <form className="body stack" onSubmit={(e) => e.preventDefault()}>
        {requests.length > 1 && <p className="dim small">{people.slice(0, 6).join(", ")}{people.length > 6 && ` and ${people.length - 6} more`}</p>}
        {mine && <p role="status"><Tag as="held" label="about yourself" /> Nobody decides on their own access.</p>}
        <Textarea label="Reason" description={limit ? "Needed to go beyond a limit, and to decline; auditors read it" : "Needed to decline; auditors read it either way"} error={wrong} value={reason} onChange={(e) => setReason(e.currentTarget.value)} autosize minRows={2} />
        {say.error && !wrong && <div className="failure" role="alert"><div><b>Nothing was decided.</b> {say.error.message}{say.error instanceof ApiError && say.error.fix ? `. ${say.error.fix}` : ""}</div></div>}
        <div className="row wrap">
          <Button disabled={mine || (limit && reason.trim() === "")} loading={say.isPending && say.variables === "approve"} onClick={() => say.mutate("approve")}>Approve for {plural(people.length, "person", "people")}</Button>
          <Button variant="default" disabled={mine || reason.trim() === ""} loading={say.isPending && say.variables === "decline"} onClick={() => say.mutate("decline")}>Decline</Button>
        </div>
      </form>
    </Panel>
  );
}
