// A template on the live population, before anything is kept: the same views as a draft, on a document that only this page has.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Mark, Tag } from "../../ui/marks";
import { Empty, Loaded } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { number, plural } from "../../words";
import { useReach, useSchema } from "./calls";
import { useTrialDesk } from "./desk";
import { DeskPage, type View } from "./Editor";
import { Effect } from "./Effect";
import { flowsOf, type Document } from "./model";
import { inForce, NameDraft } from "./NameDraft";
import type { PolicySchema } from "./schema";
import { TEMPLATES, withTemplate, type Template } from "./templates";

const VIEWS: [View, string][] = [["table", "Table"], ["flow", "Flow"], ["ground", "Ground rules"], ["try", "Try"], ["effect", "Effect"]];

export function TemplateTrial() {
  const { template: id } = useParams({ from: "/$tenant/templates/$template" });
  const template = TEMPLATES.find((one) => one.id === id);
  const schema = useSchema();
  const base = useQuery({ queryKey: ["policy-trial", id], queryFn: inForce, staleTime: Infinity, gcTime: 0, placeholderData: undefined });
  const [afresh, startAfresh] = useState(0);
  if (!template) return <div className="panel"><Empty title="There is no such template">The gallery on the policy's page has all of them.</Empty></div>;
  return (
    <Loaded query={schema} what="what a policy may say" rows={12}>
      {(schema) => <Loaded query={base} what="what is in force" rows={12}>{({ doc, seal }) => <Desk key={`${id} ${afresh}`} template={template} base={doc} seal={seal} schema={schema} discard={() => startAfresh((n) => n + 1)} />}</Loaded>}
    </Loaded>
  );
}

function Desk({ template, base, seal, schema, discard }: { template: Template; base: Document; seal: string; schema: PolicySchema; discard: () => void }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const search = useSearch({ from: "/$tenant/templates/$template" });
  const [start] = useState(() => withTemplate(base, template));
  const desk = useTrialDesk(`trial ${template.id}`, seal, start.doc);
  const [naming, setNaming] = useState(false);
  const errors = desk.mistakes.filter((m) => m.severity !== "warning");
  return (
    <>
      <DeskPage
        title={`Trying: ${template.title}`} desk={desk} schema={schema} views={VIEWS} sub={<Tag as="off" label="not kept" />} search={{ ...search, flow: search.flow ?? start.flow }}
        go={(to) => void navigate({ to: "/$tenant/templates/$template", params: { tenant, template: template.id }, search: (old) => ({ ...old, ...to }), replace: true })}
        action={<><Button size="xs" variant="default" disabled={!desk.undo && !desk.restored} title="Forget what was changed here, and start with the template again" onClick={() => { desk.forget(); discard(); }}>Discard</Button><Button size="xs" disabled={desk.locked} title={desk.locked ? "needs the role policy editor" : undefined} onClick={() => setNaming(true)}>Keep as a draft</Button></>}
        banner={<Reached doc={desk.doc} base={base} mistakes={errors.length} />}
        effect={<Effect judged={{ document: desk.doc }} ready={errors.length === 0} />}
      />
      {naming && <NameDraft title="Keep as a draft" wish={template.id} content={() => Promise.resolve({ doc: desk.doc })} close={() => setNaming(false)} done={(id) => { desk.forget(); void navigate({ to: "/$tenant/policies/$draftId", params: { tenant, draftId: id }, search: search }); }} />}
    </>
  );
}

/** Whom what is tried concerns, counted as it is written. */
function Reached({ doc, base, mistakes }: { doc: Document; base: Document; mistakes: number }) {
  const reach = useReach(doc);
  const old = new Map(flowsOf(base).map((flow) => [flow.id, JSON.stringify(flow)]));
  const changed = flowsOf(doc).filter((flow) => old.get(flow.id) !== JSON.stringify(flow));
  const counts = changed.map((flow) => ({ flow, counts: reach.data?.flows[flow.id] }));
  return (
    <div className="panel body row wrap" role="status" aria-label="Whom it concerns" data-reach>
      <Mark as="info" label="On trial" />
      <span className="grow">
        {mistakes > 0 ? `Counts come when the ${mistakes === 1 ? "mistake" : plural(mistakes, "mistake")} below ${mistakes === 1 ? "is" : "are"} mended.` : changed.length === 0 ? "As in force: change something, and see whom it concerns." : counts.map(({ flow, counts }) => (
          <span key={flow.id} style={{ marginRight: 12 }}><b>{flow.id}</b> {counts ? <>concerns {plural(counts.matched, "person", "people")}: <span className="reach"><span className="num gain">+{number(counts.gain)} gain</span>, <span className="num lose">−{number(counts.lose)} lose</span></span></> : <span className="dim">is counted…</span>}</span>
        ))}
      </span>
      <span className="dim small">Judged on everybody as both sides last said; nothing is kept or written. <b>Effect</b> names them.</span>
    </div>
  );
}
