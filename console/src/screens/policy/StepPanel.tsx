// The panel of one step of a flow: a condition, the look-up, what is asked first, an outcome, a failure, who is told.
import { Button, Select, TagsInput } from "@mantine/core";
import type { ReactNode } from "react";
import { Panel } from "../../ui/panel";
import { useAround } from "./around";
import { ConditionForm } from "./ConditionForm";
import { conditionText } from "./conditions";
import { SectionForm } from "./Fields";
import { StepTools } from "./lists";
import type { FlowProps } from "./FlowPanel";
import { isPart, parts, texts, withKey, type Part } from "./json";
import { approvalText, branched, flowsOf, holdText, otherwiseOf, withFlow, type Flow } from "./model";
import { OutcomeForm } from "./OutcomeForm";
import { failureText, outcomeText } from "./outcomes";
import { resolved } from "./schema";
import { changesOf, failureOf, FIRST_KEYS, isListed, stepped, withFailure, type ListStep, type Step } from "./steps";

const TITLES: Record<Exclude<Step["kind"], "flow">, string> = { if: "If", then: "Give", never: "Never give", look_up: "Look up", hold: "Hold", approval: "Approval", fails: "If it fails", tell: "Tell" };
const NAMES: Record<Step["kind"], string> = { flow: "flow", if: "condition", then: "outcome", never: "ban", look_up: "look-up", hold: "hold", approval: "approval", fails: "failure branch", tell: "message" };

export function StepPanel(props: FlowProps) {
  const { doc, selected, select, edit, locked } = props;
  const flow = flowsOf(doc)[selected.flow];
  const { step } = selected;
  if (!flow || step.kind === "flow" || (isListed(step) && !parts(flow[step.kind])[step.at])) return null;
  const changes = locked ? [] : changesOf(flow, step);
  const act = (what: "up" | "down" | "copy" | "delete") => (changes.includes(what) ? () => {
    const next = stepped(doc, selected.flow, step, what);
    edit(next.doc);
    select({ flow: selected.flow, step: next.step ?? { kind: "flow" } });
  } : undefined);
  const form: StepForm = { flow, step, put: (to) => edit(withFlow(doc, selected.flow, to)) };
  return (
    <Panel title={TITLES[step.kind]} end={<StepTools what={NAMES[step.kind]} up={act("up")} down={act("down")} copy={act("copy")} remove={act("delete")} />}>
      <fieldset className="body stack bare" disabled={locked} style={{ gap: 12 }} key={`${selected.flow}/${JSON.stringify(step)}`}>
        <Form {...form} />
        <div className="row wrap">
          <Button size="xs" variant="default" onClick={() => select({ flow: selected.flow, step: { kind: "flow" } })}>Back to the flow</Button>
          {step.kind === "if" && <Branch {...props} at={step.at} />}
          {step.kind === "then" && "todo" in parts(flow.then)[step.at]! === false && <Button size="xs" variant="default" onClick={() => select({ flow: selected.flow, step: { kind: "fails", of: step.at } })}>If it fails…</Button>}
        </div>
      </fieldset>
    </Panel>
  );
}

interface StepForm {
  flow: Flow;
  step: Step;
  put: (to: Flow) => void;
}

function Form(props: StepForm): ReactNode {
  const { flow, step, put } = props;
  switch (step.kind) {
    case "if": case "then": case "never": return <ListedForm {...props} step={step} />;
    case "look_up": return <LookUpForm flow={flow} put={put} />;
    case "hold": case "approval": return <FirstForm {...props} kind={step.kind} />;
    case "fails": return <FailureForm {...props} of={step.of} />;
    case "tell": return <TellForm flow={flow} put={put} />;
    default: return null;
  }
}

function ListedForm({ flow, step, put }: StepForm & { step: ListStep }) {
  const items = parts(flow[step.kind]);
  const item = items[step.at]!;
  const change = (to: Part) => put({ ...flow, [step.kind]: items.map((old, i) => (i === step.at ? to : old)) } as Flow);
  return (
    <>
      <p className="dim small">{step.kind === "if" ? conditionText(item) : outcomeText(item, flow.look_up)}</p>
      {step.kind === "if" ? <ConditionForm part={item} change={change} /> : <OutcomeForm part={item} change={change} bans={step.kind === "never"} />}
    </>
  );
}

function LookUpForm({ flow, put }: Omit<StepForm, "step">) {
  const { tables } = useAround();
  return (
    <>
      <p className="dim small">The first row of the table that fits the person completes what the flow gives. Where no row fits, nothing is given and the person is listed.</p>
      <Select label="Table" data={tables} value={typeof flow.look_up === "string" ? flow.look_up : null} allowDeselect={false} onChange={(v) => v && put({ ...flow, look_up: v })} />
    </>
  );
}

function FirstForm({ flow, put, kind }: StepForm & { kind: "hold" | "approval" }) {
  const node = useAround().schema.definitions.demand!;
  const first = isPart(flow.but_first) ? flow.but_first : {};
  return (
    <>
      <p className="dim small">{kind === "hold" ? `First, ${holdText(first) ?? "nothing is held"}. It survives restarts, and ends with its reason.` : `First, ${approvalText(first) ?? "nobody is asked"}. Nobody decides about themselves; what somebody holds already is never asked about.`}</p>
      <SectionForm node={node} value={first} only={[...FIRST_KEYS[kind]]} owner="demand" change={(to) => put(withKey(flow, "but_first", Object.keys(to).length > 0 ? to : undefined) as Flow)} />
    </>
  );
}

function FailureForm({ flow, put, of }: StepForm & { of: number | undefined }) {
  const { schema } = useAround();
  const outcome = of === undefined ? undefined : parts(flow.then)[of];
  const { failure, own } = failureOf(flow, of);
  const node = resolved(schema, { $ref: "#/definitions/failure" });
  const what = outcome ? outcomeText(outcome, flow.look_up) : "anything that this flow gives";
  return (
    <>
      <p className="dim small">If the site refuses {what}, or cannot do it: {failureText(failure) ?? "retried with pauses; then a dead letter with the fix"}.{of !== undefined && !own && failure !== undefined && " That is what the flow says for all of its outcomes."}</p>
      {own || of === undefined ? <SectionForm node={node} value={isPart(failure) ? failure : {}} owner="failure" change={(to) => put(withFailure(flow, of, Object.keys(to).length > 0 ? to : undefined))} /> : (
        <div className="row wrap">
          <Button size="xs" onClick={() => put(withFailure(flow, of, isPart(failure) ? failure : { retry: 3, every: "10 minutes" }))}>Say it for this outcome</Button>
          {failure === undefined && <Button size="xs" variant="default" onClick={() => put(withFailure(flow, undefined, { retry: 3, every: "10 minutes" }))}>Say it for the whole flow</Button>}
        </div>
      )}
    </>
  );
}

function TellForm({ flow, put }: Omit<StepForm, "step">) {
  const { rules } = useAround();
  const known = isPart(rules.notify) ? Object.keys(rules.notify) : [];
  return (
    <>
      <p className="dim small">Told once for each change that this flow brought about, when a read shows it. Who had it before is not told of.</p>
      <TagsInput label="Tell" description={known.length > 0 ? "Entries under Who is told" : "Add somebody under Ground rules, Who is told"} data={known} value={texts(flow.tell)} onChange={(v) => put(withKey(flow, "tell", v) as Flow)} />
    </>
  );
}

/** The way of those whom a condition turns away: a flow of its own. */
function Branch({ doc, selected, select, edit, at }: FlowProps & { at: number }) {
  const other = otherwiseOf(doc, selected.flow, at);
  if (other !== undefined) return <Button size="xs" variant="default" onClick={() => select({ flow: other, step: { kind: "flow" } })}>Otherwise: {flowsOf(doc)[other]!.id}</Button>;
  return <Button size="xs" variant="default" onClick={() => { const next = branched(doc, selected.flow, at); edit(next.doc); select({ flow: next.flow, step: { kind: "flow" } }); }}>Branch: otherwise…</Button>;
}
