// Controls for the values of policy.toml, chosen by its schema: what has a shape gets a form, anything else is shown as it stands.
import { ActionIcon, Autocomplete, Button, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useAround } from "./around";
import { Conditions } from "./ConditionForm";
import { isPart, single, texts, withKey, type Json, type Part } from "./json";
import { StepTools, useEntries } from "./lists";
import { Outcomes } from "./OutcomeForm";
import { fits, label, meaning, namesOf, resolved, shapeOf, strangers, usual, type Node, type Shape } from "./schema";
import { suggestions } from "./suggest";

export interface FieldProps {
  name: string;
  node: Node;
  value: Json | undefined;
  change: (value: Json | undefined) => void;
  /** The section that the key stands in. */
  owner?: string;
  /** Another label than the key. */
  title?: string;
}

const SMALL: Shape["is"][] = ["text", "texts", "words", "yes", "whole", "transforms"];

/** One value. */
export function Field(props: FieldProps) {
  const { schema } = useAround();
  const shape = shapeOf(schema, props.node);
  if (!fits(shape, props.value)) return <JsonField label={props.title ?? label(props.name)} value={props.value ?? {}} change={props.change} />;
  return SMALL.includes(shape.is) ? <SmallField {...props} shape={shape} /> : <LargeField {...props} shape={shape} />;
}

function SmallField({ name, node, value, change, owner, title, shape }: FieldProps & { shape: Shape }) {
  const around = useAround();
  // What it means stands below, so that inputs side by side stand in one line.
  const common = { label: title ?? label(name), description: meaning(around.schema, node), placeholder: value === undefined ? usual(around.schema, node) : undefined, inputWrapperOrder: ["label", "input", "description", "error"] as ("label" | "input" | "description" | "error")[] };
  const offer = suggestions(name, owner, node, around);
  switch (shape.is) {
    case "yes": return <Switch label={common.label} description={common.description} checked={value === undefined ? resolved(around.schema, node).default === true : value === true} onChange={(e) => change(e.currentTarget.checked)} />;
    case "whole": return <NumberInput {...common} allowDecimal={false} min={shape.min} max={shape.max} clampBehavior="none" value={typeof value === "number" ? value : ""} onChange={(v) => change(v === "" ? undefined : Number(v))} />;
    case "words": return <Select {...common} clearable data={shape.words} value={typeof value === "string" ? value : null} onChange={(v) => change(v ?? undefined)} />;
    case "texts": return <TagsInput {...common} data={[...new Set(shape.words ?? offer ?? [])]} limit={30} value={texts(value)} onChange={(v) => change(v.length === 0 ? undefined : shape.list ? v : single(v))} />;
    case "transforms": return <TagsInput {...common} data={TRANSFORMS} value={texts(value)} onChange={(v) => change(v.length === 0 ? undefined : single(v))} />;
    default: return offer ? <Autocomplete {...common} data={offer} limit={30} value={String(value ?? "")} onChange={(v) => change(v)} /> : <TextInput {...common} value={String(value ?? "")} onChange={(e) => change(e.currentTarget.value)} />;
  }
}

export const TRANSFORMS = ["lower case", "upper case", "phone", "email", "email without tag", "digits", "without leading zeros", "date-ms", "date", "date DD.MM.YYYY"];

function LargeField({ name, node, value, change, title, shape }: FieldProps & { shape: Shape }) {
  const { schema } = useAround();
  const heading = title ?? label(name);
  switch (shape.is) {
    case "conditions": return <Conditions title={heading} none={name === "protected" ? "Nobody is protected" : undefined} value={value} change={change} />;
    case "outcomes": return <Outcomes title={heading} value={value} change={change} />;
    case "demand": return <Sub title={heading} says="Waits, or asks somebody, before it happens" node={schema.definitions.demand!} value={value} change={change} owner="demand" />;
    case "failure": return <Sub title={heading} says="What becomes of a step that the site refuses or cannot do" node={resolved(schema, node)} value={value} change={change} owner="failure" />;
    case "section": return <Sub title={heading} says={meaning(schema, node)} node={shape.node} value={value} change={change} owner={name} />;
    case "sections": return <Cards title={heading} says={meaning(schema, node)} node={shape.node} value={value} change={change} owner={name} />;
    case "map": return <MapForm title={heading} says={meaning(schema, node)} shape={shape} value={value} change={change} owner={name} />;
    default: return null;
  }
}

interface FormProps {
  node: Node;
  value: Part;
  change: (value: Part) => void;
  owner?: string;
  /** These keys and no others. */
  only?: string[];
}

/** All keys of a section: small values side by side, the others below. */
export function SectionForm({ node, value, change, owner, only }: FormProps) {
  const { schema } = useAround();
  const keys = only ?? Object.keys(node.properties ?? {});
  const isSmall = (key: string) => SMALL.includes(shapeOf(schema, node.properties![key]!).is);
  const field = (key: string) => <Field key={key} name={key} node={node.properties![key]!} value={value[key]} owner={owner} change={(to) => change(withKey(value, key, to))} />;
  const small = keys.filter(isSmall);
  return (
    <div className="stack" style={{ gap: 14 }}>
      {small.length > 0 && <div className="fields">{small.map(field)}</div>}
      {keys.filter((key) => !isSmall(key)).map(field)}
      {!only && strangers(node, value).map((key) => <JsonField key={key} label={`${label(key)} (not known here, kept as it is)`} value={value[key]!} change={(to) => change({ ...value, [key]: to })} />)}
    </div>
  );
}

interface SubProps extends Pick<FormProps, "node" | "owner"> {
  title: string;
  says?: string;
  value: Json | undefined;
  change: (value: Json | undefined) => void;
}

/** Whether a meaning only repeats the title: "First day", "The first day". */
const sameWords = (says: string, title: string) => says.toLowerCase().replace(/^the /, "") === title.toLowerCase();

/** A section in a section: not there, or there with all of its keys. */
export function Sub({ title, says, node, value, change, owner }: SubProps) {
  if (!isPart(value)) {
    return <div className="inset"><div className="row"><h3>{title}</h3><span className="dim small grow">{says ?? "Not said"}</span><Button size="compact-xs" variant="default" aria-label={`Set ${title}`} onClick={() => change({})}>Set</Button></div></div>;
  }
  return (
    <fieldset className="inset" data-set>
      <div className="row"><h3 className="grow">{title}</h3><ActionIcon variant="subtle" color="gray" size={26} aria-label={`Take out ${title}`} title="Take out" onClick={() => change(undefined)}><IconTrash size={15} aria-hidden /></ActionIcon></div>
      {says && !sameWords(says, title) && <p className="dim small">{says}</p>}
      <SectionForm node={node} value={value} owner={owner} change={change} />
    </fieldset>
  );
}

/** What a card is called: its id or name, or the first things it says. */
export function cardTitle(value: Part): string {
  const name = value.id ?? value.name ?? value.kind;
  const said = Object.entries(value).filter(([key, v]) => !(name !== undefined && v === name) && ["string", "number"].includes(typeof v) && key !== "sentence").slice(0, 3);
  const rest = said.map(([key, v]) => `${key.replaceAll("_", " ")} ${String(v)}`).join(", ");
  return [name === undefined ? undefined : String(name), rest].filter(Boolean).join(": ") || "nothing yet";
}

/** A list of sections whose order counts. */
export function Cards({ title, says, node, value, change, owner }: SubProps) {
  const { items, add, set, isOpen, toggle, tools } = useEntries(value, change);
  return (
    <div className="stack" style={{ gap: 6 }}>
      <div className="row"><h3>{title}</h3><span className="dim small grow">{[says, items.length === 0 && "none yet"].filter(Boolean).join("; ")}</span><Button size="compact-xs" variant="default" aria-label={`Add to ${title}`} onClick={() => add({})}>Add one</Button></div>
      <ol className="cards">
        {items.map((item, i) => (
          <li key={i} className="inset" data-set={isOpen(i) || undefined}>
            <div className="row">
              <button type="button" className="rowbutton grow" aria-expanded={isOpen(i)} onClick={() => toggle(i)}><span className="dim num">{i + 1}.</span> {cardTitle(item)}</button>
              <StepTools what={`${title} ${i + 1}`} {...tools(i)} />
            </div>
            {isOpen(i) && <SectionForm node={node} value={item} owner={owner} change={(to) => set(i, to)} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Names of one's own, each with a value. */
function MapForm({ title, says, shape, value, change, owner }: Omit<SubProps, "node"> & { shape: Extract<Shape, { is: "map" }> }) {
  const map = isPart(value) ? value : {};
  const [name, setName] = useState("");
  const { schema } = useAround();
  const known = namesOf(shape.names && resolved(schema, shape.names));
  const empty = (): Json => (["section", "map"].includes(shapeOf(schema, shape.node).is) ? {} : "");
  const add = () => {
    change({ ...map, [name.trim()]: empty() });
    setName("");
  };
  return (
    <div className="stack" style={{ gap: 6 }}>
      {title && <div className="row"><h3>{title}</h3><span className="dim small grow">{says}</span></div>}
      {Object.entries(map).map(([key, inner]) => (
        <div key={key} className="inset" data-set>
          <div className="row"><b className="grow mono">{key}</b><ActionIcon variant="subtle" color="gray" size={26} aria-label={`Take out ${key}`} onClick={() => change(Object.fromEntries(Object.entries(map).filter(([other]) => other !== key)))}><IconTrash size={15} aria-hidden /></ActionIcon></div>
          {isPart(inner) && shapeOf(schema, shape.node).is === "section" ? <SectionForm node={resolved(schema, shape.node)} value={inner} owner={owner} change={(to) => change({ ...map, [key]: to })} /> : <Field name={key} title="Value" node={shape.node} owner={owner} value={inner} change={(to) => change({ ...map, [key]: to ?? "" })} />}
        </div>
      ))}
      <div className="row" style={{ alignItems: "flex-end" }}>
        {known ? <Select size="xs" searchable aria-label={`New name in ${title}`} placeholder="Name" data={known.filter((k) => !(k in map))} value={name || null} onChange={(v) => setName(v ?? "")} /> : <TextInput size="xs" aria-label={`New name in ${title}`} placeholder="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} />}
        <Button size="xs" variant="default" disabled={name.trim() === "" || name.trim() in map} onClick={add}>Add</Button>
      </div>
    </div>
  );
}

/** What no form is for, as it stands. */
export function JsonField({ label, value, change }: { label: string; value: Json; change: (value: Json) => void }) {
  const said = JSON.stringify(value);
  const [own, setOwn] = useState({ said, text: said, wrong: false });
  // Another value than the one that was written here: another flow's, or an undone one.
  if (own.said !== said) setOwn({ said, text: said, wrong: false });
  return (
    <Textarea label={label} value={own.text} autosize minRows={1} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }} error={own.wrong ? "Not JSON: not taken over yet" : undefined}
      onChange={(e) => {
        const text = e.currentTarget.value;
        let to: Json;
        try {
          to = JSON.parse(text) as Json;
        } catch {
          setOwn({ ...own, text, wrong: true });
          return;
        }
        setOwn({ said: JSON.stringify(to), text, wrong: false });
        change(to);
      }} />
  );
}
