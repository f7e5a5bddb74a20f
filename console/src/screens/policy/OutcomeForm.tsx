// One outcome by its kind, and lists of them.
import { Button, Menu, Select } from "@mantine/core";
import { useAround } from "./around";
import { Field, SectionForm } from "./Fields";
import { withKey, type Json, type Part } from "./json";
import { Sentences } from "./lists";
import { BANS, kindOf, OUTCOMES, outcomeText, type OutcomeKind } from "./outcomes";
import { label, type Node } from "./schema";

/** Branches stand as steps of their own. */
const ELSEWHERE = ["if_it_fails"];

export function OutcomeForm({ part, change, bans }: { part: Part; change: (to: Part) => void; bans?: boolean }) {
  const node = useAround().schema.definitions.outcome!;
  const properties = node.properties ?? {};
  const kind = kindOf(part);
  const kinds = bans ? BANS : OUTCOMES;
  const keys = kind ? [kind.key, ...kind.keys.filter((key) => !(bans && key === "owns"))].filter((key) => key in properties) : [];
  const others = Object.keys(part).filter((key) => !keys.includes(key) && !ELSEWHERE.includes(key));
  const known = new Set([...OUTCOMES.flatMap((k) => [k.key, ...k.keys]), ...ELSEWHERE]);
  const more = Object.keys(properties).filter((key) => !known.has(key) && !(key in part));
  return (
    <div className="stack" style={{ gap: 12 }}>
      <Select label={bans ? "What is denied" : "What is given"} data={kinds.map((k) => ({ value: k.key, label: k.label }))} value={kind?.key ?? null} allowDeselect={false} onChange={(k) => { const next = kinds.find(({ key }) => key === k); if (next && k !== kind?.key) change(next.start); }} />
      {keys.length > 0 && <SectionForm node={withTitles(node, keys)} value={part} only={keys} owner="outcome" change={(to) => change(kind && !(kind.key in to) ? { ...to, [kind.key]: "" } : to)} />}
      {others.map((key) => <Field key={key} name={key} title={properties[key] ? label(key) : `${label(key)} (not known here, kept as it is)`} node={properties[key] ?? {}} value={part[key]} owner="outcome" change={(to) => change(withKey(part, key, to))} />)}
      {more.length > 0 && <Select label="Another field" data={more} value={null} onChange={(key) => key && change({ ...part, [key]: "" })} />}
    </div>
  );
}

/** The key that names a to-do is an id to people. */
function withTitles(node: Node, keys: string[]): Node {
  return keys.includes("todo") ? { ...node, properties: { ...node.properties, todo: { ...node.properties!.todo, description: "Names the to-do; never reused" } } } : node;
}

/** A button that offers every kind of outcome. */
export function AddOutcome({ text, kinds = OUTCOMES, add }: { text: string; kinds?: OutcomeKind[]; add: (part: Part) => void }) {
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target><Button size="compact-xs" variant="default">{text}</Button></Menu.Target>
      <Menu.Dropdown>{kinds.map((kind) => <Menu.Item key={kind.key} onClick={() => add(kind.start)}>{kind.label}</Menu.Item>)}</Menu.Dropdown>
    </Menu>
  );
}

/** A list of outcomes as sentences; the chosen one opens in place. */
export function Outcomes({ title, value, change }: { title: string; value: Json | undefined; change: (to: Json | undefined) => void }) {
  return (
    <Sentences title={title} value={value} change={change} text={(part) => outcomeText(part)} name={(at) => `${title} ${at + 1}`}
      form={(part, set) => <OutcomeForm part={part} change={set} />}
      adding={(add) => <AddOutcome text={`Add to ${title.toLowerCase()}`} add={add} />} />
  );
}
