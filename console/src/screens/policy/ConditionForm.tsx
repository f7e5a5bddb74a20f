// Conditions: one with all that it claims, and lists of them. What has no form here is shown as it stands, and kept.
import { Autocomplete, Button, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useAround } from "./around";
import { claimsOf, conditionText, isAttribute, isKnown, KINDS, retested, TESTS, withClaim, type Claim } from "./conditions";
import { JsonField } from "./Fields";
import { parts, single, texts, type Json, type Part } from "./json";
import { Sentences } from "./lists";
import { label } from "./schema";
import { attributeNames, groupsOffered } from "./suggest";

const STATUSES = ["STAGED", "PROVISIONED", "ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "SUSPENDED", "DEPROVISIONED"];
/** What a new condition says. */
export const NEW_CONDITION: Part = { attribute: "", is: "" };

/** Kinds that the schema of this server knows. */
function useKinds() {
  const known = useAround().schema.definitions.condition?.properties ?? {};
  return KINDS.filter(([kind]) => kind in known);
}

export function ConditionForm({ part, change }: { part: Part; change: (to: Part) => void }) {
  const claims = claimsOf(part);
  const [adding, setAdding] = useState<string | null>(null);
  const kinds = useKinds();
  return (
    <div className="stack" style={{ gap: 10 }}>
      {claims.length > 1 && <p className="dim small">All of these must hold at once.</p>}
      {claims.map((claim, i) => <ClaimForm key={`${claim.kind}${i}`} claim={claim} alone={claims.length === 1} change={(to) => change(withClaim(part, claim, to))} />)}
      {claims.length === 0 && <Select label="What is looked at" data={kinds.map(([value, text]) => ({ value, label: text }))} value={adding} onChange={(k) => { setAdding(k); const start = kinds.find(([kind]) => kind === k); if (start) change(start[2]); }} />}
    </div>
  );
}

interface ClaimProps {
  claim: Claim;
  alone: boolean;
  change: (to: Part) => void;
}

function ClaimForm({ claim, alone, change }: ClaimProps) {
  const kinds = useKinds();
  const offered = kinds.some(([kind]) => kind === claim.kind) ? kinds : [...kinds, [claim.kind, `${label(claim.kind)} (not known here)`, {}] as const];
  return (
    <>
      <div className="row" style={{ alignItems: "flex-end" }}>
        <Select className="grow" label="What is looked at" data={offered.map(([value, text]) => ({ value, label: text }))} value={claim.kind} allowDeselect={false} onChange={(k) => { const start = KINDS.find(([kind]) => kind === k); if (start && k !== claim.kind) change(start[2]); }} />
        {!alone && <Button size="sm" variant="default" onClick={() => change({})}>Take out</Button>}
      </div>
      <ClaimValue claim={claim} change={change} />
    </>
  );
}

function ClaimValue({ claim, change }: Omit<ClaimProps, "alone">) {
  const { rules, vocabulary } = useAround();
  if (isAttribute(claim)) return <AttributeForm claim={claim} change={change} />;
  if (claim.kind === "of") {
    const { count, of } = claim as Extract<Claim, { of: Json }>;
    return <><NumberInput label="How many must hold" min={1} value={Number(count)} onChange={(v) => change({ count: Number(v), of })} /><Nested legend="Of these" value={of} change={(to) => change({ count, of: to })} /></>;
  }
  const { kind, value } = claim as Extract<Claim, { value: Json }>;
  const many = (text: string, data: string[]) => <TagsInput label={text} data={data} limit={30} value={texts(value)} onChange={(v) => change({ [kind]: single(v) })} description="Several: any of them" />;
  switch (kind) {
    case "group": return many("Groups", groupsOffered(rules, vocabulary));
    case "status": return many("Status", STATUSES);
    case "tenant": return many("Tenants", [...new Set(vocabulary?.groups.map((g) => g.tenant) ?? [])]);
    case "site": return many("Sites", vocabulary?.sites.map((s) => s.site) ?? []);
    case "not": return <Nested legend="This must not hold" value={value} change={(to) => change({ not: to.length === 1 ? to[0]! : to })} />;
    case "any": return <Nested legend="One of these is enough" value={value} change={(to) => change({ any: to })} />;
    case "all": return <Nested legend="All of these must hold" value={value} change={(to) => change({ all: to })} />;
    case "cel": if (typeof value === "string") return <Textarea label="Expression" autosize minRows={2} value={value} spellCheck={false} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }} onChange={(e) => change({ cel: e.currentTarget.value })} />;
  }
  return <JsonField label={isKnown(kind) ? label(kind) : `${label(kind)} (kept as it is)`} value={value} change={(to) => change({ [kind]: to })} />;
}

function AttributeForm({ claim, change }: { claim: Extract<Claim, { kind: "attribute" }>; change: (to: Part) => void }) {
  const { vocabulary } = useAround();
  const tests = Object.fromEntries(claim.tests);
  const free = TESTS.filter(([key]) => !(key in tests));
  return (
    <>
      <Autocomplete label="Attribute" data={attributeNames(vocabulary)} limit={30} value={claim.name} onChange={(name) => change({ attribute: name, ...tests })} />
      {claim.tests.map(([key, value], i) => (
        <div key={i} className="stack" style={{ gap: 6 }}>
          <Select label="Test" data={TESTS.filter(([k]) => k === key || !(k in tests)).map(([k, verb]) => ({ value: k, label: verb }))} value={key} allowDeselect={false} onChange={(to) => to && to !== key && change(retested(claim, key, to))} />
          <TestValue test={key} value={value} change={(to) => change({ attribute: claim.name, ...tests, [key]: to })} />
          {claim.tests.length > 1 && <div><Button size="compact-xs" variant="default" onClick={() => change({ attribute: claim.name, ...Object.fromEntries(claim.tests.filter(([k]) => k !== key)) })}>Take this test out</Button></div>}
        </div>
      ))}
      {claim.tests.length === 0 && <Select label="Test" data={free.map(([k, verb]) => ({ value: k, label: verb }))} value={null} onChange={(to) => to && change({ attribute: claim.name, [to]: to === "exists" ? true : "" })} />}
    </>
  );
}

function TestValue({ test, value, change }: { test: string; value: Json; change: (to: Json) => void }) {
  const { vocabulary } = useAround();
  const kind = TESTS.find(([key]) => key === test)?.[2];
  if (kind === "yes") return <Switch label="It has a value" checked={value !== false} onChange={(e) => change(e.currentTarget.checked)} />;
  if (kind === "number") return <NumberInput label="Number" value={typeof value === "number" ? value : String(value)} onChange={(v) => change(v === "" ? 0 : Number(v))} />;
  if (kind === "attribute") return <Autocomplete label="Other attribute" data={attributeNames(vocabulary)} limit={30} value={String(value)} onChange={change} />;
  if (kind === "day") return <TextInput label="Day" description="2026-09-30, today, today+14" value={String(value)} onChange={(e) => change(e.currentTarget.value)} />;
  if (kind === "within") return <TextInput label="Days" description="14 days of today, 30 days before contractEndDate" value={String(value)} onChange={(e) => change(e.currentTarget.value)} />;
  if (Array.isArray(value) || ["in", "not_in", "only", "has_all"].includes(test)) return <TagsInput label="Values" value={texts(value)} onChange={(v) => change(v)} />;
  return <TextInput label="Value" description={test === "matches" ? "* stands for any text, ? for one character" : undefined} value={String(value)} onChange={(e) => change(e.currentTarget.value)} />;
}

function Nested({ legend, value, change }: { legend: string; value: Json; change: (to: Part[]) => void }) {
  const inner = parts(value);
  return (
    <fieldset className="nested">
      <legend>{legend}</legend>
      {inner.map((one, i) => (
        <div key={i} className="stack" style={{ gap: 8 }}>
          <ConditionForm part={one} change={(to) => change(inner.map((old, j) => (j === i ? to : old)))} />
          <div><Button size="compact-xs" variant="default" onClick={() => change(inner.filter((_, j) => j !== i))}>Take this one out</Button></div>
        </div>
      ))}
      <div><Button size="compact-xs" variant="default" onClick={() => change([...inner, NEW_CONDITION])}>Add one</Button></div>
    </fieldset>
  );
}

/** A list of conditions as sentences; the chosen one opens in place. */
export function Conditions({ title, value, change, none = "Everybody" }: { title: string; value: Json | undefined; change: (to: Json | undefined) => void; none?: string }) {
  return (
    <Sentences title={title} value={value} change={change} none={none} text={conditionText} name={() => "condition"}
      form={(part, set) => <ConditionForm part={part} change={set} />}
      adding={(add) => <Button size="compact-xs" variant="default" onClick={() => add(NEW_CONDITION)}>Add a condition</Button>} />
  );
}
