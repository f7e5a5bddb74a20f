// The panel beside both views: the whole of the selected flow, with a way to each of its steps.
import { Button, NumberInput, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { Panel } from "../../ui/panel";
import { useAround } from "./around";
import { NEW_CONDITION } from "./ConditionForm";
import { conditionText } from "./conditions";
import { JsonField, SectionForm } from "./Fields";
import { StepTools } from "./lists";
import { isPart, parts, texts, withKey, type Json, type Part } from "./json";
import { flowsOf, flowText, freshId, moved, withFlow, withFlows, type Document, type Flow } from "./model";
import { AddOutcome } from "./OutcomeForm";
import { BANS, failureText, outcomeText } from "./outcomes";
import { strangers } from "./schema";
import { StepPanel } from "./StepPanel";
import type { ListStep, Step } from "./steps";
import { attributeNames } from "./suggest";

export interface Selected {
  flow: number;
  step: Step;
}

export interface FlowProps {
  doc: Document;
  selected: Selected;
  select: (to: Selected | undefined) => void;
  edit: (to: Document) => void;
  locked: boolean;
}

export function FlowPanel(props: FlowProps) {
  return props.selected.step.kind === "flow" ? <WholeFlow {...props} /> : <StepPanel {...props} />;
}

function FlowTools({ doc, selected, select, edit, locked }: FlowProps) {
  const flows = flowsOf(doc);
  const { flow: at, step } = selected;
  const go = (to: Flow[], next: number | undefined) => () => {
    edit(withFlows(doc, to));
    select(next === undefined ? undefined : { flow: next, step });
  };
  return (
    <StepTools what="flow" up={!locked && at > 0 ? go(moved(flows, at, at - 1), at - 1) : undefined} down={!locked && at < flows.length - 1 ? go(moved(flows, at, at + 1), at + 1) : undefined}
      copy={locked ? undefined : go([...flows.slice(0, at + 1), { ...flows[at]!, id: freshId(doc, flows[at]!.id) }, ...flows.slice(at + 1)], at + 1)} remove={locked ? undefined : go(flows.filter((_, i) => i !== at), undefined)} />
  );
}

function WholeFlow(props: FlowProps) {
  const { doc, selected, select, edit, locked } = props;
  const { schema, tables, vocabulary, rules } = useAround();
  const flow = flowsOf(doc)[selected.flow];
  if (!flow) return null;
  const put = (to: Flow) => edit(withFlow(doc, selected.flow, to));
  const set = (key: string, value: Json | undefined) => put(withKey(flow, key, value) as Flow);
  const open = (step: Step) => select({ flow: selected.flow, step });
  const add = (kind: ListStep["kind"], part: Part) => {
    const items = parts(flow[kind]);
    put({ ...flow, [kind]: [...items, part] } as Flow);
    open({ kind, at: items.length });
  };
  const others = strangers({ properties: schema.properties.flow?.items?.properties }, flow);
  return (
    <Panel title="Flow" end={<FlowTools {...props} />}>
      <fieldset key={selected.flow} className="body stack bare" disabled={locked} style={{ gap: 12 }}>
        <p className="dim small">{flowText(flow)}</p>
        <TextInput label="Id" description="Named in reasons and in the journal" value={flow.id} onChange={(e) => set("id", e.currentTarget.value)} />
        <Textarea label="Sentence" description="What it means, in your words" autosize minRows={2} value={String(flow.sentence ?? "")} onChange={(e) => set("sentence", e.currentTarget.value)} />
        <Steps title="If all of these hold" items={parts(flow.if).map(conditionText)} none="Everybody in scope" open={(at) => open({ kind: "if", at })} add={<Button size="compact-xs" variant="default" onClick={() => add("if", NEW_CONDITION)}>Add a condition</Button>} />
        <Select label="Look up in" description="The first matching row says the rest" clearable data={tables} value={typeof flow.look_up === "string" ? flow.look_up : null} onChange={(v) => set("look_up", v ?? undefined)} />
        <Steps title="Then give" items={parts(flow.then).map((o) => outcomeText(o, flow.look_up))} none="Nothing yet" open={(at) => open({ kind: "then", at })} add={<AddOutcome text="Add an outcome" add={(part) => add("then", part)} />} />
        <Steps title="Never give" items={parts(flow.never).map((o) => outcomeText(o))} none="No ban" open={(at) => open({ kind: "never", at })} add={<AddOutcome text="Add a ban" kinds={BANS} add={(part) => add("never", part)} />} />
        <First value={flow.but_first} change={(to) => set("but_first", to)} />
        <Steps title="If a step fails" items={[failureText(flow.if_it_fails)].filter((t) => t !== undefined)} none="Retried with pauses; then a dead letter with the fix" open={() => open({ kind: "fails" })} add={flow.if_it_fails === undefined && <Button size="compact-xs" variant="default" onClick={() => open({ kind: "fails" })}>Say what becomes of it</Button>} />
        <TagsInput label="Tell" description="Once what it gives was brought about, and a read shows it" data={isPart(rules.notify) ? Object.keys(rules.notify) : []} value={texts(flow.tell)} onChange={(v) => set("tell", v)} />
        <div className="row" style={{ gap: 12, alignItems: "flex-start" }}>
          <NumberInput label="Priority" description="Between flows the highest wins" value={typeof flow.priority === "number" ? flow.priority : ""} onChange={(v) => set("priority", v === "" ? undefined : Number(v))} className="grow" />
          <TextInput label="Until" description="Attribute with the last day" list="attributes" value={String(flow.until ?? "")} onChange={(e) => set("until", e.currentTarget.value)} className="grow" />
          <datalist id="attributes">{attributeNames(vocabulary).map((name) => <option key={name} value={name} />)}</datalist>
        </div>
        <Select label="Template" description="Which of the six it belongs to" clearable data={schema.properties.flow?.items?.properties?.template?.enum ?? []} value={typeof flow.template === "string" ? flow.template : null} onChange={(v) => set("template", v ?? undefined)} />
        {others.map((key) => <JsonField key={key} label={`${key} (not known here, kept as it is)`} value={flow[key]!} change={(to) => put({ ...flow, [key]: to })} />)}
      </fieldset>
    </Panel>
  );
}

function Steps({ title, items, none, open, add }: { title: string; items: string[]; none: string; open: (at: number) => void; add: ReactNode }) {
  return (
    <div>
      <h3>{title}</h3>
      {items.length === 0 ? <p className="dim small">{none}</p> : (
        <ul className="steplist">
          {items.map((text, i) => <li key={i}><button type="button" onClick={() => open(i)}>{text}</button></li>)}
        </ul>
      )}
      {add && <div style={{ marginTop: 6 }}>{add}</div>}
    </div>
  );
}

/** What is waited for, or asked, before anything is given. */
function First({ value, change }: { value: Json | undefined; change: (to: Json | undefined) => void }) {
  const node = useAround().schema.definitions.demand!;
  const first = isPart(value) ? value : {};
  return (
    <div>
      <h3>But first</h3>
      <SectionForm node={node} value={first} only={Object.keys(node.properties ?? {}).filter((key) => key in first || key === "hold" || key === "approval")} owner="demand" change={(to) => change(Object.keys(to).length > 0 ? to : undefined)} />
    </div>
  );
}
