// A draft: two views of one document, undo and redo, kept as it is written, published with a reason.
import { Button, Modal, SegmentedControl, Textarea } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp, IconArrowLeft } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useReducer, useRef, useState } from "react";
import { ApiError } from "../../api";
import { queryClient, useMay } from "../../queries";
import { Mark, Tag } from "../../ui/marks";
import { PageHead, Panel } from "../../ui/panel";
import { Empty, Loaded, Waiting } from "../../ui/states";
import { plural } from "../../words";
import { changeText, local, policyApi, useDiff, usePolicy, useVocabulary, type Mistake } from "./calls";
import { Effect } from "./Effect";
import { FlowPanel, type Selected } from "./FlowPanel";
import { Gallery } from "./Gallery";
import { flowsOf, freshId, history, TEMPLATES, withFlows, type Document, type Flow } from "./model";
import { TableView } from "./TableView";
import { Try } from "./Try";

// The canvas is the heaviest thing of the console: only who opens it pays.
const Canvas = lazy(() => import("./Canvas"));

const SAVE_AFTER_MS = 900;

type Saving = { state: "saved" | "dirty" | "saving" } | { state: "failed"; why: string; conflict: boolean };

export function PolicyEditor() {
  const { draftId } = useParams({ from: "/$tenant/policies/$draftId" });
  // The draft is read once; from then on this page is what is newest.
  const query = useQuery({ queryKey: ["policy-draft", draftId], queryFn: () => policyApi.draft(draftId), staleTime: Infinity, gcTime: 0, placeholderData: undefined });
  return <Loaded query={query} what="this draft" rows={12}>{(got) => (got.body.document ? <Desk key={draftId} id={draftId} etag={got.etag ?? got.body.etag} document={got.body.document} mistakes={got.body.problems ?? []} /> : <div className="panel"><Empty title="This draft cannot be shown as rules">Its policy.toml is no TOML at all. Mend the text in the policy folder, or forget the draft.</Empty></div>)}</Loaded>;
}

function Desk({ id, etag: firstTag, document: first, mistakes: firstMistakes }: { id: string; etag: string; document: Document; mistakes: Mistake[] }) {
  const { tenant } = useParams({ from: "/$tenant/policies/$draftId" });
  const { view = "table", flow: chosen } = useSearch({ from: "/$tenant/policies/$draftId" });
  const navigate = useNavigate({ from: "/$tenant/policies/$draftId" });
  const may = useMay("edit_policy");
  const kept = useRef(local.read(id));
  const restored = kept.current !== undefined && JSON.stringify(kept.current) !== JSON.stringify(first);
  const [state, act] = useReducer(history, { past: restored ? [first] : [], now: restored ? kept.current! : first, future: [] });
  const [saving, setSaving] = useState<Saving>({ state: restored ? "dirty" : "saved" });
  const [mistakes, setMistakes] = useState(firstMistakes);
  const [stamp, setStamp] = useState(firstTag);
  const tag = useRef(firstTag);
  const [selected, setSelected] = useState<Selected | undefined>(chosen !== undefined ? { flow: chosen, step: { kind: "flow" } } : undefined);
  const [gallery, galleryModal] = useDisclosure(false);
  const vocabulary = useVocabulary().data;
  const locked = may === false;

  const busy = useRef(false);
  const newest = useRef(state.now);
  newest.current = state.now;
  const save = useDebouncedCallback(async () => {
    if (busy.current) return save();
    busy.current = true;
    const sent = newest.current;
    setSaving({ state: "saving" });
    try {
      const answer = await policyApi.keep(id, tag.current, sent);
      tag.current = answer.etag ?? answer.body.etag;
      setStamp(tag.current);
      setMistakes(answer.body.problems ?? []);
      if (newest.current === sent) {
        local.clear(id);
        setSaving({ state: "saved" });
      } else {
        save();
      }
    } catch (error) {
      const api = error instanceof ApiError ? error : undefined;
      setSaving({ state: "failed", why: api?.message ?? String(error), conflict: api?.status === 412 });
    } finally {
      busy.current = false;
    }
  }, SAVE_AFTER_MS);
  const before = useRef(state.now);
  useEffect(() => {
    if (before.current === state.now && !restored) return;
    before.current = state.now;
    local.write(id, state.now);
    setSaving((s) => (s.state === "failed" && s.conflict ? s : { state: "dirty" }));
    if (!(saving.state === "failed" && saving.conflict)) save();
  }, [state.now]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(event.target.tagName) && (event.target as HTMLInputElement).dataset.ownUndo) return;
      event.preventDefault();
      act({ type: event.shiftKey ? "redo" : "undo" });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  const edit = (to: Document) => !locked && act({ type: "edit", to });
  const add = (template?: Omit<Flow, "id">, name = "flow") => {
    const flows = flowsOf(state.now);
    edit(withFlows(state.now, [...flows, { id: freshId(state.now, name), ...template } as Flow]));
    setSelected({ flow: flows.length, step: { kind: "flow" } });
    galleryModal.close();
  };
  const errors = mistakes.filter((m) => m.severity !== "warning");
  return (
    <div className="stack">
      <Link to="/$tenant/policies" params={{ tenant }} className="row small" style={{ width: "fit-content" }}><IconArrowLeft size={14} aria-hidden /> Policy</Link>
      <PageHead title={`Draft ${id}`} sub={<SavingLine saving={saving} again={save} />}>
        <Button.Group>
          <Button size="xs" variant="default" aria-label="Undo" title="Undo (Ctrl Z)" disabled={state.past.length === 0 || locked} onClick={() => act({ type: "undo" })}><IconArrowBackUp size={15} aria-hidden /></Button>
          <Button size="xs" variant="default" aria-label="Redo" title="Redo (Ctrl Shift Z)" disabled={state.future.length === 0 || locked} onClick={() => act({ type: "redo" })}><IconArrowForwardUp size={15} aria-hidden /></Button>
        </Button.Group>
        <SegmentedControl size="xs" aria-label="View" value={view} onChange={(v) => void navigate({ search: { view: v as never }, replace: true })} data={[{ value: "table", label: "Table" }, { value: "flow", label: "Flow" }, { value: "try", label: "Try" }, { value: "changes", label: "Changes" }, { value: "effect", label: "Effect" }]} />
        <Publish id={id} tag={stamp} disabled={locked || saving.state !== "saved" || errors.length > 0} why={locked ? "needs the role policy editor" : errors.length > 0 ? "mend the mistakes first" : saving.state !== "saved" ? "not kept yet" : undefined} />
      </PageHead>
      {restored && <div className="banner" role="status">What you wrote before was kept in this browser and is put back.</div>}
      {saving.state === "failed" && saving.conflict && (
        <div className="failure" role="alert">
          <Mark as="failed" label="Changed meanwhile" />
          <div className="grow"><b>Somebody else changed this draft.</b> Nothing of theirs was overwritten, and yours is kept in this browser. Take theirs and redo your change, or keep yours as a draft of its own.</div>
          <Button size="xs" variant="default" onClick={() => { local.clear(id); void queryClient.invalidateQueries({ queryKey: ["policy-draft", id] }).then(() => location.reload()); }}>Take theirs</Button>
          <Button size="xs" onClick={() => void policyApi.create(`${id}-mine`.slice(0, 64), state.now).then(() => { local.clear(id); void navigate({ to: "/$tenant/policies/$draftId", params: { tenant, draftId: `${id}-mine`.slice(0, 64) } }); })}>Keep mine beside it</Button>
        </div>
      )}
      <Mistakes list={mistakes} />
      {view === "try" ? <Try doc={state.now} select={(id) => { setSelected({ flow: flowsOf(state.now).findIndex((flow) => flow.id === id), step: { kind: "flow" } }); void navigate({ search: { view: "table" }, replace: true }); }} /> : view === "changes" ? <Changes id={id} stamp={stamp} /> : view === "effect" ? <Effect key={stamp} id={id} ready={saving.state === "saved"} /> : (
        <div className={selected ? "cols editor" : undefined}>
          {view === "table" ? (
            <TableView doc={state.now} vocabulary={vocabulary} selected={selected} select={setSelected} edit={edit} locked={locked} add={galleryModal.open} />
          ) : (
            <Suspense fallback={<div className="panel"><Waiting rows={8} /></div>}><Canvas doc={state.now} selected={selected} select={setSelected} edit={edit} locked={locked} add={galleryModal.open} /></Suspense>
          )}
          {selected && <FlowPanel doc={state.now} vocabulary={vocabulary} selected={selected} select={setSelected} edit={edit} locked={locked} />}
        </div>
      )}
      <Modal opened={gallery} onClose={galleryModal.close} title="New flow" size="xl" closeButtonProps={{ "aria-label": "Close" }}>
        <Gallery take={(template) => add(template.flow, template.id)} only={TEMPLATES.filter((t) => t.flow)} />
      </Modal>
    </div>
  );
}

function SavingLine({ saving, again }: { saving: Saving; again: () => void }) {
  switch (saving.state) {
    case "saved": return <span role="status"><Tag as="ok" label="kept" /></span>;
    case "dirty": return <span role="status"><Tag as="info" label="writing" /></span>;
    case "saving": return <span role="status"><Tag as="info" label="keeping…" /></span>;
    case "failed": return <span role="status" className="row"><Tag as="failed" label="only in this browser" /><span className="small">{saving.why}</span>{!saving.conflict && <Button size="compact-xs" variant="default" onClick={again}>Try again</Button>}</span>;
  }
}

function Mistakes({ list }: { list: Mistake[] }) {
  if (list.length === 0) return null;
  const errors = list.filter((m) => m.severity !== "warning");
  return (
    <Panel title={errors.length > 0 ? plural(errors.length, "mistake") : plural(list.length, "remark")} tone={errors.length > 0 ? "failed" : "held"}>
      <ul className="list">
        {list.slice(0, 20).map((m, i) => (
          <li key={i} style={{ paddingBlock: 7 }}>
            <Mark as={m.severity === "warning" ? "held" : "failed"} label={m.severity === "warning" ? "Remark" : "Mistake"} />
            <div className="grow"><span>{m.message}</span>{m.fix && <div className="fix"><span className="dim">Fix: </span>{m.fix}</div>}</div>
            <span className="small dim num">{[m.file?.split("/").at(-1), m.line].filter(Boolean).join(":")}</span>
          </li>
        ))}
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

function Publish({ id, tag, disabled, why }: { id: string; tag: string; disabled: boolean; why?: string }) {
  const [opened, modal] = useDisclosure(false);
  const [reason, setReason] = useState("");
  const show = usePolicy().data;
  const { tenant } = useParams({ from: "/$tenant/policies/$draftId" });
  const navigate = useNavigate();
  const publishing = useMutation({
    mutationFn: () => policyApi.publish(id, tag, reason.trim(), show?.in_force?.version ?? null),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ["policy"] });
      await navigate({ to: "/$tenant/policies", params: { tenant } });
    },
  });
  return (
    <>
      <Button size="xs" disabled={disabled} title={why} onClick={modal.open}>Publish</Button>
      <Modal opened={opened} onClose={modal.close} title={`Publish ${id}`} size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); publishing.mutate(); }}>
          <Changes id={id} stamp={tag} />
          {show?.second_person && <p>A second person must agree: with this you ask.</p>}
          <Textarea label="Why" description="One sentence; auditors read it" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus autosize minRows={2} />
          {publishing.error && <div className="failure" role="alert"><div><b>Not published.</b> {publishing.error.message} {publishing.error instanceof ApiError && publishing.error.fix}</div></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <Button variant="default" onClick={modal.close}>Cancel</Button>
            <Button type="submit" disabled={reason.trim() === ""} loading={publishing.isPending}>{show?.second_person ? "Ask for publication" : "Publish"}</Button>
          </div>
        </form>
      </Modal>
    </>
  );
}
