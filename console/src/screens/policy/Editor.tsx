// A draft: the views of one document, undo and redo, kept as it is written, published with a reason.
import { Button, Modal, SegmentedControl, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp, IconArrowLeft } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { ApiError, saidOf } from "../../api";
import { queryClient, useSession } from "../../queries";
import { Ago } from "../../time";
import { Mark, Tag } from "../../ui/marks";
import { PageHead, Panel } from "../../ui/panel";
import { Empty, Loaded, Waiting } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { plural } from "../../words";
import { AroundProvider } from "./around";
import { changeText, policyApi, useDiff, usePolicy, useSchema, useVocabulary, type Mistake } from "./calls";
import { Conflict } from "./Conflict";
import { useDraftDesk, type Desk, type DraftDesk, type Opened, type Saving } from "./desk";
import { Effect } from "./Effect";
import { FlowPanel, type Selected } from "./FlowPanel";
import { ForgetDraft } from "./ForgetDraft";
import { Gallery } from "./Gallery";
import { Ground } from "./Ground";
import { onTop } from "./merge";
import { flowsOf, freshId, withFlows, type Flow } from "./model";
import type { PolicySchema } from "./schema";
import { TableView } from "./TableView";
import { TEMPLATES } from "./templates";
import { Try } from "./Try";
import { selectedBy, stepName, whereabouts, type Whereabouts } from "./whereabouts";
import "./policy.css";

// The canvas is the heaviest thing of the console: only who opens it pays.
const Canvas = lazy(() => import("./Canvas"));

export type View = "table" | "flow" | "ground" | "try" | "changes" | "effect";
const VIEWS: [View, string][] = [["table", "Table"], ["flow", "Flow"], ["ground", "Ground rules"], ["try", "Try"], ["changes", "Changes"], ["effect", "Effect"]];

export function PolicyEditor() {
  const { draftId } = useParams({ from: "/$tenant/policies/$draftId" });
  const schema = useSchema();
  // The draft is read once; from then on this page is what is newest.
  const query = useQuery({ queryKey: ["policy-draft", draftId], queryFn: () => policyApi.draft(draftId), staleTime: Infinity, gcTime: 0, placeholderData: undefined });
  return (
    <Loaded query={schema} what="what a policy may say" rows={12}>
      {(schema) => <Loaded query={query} what="this draft" rows={12}>{(got) => (got.body.document ? <Draft key={draftId} id={draftId} opened={{ etag: got.etag ?? got.body.etag, based_on: got.body.based_on, document: got.body.document, problems: got.body.problems ?? [] }} schema={schema} /> : <Unreadable id={draftId} etag={got.etag ?? got.body.etag} />)}</Loaded>}
    </Loaded>
  );
}

function Unreadable({ id, etag }: { id: string; etag: string }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  return (
    <div className="panel">
      <Empty title="This draft cannot be shown as rules" action={<ForgetDraft id={id} etag={etag} done={() => void navigate({ to: "/$tenant/policies", params: { tenant } })} />}>Its policy.toml is no TOML at all. Forget it and begin another, or put a text that can be read over it through the API.</Empty>
    </div>
  );
}

function Draft({ id, opened, schema }: { id: string; opened: Opened; schema: PolicySchema }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const search = useSearch({ from: "/$tenant/policies/$draftId" });
  const desk = useDraftDesk(id, opened);
  const { saving, save, stamp } = desk;
  const apart = useApart(id, desk);
  const errors = desk.mistakes.filter((m) => m.severity !== "warning");
  return (
    <DeskPage
      title={`Draft ${id}`} desk={desk} schema={schema} search={search} views={VIEWS} sub={<SavingLine saving={saving} again={save} />}
      go={(to) => void navigate({ to: "/$tenant/policies/$draftId", params: { tenant, draftId: id }, search: (old) => ({ ...old, ...to }), replace: true })}
      action={<Publish id={id} desk={desk} apart={apart} disabled={desk.locked || saving.state !== "saved" || errors.length > 0} why={desk.locked ? "needs the role policy editor for all tenants and sites" : errors.length > 0 ? "mend the mistakes first" : saving.state !== "saved" ? "not kept yet" : undefined} />}
      banner={saving.state === "failed" && saving.conflict && <Conflict id={id} tenant={tenant} doc={desk.doc} />}
      changes={<Changes id={id} stamp={stamp} />} effect={<Effect key={stamp} judged={{ draft: id }} ready={saving.state === "saved"} apart={apart} />}
    />
  );
}

export interface DeskSearch {
  view?: View;
  flow?: number;
  step?: string;
  table?: string;
  section?: string;
}

interface PageProps {
  title: string;
  sub: ReactNode;
  desk: Desk;
  schema: PolicySchema;
  search: DeskSearch;
  views: [View, string][];
  /** Puts into the address what is named; the rest stays. */
  go: (to: DeskSearch) => void;
  action: ReactNode;
  banner?: ReactNode;
  changes?: ReactNode;
  effect: ReactNode;
}

/** What a draft and a trial share: the views of the document on the desk. */
export function DeskPage({ title, sub, desk, schema, search, views, go, action, banner, changes, effect }: PageProps) {
  const tenant = useTenant();
  const { view = "table", flow: chosen, step, table, section } = search;
  const { doc, edit, locked } = desk;
  const [selected, setSelected] = useState<Selected | undefined>(() => selectedBy(doc, chosen, step));
  // The address follows what is selected; it is read when the page opens.
  useEffect(() => {
    const [flow, at] = [selected?.flow, selected && stepName(selected.step)];
    if (flow !== chosen || at !== step) go({ flow, step: at });
  }, [selected]);
  const [gallery, galleryModal] = useDisclosure(false);
  const vocabulary = useVocabulary().data;
  const add = (template?: Omit<Flow, "id">, name = "flow") => {
    const flows = flowsOf(doc);
    edit(withFlows(doc, [...flows, { id: freshId(doc, name), ...template } as Flow]));
    setSelected({ flow: flows.length, step: { kind: "flow" } });
    galleryModal.close();
  };
  /** To what a mistake is about. */
  const show = (to: Whereabouts) => {
    if (to.in === "flow") setSelected({ flow: to.flow, step: to.step });
    go(to.in === "ground" ? { view: "ground", section: to.section } : to.in === "table" ? { view: "table", table: to.table } : { view: view === "flow" ? "flow" : "table" });
  };
  const both = { doc, selected, select: setSelected, edit, locked };
  const body = () => {
    switch (view) {
      case "ground": return <Ground doc={doc} section={section} choose={(to) => go({ view: "ground", section: to })} edit={edit} locked={locked} />;
      case "try": return <Try doc={doc} select={(id) => { setSelected({ flow: flowsOf(doc).findIndex((flow) => flow.id === id), step: { kind: "flow" } }); go({ view: "table" }); }} />;
      case "changes": return changes;
      case "effect": return effect;
      default: return (
        <div className={selected ? "cols editor" : undefined}>
          {view === "table" ? <TableView {...both} table={table} open={(name) => go({ table: name })} vocabulary={vocabulary} add={galleryModal.open} /> : <Suspense fallback={<div className="panel"><Waiting rows={8} /></div>}><Canvas {...both} add={galleryModal.open} /></Suspense>}
          {selected && <FlowPanel {...both} selected={selected} />}
        </div>
      );
    }
  };
  return (
    <AroundProvider value={{ rules: doc.rules, tables: Object.keys(doc.tables), vocabulary, schema, locked }}>
      <div className="stack">
        <Link to="/$tenant/policies" params={{ tenant }} className="row small" style={{ width: "fit-content" }}><IconArrowLeft size={14} aria-hidden /> Policy</Link>
        <PageHead title={title} sub={sub}>
          <Button.Group>
            <Button size="xs" variant="default" aria-label="Undo" title="Undo (Ctrl Z)" disabled={!desk.undo} onClick={desk.undo}><IconArrowBackUp size={15} aria-hidden /></Button>
            <Button size="xs" variant="default" aria-label="Redo" title="Redo (Ctrl Shift Z)" disabled={!desk.redo} onClick={desk.redo}><IconArrowForwardUp size={15} aria-hidden /></Button>
          </Button.Group>
          <SegmentedControl size="xs" aria-label="View" value={view} onChange={(v) => go({ view: v as View })} data={views.map(([value, label]) => ({ value, label }))} />
          {action}
        </PageHead>
        {desk.restored && <div className="banner" role="status">What you wrote before was kept in this browser and is put back.</div>}
        {banner}
        <Mistakes list={desk.mistakes} show={show} />
        {/* What is written in here is the document. */}
        <div data-desk={["table", "flow", "ground"].includes(view) || undefined}>{body()}</div>
        <Modal opened={gallery} onClose={galleryModal.close} title="New flow" size="xl" closeButtonProps={{ "aria-label": "Close" }}>
          <Gallery take={(template) => add(template.flow, template.id)} only={TEMPLATES.filter((t) => t.flow)} />
        </Modal>
      </div>
    </AroundProvider>
  );
}

function SavingLine({ saving, again }: { saving: Saving; again: () => void }) {
  // What failed while nobody was signed in is sent again once somebody is.
  const signedIn = useSession().dataUpdatedAt;
  const failed = saving.state === "failed" && !saving.conflict;
  useEffect(() => {
    if (failed) again();
  }, [signedIn]);
  switch (saving.state) {
    case "saved": return <span role="status"><Tag as="ok" label="kept" /></span>;
    case "dirty": return <span role="status"><Tag as="info" label="writing" /></span>;
    case "saving": return <span role="status"><Tag as="info" label="keeping…" /></span>;
    case "failed": return <span role="status" className="row"><Tag as="failed" label="only in this browser" /><span className="small">{saving.why}</span>{!saving.conflict && <Button size="compact-xs" variant="default" onClick={again}>Try again</Button>}</span>;
  }
}

function Mistakes({ list, show }: { list: Mistake[]; show: (to: Whereabouts) => void }) {
  if (list.length === 0) return null;
  const errors = list.filter((m) => m.severity !== "warning");
  return (
    <Panel title={errors.length > 0 ? plural(errors.length, "mistake") : plural(list.length, "remark")} tone={errors.length > 0 ? "failed" : "held"}>
      <ul className="list">
        {list.slice(0, 20).map((m, i) => {
          const at = whereabouts(m.path);
          return <li key={i} style={{ paddingBlock: 7 }}>
            <Mark as={m.severity === "warning" ? "held" : "failed"} label={m.severity === "warning" ? "Remark" : "Mistake"} />
            <div className="grow"><span>{m.message}</span>{m.fix && <div className="fix"><span className="dim">Fix: </span>{m.fix}</div>}</div>
            <span className="small dim num">{[m.file?.split("/").at(-1), m.line].filter(Boolean).join(":")}</span>
            {at && <Button size="compact-xs" variant="default" aria-label={`Show: ${m.message}`} onClick={() => show(at)}>Show</Button>}
          </li>;
        })}
      </ul>
    </Panel>
  );
}

function Changes({ id, stamp }: { id: string; stamp: string }) {
  const query = useDiff("published", `draft:${id}`, stamp);
  return (
    <Panel title="What this draft changes" end="against what is in force">
      <Loaded query={query} what="the changes">
        {({ changes }) => (changes.length === 0 ? <Empty title="Nothing yet">The draft says what is in force.</Empty> : <ul className="list">{changes.map((c, i) => <li key={i} style={{ paddingBlock: 7 }}><span className="grow">{changeText(c)}</span></li>)}</ul>)}
      </Loaded>
    </Panel>
  );
}

/** A draft is a whole policy: on top of an earlier version it would take back what was published since. */
export interface Apart {
  from: number | null;
  inForce: number;
}

function useApart(id: string, desk: DraftDesk): Apart | undefined {
  const show = usePolicy().data;
  const inForce = show?.in_force?.version;
  const back = show?.drafts.find((draft) => draft.id === id && draft.etag === desk.stamp)?.back_to;
  return inForce && inForce > (desk.basedOn ?? 0) && !back ? { from: desk.basedOn, inForce } : undefined;
}

/** What was published since, and the way on top of it. */
function PutOnTop({ apart, desk, done }: { apart: Apart; desk: DraftDesk; done: (both: string[]) => void }) {
  const since = useDiff(String(apart.from), String(apart.inForce), "");
  const putting = useMutation({
    mutationFn: async () => {
      const at = (version: number | null) => (version === null ? undefined : policyApi.version(String(version)));
      const [base, theirs] = await Promise.all([at(apart.from), at(apart.inForce)]);
      if (!theirs?.document) throw new ApiError(0, `Version ${apart.inForce} cannot be read as rules`);
      return onTop(base?.document ?? { rules: {}, tables: {} }, theirs.document, desk.doc);
    },
    onSuccess: ({ doc, both }) => {
      done(both);
      desk.putOn(apart.inForce, doc);
    },
  });
  return (
    <div className="failure" role="alert">
      <Mark as="held" label="Overtaken" />
      <div className="grow stack" style={{ gap: 6 }}>
        <div><b>Version {apart.inForce} was published since this draft was begun{apart.from === null ? "" : ` from version ${apart.from}`}.</b> Published as it is, it would take that back. Put on top, it keeps what was published, and your changes; where both say something else, yours stays and is named.</div>
        {apart.from !== null && <Loaded query={since} what="what was published since" rows={2}>{({ changes }) => <ul className="small">{changes.map((c, i) => <li key={i}>{changeText(c)}</li>)}</ul>}</Loaded>}
        {putting.error && <div><b>Nothing was put together.</b> {putting.error.message}</div>}
        <div><Button size="xs" loading={putting.isPending} onClick={() => putting.mutate()}>Put on top of version {apart.inForce}</Button></div>
      </div>
    </div>
  );
}

function Publish({ id, desk, apart, disabled, why }: { id: string; desk: DraftDesk; apart?: Apart; disabled: boolean; why?: string }) {
  const [opened, modal] = useDisclosure(false);
  const [reason, setReason] = useState("");
  const [both, setBoth] = useState<string[]>([]);
  const tag = desk.stamp;
  const policy = usePolicy();
  const show = policy.data;
  const me = useSession().data?.user;
  const tenant = useTenant();
  const navigate = useNavigate();
  const second = show?.second_person === true;
  // Another text needs another ask.
  const asked = second ? show.drafts.find((draft) => draft.id === id && draft.etag === tag)?.asked : undefined;
  const own = asked?.by === me;
  const agree = asked && !own;
  const publishing = useMutation({
    mutationFn: () => policyApi.publish(id, tag, agree ? "" : reason.trim(), show?.in_force?.version ?? null),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ["policy"] });
      await navigate({ to: "/$tenant/policies", params: { tenant } });
    },
    // Whoever was quicker is shown.
    onError: () => policy.refetch(),
  });
  const error = publishing.error instanceof ApiError ? publishing.error : undefined;
  const noReason = saidOf(error, "reason");
  return (
    <>
      <Button size="xs" disabled={disabled} title={why} onClick={modal.open}>{agree ? "Agree and publish" : "Publish"}</Button>
      <Modal opened={opened} onClose={modal.close} title={`Publish ${id}`} size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); publishing.mutate(); }}>
          {apart && <PutOnTop apart={apart} desk={desk} done={setBoth} />}
          {both.length > 0 && <div className="banner" role="status">This draft and what was published since both changed these; the draft's stays, look at it again: {both.join("; ")}</div>}
          <Changes id={id} stamp={tag} />
          {asked ? (
            <p role="status"><b>{own ? "You" : asked.by}</b> asked for this <Ago at={asked.at} />: “{asked.reason}” {own ? "It waits for somebody else, who must agree." : "If you agree, it is in force at once, with that reason and both names."}</p>
          ) : second && <p>A second person must agree: with this you ask.</p>}
          {!asked && <Textarea label="Why" description="One sentence; auditors read it" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} error={noReason} data-autofocus autosize minRows={2} />}
          {publishing.error && !noReason && <div className="failure" role="alert"><div><b>Not published.</b> {publishing.error.message}. {error?.fix}</div></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <Button variant="default" onClick={modal.close}>{own ? "Close" : "Cancel"}</Button>
            {!own && <Button type="submit" disabled={disabled || apart !== undefined || (!agree && reason.trim() === "")} loading={publishing.isPending}>{agree ? "Agree and publish" : second ? "Ask for publication" : "Publish"}</Button>}
          </div>
        </form>
      </Modal>
    </>
  );
}
