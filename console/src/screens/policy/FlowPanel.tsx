// The panel beside both views: the whole of the selected flow, or one step of it.
import { Button, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { Panel } from "../../ui/panel";
import { branched, conditionText, firstText, flowsOf, flowText, freshId, moved, otherwiseOf, outcomeText, parts, pruned, withFlow, withFlows, type Document, type Flow, type Json, type Part, type Vocabulary } from "./model";
import { ConditionForm, JsonField, OUTCOME_KINDS, OutcomeForm, StepTools } from "./Parts";

/** Which step of a flow: the flow itself, a condition, the look-up, the hold, an outcome. */
export type Step = { kind: "flow" } | { kind: "if" | "then" | "never"; at: number } | { kind: "look_up" } | { kind: "but_first" };

export interface Selected {
  flow: number;
  step: Step;
}

interface Props {
  doc: Document;
  vocabulary?: Vocabulary;
  selected: Selected;
  select: (to: Selected | undefined) => void;
  edit: (to: Document) => void;
  locked: boolean;
}

const LISTS = { if: "condition", then: "outcome", never: "ban" } as const;

export function FlowPanel(props: Props) {
  const { doc, selected, select, edit, locked } = props;
  const flows = flowsOf(doc);
  const flow = flows[selected.flow];
  if (!flow) return null;
  const put = (to: Flow) => edit(withFlow(doc, selected.flow, to));
  const set = (key: string, value: Json | undefined) => put(pruned({ ...flow, [key]: value } as Part) as Flow);
  const { step } = selected;
  if (step.kind === "if" || step.kind === "then" || step.kind === "never") {
    const items = parts(flow[step.kind]);
    const item = items[step.at];
    if (!item) return null;
    const name = LISTS[step.kind];
    const putAll = (to: Part[], at?: number) => {
      put({ ...flow, [step.kind]: to } as Flow);
      select(at === undefined ? { flow: selected.flow, step: { kind: "flow" } } : { flow: selected.flow, step: { kind: step.kind, at } });
    };
    const Form = step.kind === "if" ? ConditionForm : OutcomeForm;
    return (
      <Panel title={step.kind === "if" ? "If" : step.kind === "then" ? "Give" : "Never give"} end={<StepTools what={name}
        up={!locked && step.at > 0 ? () => putAll(moved(items, step.at, step.at - 1), step.at - 1) : undefined}
        down={!locked && step.at < items.length - 1 ? () => putAll(moved(items, step.at, step.at + 1), step.at + 1) : undefined}
        copy={locked ? undefined : () => putAll([...items.slice(0, step.at + 1), item, ...items.slice(step.at + 1)], step.at + 1)}
        remove={locked ? undefined : () => putAll(items.filter((_, i) => i !== step.at))} />}>
        <fieldset className="body stack bare" disabled={locked} style={{ gap: 12 }}>
          <p className="dim small">{step.kind === "if" ? conditionText(item) : outcomeText(item, flow.look_up)}</p>
          <Form key={`${selected.flow}/${step.kind}/${step.at}`} part={item} rules={doc.rules} vocabulary={props.vocabulary} change={(to) => put({ ...flow, [step.kind]: items.map((old, i) => (i === step.at ? to : old)) } as Flow)} />
          <div className="row">
            <Button size="xs" variant="default" onClick={() => select({ flow: selected.flow, step: { kind: "flow" } })}>Back to the flow</Button>
            {step.kind === "if" && <Branch doc={doc} flow={selected.flow} at={step.at} select={select} edit={edit} />}
          </div>
        </fieldset>
      </Panel>
    );
  }
  const add = (kind: "if" | "then" | "never", part: Part) => {
    const items = parts(flow[kind]);
    put({ ...flow, [kind]: [...items, part] } as Flow);
    select({ flow: selected.flow, step: { kind, at: items.length } });
  };
  return (
    <Panel title="Flow" end={<StepTools what="flow"
      up={!locked && selected.flow > 0 ? () => { edit(withFlows(doc, moved(flows, selected.flow, selected.flow - 1))); select({ flow: selected.flow - 1, step }); } : undefined}
      down={!locked && selected.flow < flows.length - 1 ? () => { edit(withFlows(doc, moved(flows, selected.flow, selected.flow + 1))); select({ flow: selected.flow + 1, step }); } : undefined}
      copy={locked ? undefined : () => { edit(withFlows(doc, [...flows.slice(0, selected.flow + 1), { ...flow, id: freshId(doc, flow.id) }, ...flows.slice(selected.flow + 1)])); select({ flow: selected.flow + 1, step }); }}
      remove={locked ? undefined : () => { edit(withFlows(doc, flows.filter((_, i) => i !== selected.flow))); select(undefined); }} />}>
      <fieldset className="body stack bare" disabled={locked} style={{ gap: 12 }}>
        <p className="dim small">{flowText(flow)}</p>
        <TextInput label="Id" description="Named in reasons and in the journal" value={flow.id} onChange={(e) => set("id", e.currentTarget.value)} />
        <Textarea label="Sentence" description="What it means, in your words" autosize minRows={2} value={String(flow.sentence ?? "")} onChange={(e) => set("sentence", e.currentTarget.value)} />
        <Steps title="If all of these hold" items={parts(flow.if).map(conditionText)} none="Everybody in scope" open={(at) => select({ flow: selected.flow, step: { kind: "if", at } })} add={<Button size="compact-xs" variant="default" onClick={() => add("if", { attribute: "", is: "" })}>Add a condition</Button>} />
        <Select label="Look up in" description="The first matching row says the rest" clearable data={Object.keys(doc.tables)} value={typeof flow.look_up === "string" ? flow.look_up : null} onChange={(v) => set("look_up", v ?? undefined)} />
        <Steps title="Then give" items={parts(flow.then).map((o) => outcomeText(o, flow.look_up))} none="Nothing yet" open={(at) => select({ flow: selected.flow, step: { kind: "then", at } })} add={<Select size="xs" aria-label="Add an outcome" placeholder="Add an outcome" data={OUTCOME_KINDS} value={null} onChange={(k) => { const kind = OUTCOME_KINDS.find((o) => o.value === k); if (kind) add("then", kind.start); }} />} />
        <Steps title="Never give" items={parts(flow.never).map((o) => outcomeText(o))} none="No ban" open={(at) => select({ flow: selected.flow, step: { kind: "never", at } })} add={<Button size="compact-xs" variant="default" onClick={() => add("never", { item: "" })}>Add a ban</Button>} />
        <First value={flow.but_first} change={(to) => set("but_first", to)} />
        <div className="row" style={{ gap: 12 }}>
          <NumberInput label="Priority" description="Between flows the highest wins" value={typeof flow.priority === "number" ? flow.priority : ""} onChange={(v) => set("priority", v === "" ? undefined : Number(v))} className="grow" />
          <TextInput label="Until" description="Attribute with the last day" value={String(flow.until ?? "")} onChange={(e) => set("until", e.currentTarget.value)} className="grow" />
        </div>
      </fieldset>
    </Panel>
  );
}

/** The way of those whom a condition turns away: a flow of its own. */
function Branch({ doc, flow, at, select, edit }: { doc: Document; flow: number; at: number; select: Props["select"]; edit: Props["edit"] }) {
  const other = otherwiseOf(doc, flow, at);
  if (other !== undefined) return <Button size="xs" variant="default" onClick={() => select({ flow: other, step: { kind: "flow" } })}>Otherwise: {flowsOf(doc)[other]!.id}</Button>;
  return <Button size="xs" variant="default" onClick={() => { const next = branched(doc, flow, at); edit(next.doc); select({ flow: next.flow, step: { kind: "flow" } }); }}>Branch: otherwise…</Button>;
}

function Steps({ title, items, none, open, add }: { title: string; items: string[]; none: string; open: (at: number) => void; add: React.ReactNode }) {
  return (
    <div>
      <h3>{title}</h3>
      {items.length === 0 ? <p className="dim small">{none}</p> : (
        <ul className="steplist">
          {items.map((text, i) => <li key={i}><button type="button" onClick={() => open(i)}>{text}</button></li>)}
        </ul>
      )}
      <div style={{ marginTop: 6 }}>{add}</div>
    </div>
  );
}

function First({ value, change }: { value: Json | undefined; change: (to: Json | undefined) => void }) {
  const first = parts(value)[0];
  const put = (to: Part) => change(Object.keys(pruned(to)).length > 0 ? pruned(to) : undefined);
  const known = ["hold", "approval", "quorum", "expires"];
  const rest = first ? Object.fromEntries(Object.entries(first).filter(([key]) => !known.includes(key))) : {};
  return (
    <div>
      <h3>But first</h3>
      <p className="dim small">{firstText(value) ?? "Nothing: it happens at once"}</p>
      <div className="row" style={{ gap: 12, alignItems: "flex-end" }}>
        <TextInput label="Hold for" placeholder="24 hours" value={String(first?.hold ?? "")} onChange={(e) => put({ ...first, hold: e.currentTarget.value })} className="grow" />
        <TextInput label="Approval by" placeholder="manager, role:approver" value={Array.isArray(first?.approval) ? first.approval.join(", ") : String(first?.approval ?? "")} onChange={(e) => put({ ...first, approval: e.currentTarget.value.includes(",") ? e.currentTarget.value.split(",").map((t) => t.trim()) : e.currentTarget.value })} className="grow" />
      </div>
      {Object.keys(rest).length > 0 && <JsonField label="More" value={rest} change={(to) => put({ ...Object.fromEntries(known.filter((k) => first && k in first).map((k) => [k, first![k]!])), ...(to as Part) })} />}
    </div>
  );
}
