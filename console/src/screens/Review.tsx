// One access review: lines with what a reviewer needs to judge them; keep, remove, ask; signed off by its owner.
import { Button, Checkbox, Modal, SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure, useLocalStorage } from "@mantine/hooks";
import { IconArrowLeft, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, ApiError, calls, type Schemas } from "../api";
import { queryClient, useMay, useSession } from "../queries";
import { Ago, At, useServerNow } from "../time";
import { Tag } from "../ui/marks";
import { useInUrl } from "../ui/in_url";
import { Facts, PageHead, Panel } from "../ui/panel";
import { Empty, Loaded, Waiting } from "../ui/states";
import { number, plural, words, type Tone } from "../words";
import { stateOf } from "./Reviews";
import "../forms.css";

type Page = Schemas["ReviewPage"];
type Line = Page["lines"][number];
type Decision = NonNullable<Line["decision"]>;

const PAGE = 100;
/** What has no name of its own is called by its kind. */
const called = (line: Line) => (line.what.startsWith(line.kind) ? words(line.what) : line.what);
const TONES: Record<Decision, Tone> = { keep: "ok", remove: "failed", ask: "held" };

const useReview = (id: string, filter: { open: boolean; reviewer?: string; search?: string }) =>
  useInfiniteQuery({
    queryKey: ["review", id, filter],
    queryFn: ({ pageParam }) => calls.get<Page>(`/reviews/${encodeURIComponent(id)}`, { cursor: pageParam, limit: PAGE, open: filter.open ? "true" : undefined, reviewer: filter.reviewer, search: filter.search }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** Whether a name is one of those of whoever is signed in. */
function useIsMine() {
  const names = useSession().data?.names;
  return (name: string) => (names ?? []).some((own) => own.trim().toLowerCase() === name.trim().toLowerCase());
}

export function ReviewPage() {
  const { tenant, reviewId } = useParams({ from: "/$tenant/reviews/$reviewId" });
  const { show, mine, reviewer, q } = useSearch({ from: "/$tenant/reviews/$reviewId" });
  const navigate = useNavigate({ from: "/$tenant/reviews/$reviewId" });
  const me = useSession().data?.user;
  const isMine = useIsMine();
  const query = useReview(reviewId, { open: show !== "all", reviewer: mine ? me : reviewer, search: q });
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [looking, setLooking] = useInUrl("line");
  const search = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), 180);
  const now = useServerNow(30_000);
  const filter = (next: { show?: "all"; mine?: boolean; reviewer?: string; q?: string }) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  return (
    <>
      <Link to="/$tenant/reviews" params={{ tenant }} className="row small" style={{ width: "fit-content" }}><IconArrowLeft size={14} aria-hidden /> Reviews</Link>
      <Loaded query={query} what="this review" rows={10}>
        {(data) => {
          const first = data.pages[0]!;
          const { review, counts } = first;
          const lines = data.pages.flatMap((page) => page.lines);
          const [tone, label] = stateOf(review, now);
          const theirs = (line: Line) => isMine(line.reviewer) && !review.closed_at;
          const group = lines.filter((line) => chosen.has(line.id) && theirs(line));
          const open = lines.find((line) => line.id === looking) ?? lines[0];
          const pick = (ids: string[], on: boolean) => setChosen((old) => { const next = new Set(old); for (const id of ids) { if (on) next.add(id); else next.delete(id); } return next; });
          return (
            <div className="stack">
              <PageHead title={review.title} sub={<span className="row wrap"><Tag as={tone} label={label} /><span>{review.tenant} · {review.sites.join(", ")}</span></span>}>
                <Sign review={review} counts={counts} />
              </PageHead>
              <Standing review={review} counts={counts} hasty={first.hasty} />
              <div className="row wrap" style={{ gap: 12 }}>
                <SegmentedControl size="sm" aria-label="Lines" value={show ?? "open"} onChange={(value) => filter({ show: value === "all" ? "all" : undefined })} data={[{ value: "open", label: `To decide ${number(counts.undecided + counts.ask)}` }, { value: "all", label: "All lines" }]} />
                <TextInput size="sm" data-search aria-label="Search lines" placeholder="Person, or what is held" defaultValue={q ?? ""} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={15} aria-hidden />} w={220} />
                {review.reviewers.length > 1 && <Select size="sm" aria-label="Reviewer" placeholder="All reviewers" data={review.reviewers} value={mine ? null : (reviewer ?? null)} onChange={(value) => filter({ reviewer: value ?? undefined, mine: undefined })} clearable clearButtonProps={{ "aria-label": "Of all reviewers" }} w={200} />}
                <Checkbox size="xs" label="Only mine" checked={mine === true} onChange={(e) => filter({ mine: e.currentTarget.checked || undefined, reviewer: undefined })} />
                {first.total !== undefined && lines.length < first.total && <span className="dim small">{number(lines.length)} of {plural(first.total, "line")}</span>}
              </div>
              <div className="cols main">
                <div className="panel">
                  {lines.length === 0 ? <Empty title={q || reviewer ? "No line fits" : show === "all" ? "No lines" : "Nothing is left to decide"} action={(show !== "all" || q || reviewer) && <Button size="xs" variant="default" onClick={() => filter({ show: "all", q: undefined, reviewer: undefined })}>Show all lines</Button>}>{q || reviewer ? (show === "all" ? "" : "Among those that are open.") : show !== "all" && (mine ? "None of your lines is open." : review.closed_at ? "The review is signed off." : "Its owner can sign it off.")}</Empty> : <Lines lines={lines} theirs={theirs} chosen={chosen} pick={pick} open={open} look={setLooking} />}
                  {query.hasNextPage && <div style={{ textAlign: "center", padding: 12 }}><Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button></div>}
                </div>
                <div className="stack sticky">
                  {group.length > 1 ? <Decide key="group" title={`Decide ${group.length} lines`} lines={group} done={() => setChosen(new Set())} /> : open && <Context key={open.id} line={open} tenant={tenant} mine={theirs(open)} />}
                </div>
              </div>
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

function Standing({ review, counts, hasty }: { review: Page["review"]; counts: Page["counts"]; hasty: Page["hasty"] }) {
  const total = Math.max(1, review.lines);
  const part = (n: number) => `${(100 * n) / total}%`;
  return (
    <div className="panel body stack" style={{ gap: 10 }}>
      <div className="slab" role="img" aria-label={`${counts.keep} kept, ${counts.remove} removed, ${counts.ask} asked about, ${counts.undecided} to decide`} style={{ display: "flex", height: 10, borderRadius: 3, overflow: "hidden" }}>
        <i className="bar-ok" style={{ width: part(counts.keep) }} /><i className="bar-failed" style={{ width: part(counts.remove) }} /><i className="bar-held" style={{ width: part(counts.ask) }} /><i className="bar-off" style={{ width: part(counts.undecided) }} />
      </div>
      <div className="row wrap">
        <Tag as={counts.keep > 0 ? "ok" : "off"} label={`${number(counts.keep)} keep`} /><Tag as={counts.remove > 0 ? "failed" : "off"} label={`${number(counts.remove)} remove${counts.remove > 0 ? `, ${number(counts.removed)} seen gone` : ""}`} /><Tag as={counts.ask > 0 ? "held" : "off"} label={`${number(counts.ask)} ask`} /><Tag as="off" label={`${number(counts.undecided)} to decide`} />
        <span className="grow" />
        <span className="small dim">{review.closed_at ? <>signed off by {review.owner}, <At at={review.closed_at} /></> : <>due <Ago at={review.due_at} />, owner {review.owner}</>}</span>
      </div>
      {review.statement && <div className="small">“{review.statement}”</div>}
      {hasty.map((h) => <div key={h.reviewer} className="small row"><Tag as="held" label="hasty" />{h.reviewer} kept {plural(h.lines, "line")} within {plural(h.seconds, "second")}: that is noted for auditors.</div>)}
      <div className="small dim">What is judged was held at <At at={review.opened_at} />; its seal is <span className="mono">{review.snapshot.slice(0, 16)}…</span></div>
    </div>
  );
}

function Lines({ lines, theirs, chosen, pick, open, look }: { lines: Line[]; theirs: (line: Line) => boolean; chosen: Set<string>; pick: (ids: string[], on: boolean) => void; open?: Line; look: (id: string) => void }) {
  const people: [string, Line[]][] = [];
  for (const line of lines) {
    const who = `${line.person}|${line.account}|${line.site}`;
    if (people.at(-1)?.[0] === who) people.at(-1)![1].push(line);
    else people.push([who, [line]]);
  }
  return (
    <ul className="list">
      {people.map(([who, held]) => {
        const own = held.filter(theirs);
        const all = own.length > 0 && own.every((line) => chosen.has(line.id));
        return (
          <li key={who} style={{ display: "block", paddingBlock: 8 }}>
            <div className="row" style={{ minHeight: 28 }}>
              <Checkbox size="xs" aria-label={`Choose all of ${held[0]!.name || `account ${held[0]!.account}`}`} checked={all} indeterminate={!all && own.some((line) => chosen.has(line.id))} disabled={own.length === 0} title={own.length === 0 ? `for ${held[0]!.reviewer} to decide` : undefined} onChange={(e) => pick(own.map((line) => line.id), e.currentTarget.checked)} />
              <span className="title">{held[0]!.name || <span className="dim">account {String(held[0]!.account)} of nobody in Okta</span>}</span>
              <span className="dim small">{held[0]!.site}</span>
            </div>
            {held.map((line) => (
              <div key={line.id} className="row reviewline" data-chosen={open?.id === line.id || undefined}>
                <Checkbox size="xs" aria-label={`Choose ${line.what}`} checked={chosen.has(line.id)} disabled={!theirs(line)} onChange={(e) => pick([line.id], e.currentTarget.checked)} />
                <button type="button" data-row className="rowbutton grow" onClick={() => look(line.id)}><span>{called(line)}</span> <span className="dim small">{words(line.kind).toLowerCase()}{line.value && line.kind === "role" ? `, ${words(line.value).toLowerCase()}` : ""} · since <At at={line.since} seconds={false} /></span></button>
                {line.decision ? <Tag as={TONES[line.decision]} label={line.decision} /> : <span className="dim small">{line.reviewer}</span>}
              </div>
            ))}
          </li>
        );
      })}
    </ul>
  );
}

/** Who this is, why they have it, what they have besides; then the decision. */
function Context({ line, tenant, mine }: { line: Line; tenant: string; mine: boolean }) {
  const [home, id] = [line.person.slice(0, line.person.indexOf("/")), line.person.slice(line.person.indexOf("/") + 1)];
  const known = line.person !== "";
  const query = useQuery({ queryKey: ["person", home, id], queryFn: () => api.person(home, id), enabled: known, placeholderData: undefined });
  const because = query.data ? reasonsFor(query.data.desired, line) : undefined;
  return (
    <>
      <Panel title={line.name || `Account ${String(line.account)}`} end={known && <Link to="/$tenant/people/$home/$id" params={{ tenant, home, id }}>Open person</Link>}>
        <div className="body">
          <Facts rows={[
            ["Holds", <b key="w">{called(line)}</b>],
            ["Kind", words(line.kind)],
            ["Where", line.site],
            ["Since", <At key="s" at={line.since} />],
            ["Who they are", !known ? "nobody in Okta: an account of its own" : query.data ? [query.data.person.title, query.data.person.department, words(query.data.person.status)].filter(Boolean).join(" · ") : query.isError ? "could not be read" : "…"],
            ["Why they have it", !known ? "no rule: nobody governs this account" : because === undefined ? (query.isError ? "could not be read" : "…") : because.length > 0 ? because.join("; ") : "no rule of today gives it: given by hand, or by a rule that is gone"],
          ]} />
          {known && query.isPending && <Waiting rows={2} />}
        </div>
        {line.decision && <div className="body small" style={{ borderTop: "1px solid var(--line)" }}><Tag as={TONES[line.decision]} label={line.decision} /> {line.reason} <span className="dim">{line.reviewer}{line.decided_at && <>, <At at={line.decided_at} /></>}</span>{line.decision === "remove" && <div className="dim" style={{ marginTop: 4 }}>{line.removed_at ? <>seen gone <At at={line.removed_at} /></> : "taken away by plan, under the same limits and holds as any other removal; not seen gone yet"}</div>}</div>}
      </Panel>
      {mine ? <Decide title={line.decision ? "Decide anew" : "Your decision"} lines={[line]} done={() => undefined} /> : <div className="panel body dim small">For {line.reviewer} to decide.</div>}
    </>
  );
}

/** Reasons of what policy gives of the line's kind and name. A workplace has no name that both sides share. */
function reasonsFor(desired: Schemas["Desired"], line: Line): string[] {
  const fits = (item: Schemas["Desired"]["items"][number]) => {
    switch (line.kind) {
      case "role": return item.kind === "role" && item.label === `role in ${line.what}`;
      case "item": return item.kind === "item" && item.value === line.what;
      case "seat": case "section": return item.kind === "seat";
      case "visit": return item.kind === "visit";
      default: return false;
    }
  };
  return [...new Set(desired.items.filter(fits).flatMap((item) => item.because))];
}

function Decide({ title, lines, done }: { title: string; lines: Line[]; done: () => void }) {
  const may = useMay("approve");
  // A reason that was being written survives a session's end.
  const [reason, setReason] = useLocalStorage({ key: `lanyard.review.${lines.map((line) => line.id).join(",")}`, defaultValue: "", getInitialValueInEffect: false });
  const say = useMutation({
    mutationFn: async (decision: Decision) => {
      let decided = 0;
      for (const line of lines) {
        try {
          await calls.post("/reviews/lines/" + encodeURIComponent(line.id) + "/decision", { decision, reason: reason.trim() });
          decided += 1;
        } catch (error) {
          const said = error instanceof ApiError ? error.message : String(error);
          throw new Error(`${plural(decided, "line was", "lines were")} decided; ${line.name || `account ${String(line.account)}`}, ${line.what}: ${said}`);
        }
      }
    },
    onSuccess: () => { setReason(""); done(); },
    onSettled: () => queryClient.invalidateQueries({ predicate: (q) => ["review", "reviews"].includes(String(q.queryKey[0])) }),
  });
  if (may === false) return <Panel title={title}><Empty title="This needs the role approver">You see the lines; who has the role decides.</Empty></Panel>;
  const many = lines.length > 1;
  const button = (decision: Decision, label: string, variant?: string) => <Button size="sm" variant={variant} color={decision === "remove" ? "red.9" : undefined} disabled={reason.trim() === ""} title={reason.trim() === "" ? "a decision needs a reason" : undefined} loading={say.isPending && say.variables === decision} onClick={() => say.mutate(decision)}>{label}{many ? ` ${lines.length}` : ""}</Button>;
  return (
    <Panel title={title}>
      <form className="body stack" onSubmit={(e) => e.preventDefault()}>
        {many && <p className="small dim">{[...new Set(lines.map((line) => line.name || `account ${String(line.account)}`))].slice(0, 6).join(", ")}</p>}
        <Textarea label="Reason" description="Signed into the journal with your name" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} autosize minRows={2} />
        {say.error && <div className="failure" role="alert"><div><b>Not all was decided.</b> {say.error.message}</div></div>}
        <div className="row wrap">{button("keep", "Keep")}{button("remove", "Remove")}{button("ask", "Ask", "default")}</div>
        <p className="dim small">Remove takes it away by the next plan and keeps policy from giving it again. Ask keeps the review open until somebody answers.</p>
      </form>
    </Panel>
  );
}

function Sign({ review, counts }: { review: Page["review"]; counts: Page["counts"] }) {
  const isMine = useIsMine();
  const [opened, modal] = useDisclosure(false);
  const [statement, setStatement] = useState("");
  const signing = useMutation({
    mutationFn: () => calls.post(`/reviews/${encodeURIComponent(review.id)}/sign`, { statement: statement.trim() }),
    onSuccess: async () => {
      modal.close();
      await queryClient.invalidateQueries({ predicate: (q) => ["review", "reviews"].includes(String(q.queryKey[0])) });
    },
  });
  if (review.closed_at) return null;
  const left = counts.undecided + counts.ask;
  const owner = isMine(review.owner);
  const why = left > 0 ? `${plural(left, "line is", "lines are")} not decided` : owner ? undefined : `${review.owner} signs it off`;
  return (
    <>
      <Button size="xs" disabled={why !== undefined} title={why} onClick={modal.open}>Sign off</Button>
      <Modal opened={opened} onClose={modal.close} title={`Sign off ${review.title}`} closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); signing.mutate(); }}>
          <p>{number(counts.keep)} kept, {number(counts.remove)} removed ({number(counts.removed)} seen gone). Decisions stand from then on.</p>
          <TextInput label="Statement" description="One sentence; auditors read it" required value={statement} onChange={(e) => setStatement(e.currentTarget.value)} data-autofocus autoComplete="off" />
          {signing.error && <div className="failure" role="alert"><div><b>Not signed.</b> {signing.error.message}</div></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={modal.close}>Cancel</Button><Button type="submit" loading={signing.isPending} disabled={statement.trim() === ""}>Sign off</Button></div>
        </form>
      </Modal>
    </>
  );
}
