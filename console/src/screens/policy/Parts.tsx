// Forms of one condition and one outcome. Both views use them, so both can edit everything.
import { ActionIcon, Autocomplete, Button, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { CONDITIONS, formOf, groupsOffered, offered, parts, pruned, TESTS, type Json, type Part, type Vocabulary } from "./model";
import "../../forms.css";

/** Tests that take a number, several texts, or a text of a certain form. */
const NUMBERS = ["at_least", "at_most"];
const LISTS = ["in", "not_in", "only", "has_all", "domain"];
const DAY = "Day (2026-09-30, today, today+14)";
const HINTS: Record<string, string> = { before: DAY, after: DAY, within: "Stretch (14 days of today, 30 days before contractEndDate)", matches: "Pattern (? any character, * any text)", same_as: "Other attribute" };
const STATUSES = ["STAGED", "PROVISIONED", "ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "SUSPENDED", "DEPROVISIONED"];
const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : value === undefined || value === null || value === "" ? [] : [String(value)]);
/** One value stays one value, as people write it. */
const single = (values: string[]): Json => (values.length === 1 ? values[0]! : values);

function attributeNames(vocabulary?: Vocabulary): string[] {
  const a = vocabulary?.attributes;
  return a ? (Array.isArray(a) ? a : Object.keys(a)) : [];
}

export interface FormProps {
  part: Part;
  rules: Part;
  vocabulary?: Vocabulary;
  change: (to: Part) => void;
}

export function ConditionForm({ part, rules, vocabulary, change }: FormProps) {
  const kind = formOf(part);
  const [test] = TESTS.find(([k]) => k in part) ?? ["is"];
  const many = (label: string, key: string, data: string[]) => <TagsInput label={label} data={data} value={texts(part[key])} onChange={(v) => change({ ...part, [key]: single(v) })} description="Several: any of them" />;
  const start: Record<string, Part> = { group: { group: "" }, attribute: { attribute: "", is: "" }, status: { status: "ACTIVE" }, tenant: { tenant: "" }, site: { site: "" }, not: { not: { attribute: "", is: "" } }, any: { any: [] }, all: { all: [] }, cel: { cel: "" } };
  return (
    <div className="stack" style={{ gap: 10 }}>
      <Select label="What is looked at" data={CONDITIONS.map(([value, label]) => ({ value, label }))} value={kind ?? null} placeholder="Something of its own" allowDeselect={false} onChange={(k) => k && change(start[k]!)} />
      {kind === undefined && <JsonField label="As it stands in the policy" value={part} change={(to) => parts(to).forEach(change)} />}
      {kind === "cel" && (
        <Textarea label="Expression" description="True or false, of user.profile.…, user.status, user.tenant and groups: user.profile.level > 3 && groups.exists(g, g.name.startsWith('FLR-'))" autosize minRows={2}
          spellCheck={false} value={String(part.cel ?? "")} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }} onChange={(e) => change({ cel: e.currentTarget.value })} />
      )}
      {kind === "group" && many("Groups", "group", groupsOffered(rules, vocabulary))}
      {kind === "status" && many("Status", "status", STATUSES)}
      {kind === "tenant" && many("Tenants", "tenant", [...new Set(vocabulary?.groups.map((g) => g.tenant) ?? [])])}
      {kind === "site" && many("Sites", "site", vocabulary?.sites.map((s) => s.site) ?? [])}
      {kind === "attribute" && (
        <>
          <Autocomplete label="Attribute" data={attributeNames(vocabulary)} value={String(part.attribute ?? "")} onChange={(v) => change({ ...part, attribute: v })} />
          <Select label="Test" data={TESTS.map(([value, label]) => ({ value, label }))} value={test} allowDeselect={false}
            onChange={(t) => {
              if (!t) return;
              const { [test]: old, ...rest } = part;
              change({ ...rest, [t]: t === "exists" ? true : NUMBERS.includes(t) ? Number(texts(old)[0]) || 0 : LISTS.includes(t) ? texts(old) : (texts(old)[0] ?? "") });
            }} />
          {test === "exists" ? <Switch label="It has a value" checked={part.exists !== false} onChange={(e) => change({ ...part, exists: e.currentTarget.checked })} />
            : NUMBERS.includes(test) ? <NumberInput label="Number" value={Number(part[test] ?? 0)} onChange={(v) => change({ ...part, [test]: Number(v) })} />
            : LISTS.includes(test) ? <TagsInput label="Values" value={texts(part[test])} onChange={(v) => change({ ...part, [test]: v })} />
            : <TextInput label={HINTS[test] ?? "Value"} value={texts(part[test]).join(" ")} onChange={(e) => change({ ...part, [test]: e.currentTarget.value })} />}
        </>
      )}
      {(kind === "not" || kind === "any" || kind === "all") && <Nested name={kind} part={part} rules={rules} vocabulary={vocabulary} change={change} />}
    </div>
  );
}

function Nested({ name, part, rules, vocabulary, change }: FormProps & { name: "not" | "any" | "all" }) {
  const inner = parts(part[name]);
  const put = (to: Part[]) => change({ [name]: name === "not" && to.length === 1 ? to[0]! : to });
  return (
    <fieldset className="nested">
      <legend>{name === "not" ? "This must not hold" : name === "any" ? "One of these is enough" : "All of these must hold"}</legend>
      {inner.map((one, i) => (
        <div key={i} className="stack" style={{ gap: 8 }}>
          <ConditionForm part={one} rules={rules} vocabulary={vocabulary} change={(to) => put(inner.map((old, j) => (j === i ? to : old)))} />
          <div><Button size="compact-xs" variant="default" onClick={() => put(inner.filter((_, j) => j !== i))}>Take this one out</Button></div>
        </div>
      ))}
      <Button size="compact-xs" variant="default" onClick={() => put([...inner, { attribute: "", is: "" }])}>Add one</Button>
    </fieldset>
  );
}

/** Kinds of outcomes, with the fields people usually set and what they may say. */
const OUTCOMES: Record<string, { label: string; start: Part; fields: string[] }> = {
  place: { label: "A place to work", start: { place: "desk" }, fields: ["building", "floor", "section", "kind"] },
  role: { label: "A role in a center", start: { role: "customer", module: "reservation" }, fields: ["module", "center"] },
  item: { label: "A category item", start: { item: "" }, fields: [] },
  cost_center_from: { label: "Cost center called like an attribute", start: { cost_center_from: "department" }, fields: [] },
  cost_center: { label: "A cost center", start: { cost_center: "" }, fields: [] },
  booking: { label: "A booking", start: { booking: "day one", title: "First day", from: "09:00", to: "17:00" }, fields: ["title", "kind", "from", "to"] },
  visit: { label: "A visit at the front desk", start: { visit: "arrival", at: "09:00" }, fields: ["visitor_type", "at", "notes"] },
  todo: { label: "Something to do by hand", start: { todo: "" }, fields: ["how"] },
};

const CHOICES: Record<string, string[]> = { place: ["desk", "section", "remote", "table"], role: ["customer", "operator", "manager"], module: ["reservation", "visitor", "space", "move"], booking: ["day one"], visit: ["arrival"] };

export const OUTCOME_KINDS = Object.entries(OUTCOMES).map(([value, { label, start }]) => ({ value, label, start }));

export function OutcomeForm({ part, vocabulary, change }: FormProps) {
  const kind = Object.keys(OUTCOMES).find((k) => k in part);
  const shown = [...new Set([...(kind ? [kind, ...OUTCOMES[kind]!.fields] : []), ...Object.keys(part)])];
  const [adding, setAdding] = useState("");
  const known = (key: string) => CHOICES[key] ?? offered(key === "kind" ? "kind" : key, vocabulary) ?? (key === "cost_center_from" ? attributeNames(vocabulary) : key === "center" ? vocabulary?.sites.flatMap((s) => s.centers.map((c) => c.name)) : key === "visitor_type" ? undefined : undefined);
  return (
    <div className="stack" style={{ gap: 10 }}>
      <Select label="What is given" data={OUTCOME_KINDS} value={kind ?? null} allowDeselect={false} onChange={(k) => k && change(OUTCOMES[k]!.start)} />
      {shown.map((key) => <Field key={key} name={key} value={part[key]} known={known(key)} change={(value) => change(pruned({ ...part, [key]: value } as Part))} />)}
      <div className="row" style={{ alignItems: "flex-end" }}>
        <TextInput label="Another field" size="xs" value={adding} onChange={(e) => setAdding(e.currentTarget.value)} className="grow" placeholder="only_without, otherwise, …" />
        <Button size="xs" variant="default" disabled={!adding} onClick={() => { change({ ...part, [adding]: adding === "only_without" || adding === "owns_all" ? true : adding === "otherwise" ? { field: "custom03", text: "{building}" } : " " }); setAdding(""); }}>Add</Button>
      </div>
    </div>
  );
}

function Field({ name, value, known, change }: { name: string; value: Json | undefined; known?: string[]; change: (value: Json) => void }) {
  const label = name.replaceAll("_", " ");
  if (typeof value === "boolean") return <Switch label={label} checked={value} onChange={(e) => change(e.currentTarget.checked)} />;
  if (typeof value === "number") return <NumberInput label={label} value={value} onChange={(v) => change(Number(v))} />;
  if (Array.isArray(value) && value.every((v) => typeof v !== "object")) return <TagsInput label={label} data={[...new Set(known ?? [])]} value={texts(value)} onChange={change} />;
  if (typeof value === "object" && value !== null) return <JsonField label={label} value={value} change={change} />;
  if (known && known.length > 0) return <Autocomplete label={label} data={[...new Set(known)]} value={String(value ?? "")} onChange={change} limit={30} />;
  return <TextInput label={label} value={String(value ?? "")} onChange={(e) => change(e.currentTarget.value)} />;
}

export function JsonField({ label, value, change }: { label: string; value: Json; change: (value: Json) => void }) {
  const [text, setText] = useState(JSON.stringify(value));
  const [wrong, setWrong] = useState(false);
  return (
    <Textarea label={label} value={text} autosize minRows={1} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }} error={wrong ? "Not JSON: not taken over yet" : undefined}
      onChange={(e) => {
        setText(e.currentTarget.value);
        try {
          change(JSON.parse(e.currentTarget.value));
          setWrong(false);
        } catch {
          setWrong(true);
        }
      }} />
  );
}

/** Move, copy, delete: the same for every step, and all by keyboard. */
export function StepTools({ what, up, down, copy, remove }: { what: string; up?: () => void; down?: () => void; copy?: () => void; remove?: () => void }) {
  const tool = (label: string, icon: React.ReactNode, act?: () => void) => <ActionIcon variant="default" size={28} aria-label={`${label} ${what}`} title={label} disabled={!act} onClick={act}>{icon}</ActionIcon>;
  return (
    <div className="row" style={{ gap: 4 }}>
      {tool("Move up", <IconArrowUp size={15} aria-hidden />, up)}
      {tool("Move down", <IconArrowDown size={15} aria-hidden />, down)}
      {tool("Copy", <IconCopy size={15} aria-hidden />, copy)}
      {tool("Delete", <IconTrash size={15} aria-hidden />, remove)}
    </div>
  );
}
