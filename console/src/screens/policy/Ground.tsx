// Ground rules: what stands around the flows. Each part says itself as a sentence; the chosen one opens as a form.
import { ActionIcon, Autocomplete, Button, Select, TagsInput, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Panel } from "../../ui/panel";
import { useAround } from "./around";
import { Conditions } from "./ConditionForm";
import { Cards, Field, JsonField, Sub, SectionForm, TRANSFORMS } from "./Fields";
import { asSection, FILLINGS, fillingOf, fillingText, GROUND, groundText, others, refilled, shortened, type Filling } from "./ground";
import { isPart, list, parts, single, texts, withKey, type Json, type Part } from "./json";
import type { Document, Vocabulary } from "./model";
import { fits, meaning, namesOf, resolved, shapeOf } from "./schema";
import { attributeNames } from "./suggest";

interface Props {
  doc: Document;
  section?: string;
  choose: (section: string) => void;
  edit: (to: Document) => void;
  locked: boolean;
}

export function Ground({ doc, section, choose, edit, locked }: Props) {
  const strange = others(doc.rules);
  const all = [...GROUND, ...strange.map((key) => ({ id: key, title: key, asks: "Not known here: kept as it is.", keys: [key] }))];
  const chosen = all.find((part) => part.id === section) ?? all[0]!;
  const put = (key: string, value: Json | undefined) => edit({ ...doc, rules: value === undefined ? Object.fromEntries(Object.entries(doc.rules).filter(([other]) => other !== key)) : { ...doc.rules, [key]: value } });
  return (
    <div className="cols ground">
      <nav className="panel" aria-label="Ground rules">
        <ul className="parts">
          {all.map((part) => (
            <li key={part.id}><button type="button" aria-current={part.id === chosen.id || undefined} onClick={() => choose(part.id)}><b>{part.title}</b><span>{groundText(part.id, doc.rules)}</span></button></li>
          ))}
        </ul>
      </nav>
      <Panel title={chosen.title}>
        <fieldset className="body stack bare" disabled={locked} key={chosen.id}>
          <p className="dim">{chosen.asks}</p>
          {chosen.keys.map((key, i) => <Key key={key} name={key} alone={chosen.keys.length === 1 || i === 0} value={doc.rules[key]} change={(to) => put(key, to)} />)}
        </fieldset>
      </Panel>
    </div>
  );
}

interface KeyProps {
  name: string;
  /** It is what the part is about: no heading of its own. */
  alone: boolean;
  value: Json | undefined;
  change: (to: Json | undefined) => void;
}

/** One key of policy.toml. */
function Key({ name, alone, value, change }: KeyProps) {
  const { schema } = useAround();
  const node = schema.properties[name];
  if (name === "groups") return <Groups value={value} change={change} />;
  if (name === "profile") return <Profile value={value} change={change} />;
  if (!node || !fits(shapeOf(schema, node), value)) return <JsonField label={name} value={value ?? {}} change={change} />;
  const shape = shapeOf(schema, node);
  if (alone && shape.is === "section") return <SectionForm node={shape.node} value={isPart(value) ? value : {}} owner={name} change={change} />;
  if (shape.is === "section") return <Sub title={TITLES[name] ?? name} says={meaning(schema, node)} node={shape.node} value={value} owner={name} change={change} />;
  if (shape.is === "sections") return <Cards title={TITLES[name] ?? name} says={meaning(schema, shape.node)} node={shape.node} value={value} owner={name} change={change} />;
  return <Field name={name} title={TITLES[name]} node={node} value={value} owner={name} change={change} />;
}

const TITLES: Record<string, string> = {
  route: "Routes", tenants: "Orgs that differ", sites: "Sites that differ", manager: "Managers", user_type: "User types", phone: "Phone numbers", schedule: "Schedules",
  notify: "Names", parameters: "Texts and what they say where nothing else is set", overlay: "What differs", test: "Tests", person: "People whom tests speak of", name: "Name of the policy",
};

/* ---- groups: a name, and the group of each org ---- */

const ANY = "any org";

function Groups({ value, change }: Pick<KeyProps, "value" | "change">) {
  const { vocabulary, rules } = useAround();
  const map = isPart(value) ? value : {};
  const [name, setName] = useState("");
  const used = Object.values(map).flatMap((ids) => (isPart(ids) ? Object.keys(ids) : []));
  const tenants = [...new Set([...(vocabulary?.groups.map((g) => g.tenant) ?? []), ...(isPart(rules.tenants) ? Object.keys(rules.tenants) : []), ...used])].sort();
  const idsOf = (entry: Json, tenant: string) => (isPart(entry) ? texts(entry[tenant]) : tenant === ANY ? texts(entry) : []);
  const put = (group: string, tenant: string, ids: string[]) => {
    const entry = map[group]!;
    change({ ...map, [group]: tenant === ANY ? single(ids) : withKey(isPart(entry) ? entry : {}, tenant, single(ids)) });
  };
  const columns = [...tenants, ...(Object.values(map).some((entry) => texts(isPart(entry) ? "" : entry).length > 0) || tenants.length === 0 ? [ANY] : [])];
  return (
    <div className="stack" style={{ gap: 10 }}>
      <div className="scroll">
        <table className="table sheet" aria-label="Groups">
          <thead><tr><th>Name here</th>{columns.map((tenant) => <th key={tenant}>In {tenant}</th>)}<th><span className="hidden-text">Delete</span></th></tr></thead>
          <tbody>
            {Object.entries(map).map(([group, entry]) => (
              <tr key={group}>
                <td className="mono" style={{ whiteSpace: "nowrap" }}>{group}</td>
                {columns.map((tenant) => <td key={tenant} style={{ minWidth: 220 }}><GroupCell label={`${group} in ${tenant}`} groups={(vocabulary?.groups ?? []).filter((g) => tenant === ANY || g.tenant === tenant)} ids={idsOf(entry, tenant)} change={(ids) => put(group, tenant, ids)} /></td>)}
                <td><ActionIcon variant="subtle" color="gray" size={24} aria-label={`Delete ${group}`} onClick={() => change(Object.fromEntries(Object.entries(map).filter(([other]) => other !== group)))}><IconTrash size={14} aria-hidden /></ActionIcon></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="row" style={{ alignItems: "flex-end" }}>
        <Autocomplete size="xs" label="Another group" placeholder="Its name here" data={[...new Set(vocabulary?.groups.map((g) => g.name) ?? [])].filter((n) => !(n in map)).sort()} limit={20} value={name} onChange={setName} />
        <Button size="xs" variant="default" disabled={name.trim() === "" || name.trim() in map} onClick={() => { const own = (vocabulary?.groups ?? []).filter((g) => g.name === name.trim()); change({ ...map, [name.trim()]: Object.fromEntries(own.map((g) => [g.tenant, g.id])) }); setName(""); }}>Add</Button>
      </div>
    </div>
  );
}

/** The groups of one org by id, each with the name that Okta has for it now. */
function GroupCell({ label, groups, ids, change }: { label: string; groups: Vocabulary["groups"]; ids: string[]; change: (ids: string[]) => void }) {
  const idOf = (text: string) => text.split("#")[0]!.trim();
  const known = new Map(groups.map((g) => [g.id, g.name]));
  return (
    <>
      <TagsInput size="xs" variant="unstyled" aria-label={label} placeholder={ids.length === 0 ? "none" : undefined} data={groups.map((g) => `${g.id} # ${g.name}`)} limit={20} value={ids} onChange={change} />
      {ids.map((id) => <div key={id} className="small" style={{ padding: "0 4px 4px" }}>{known.has(idOf(id)) ? <span className="dim">{known.get(idOf(id))} in Okta now</span> : groups.length > 0 && <span className="wrong">no such group in Okta</span>}</div>)}
    </>
  );
}

/* ---- the profile: a field of iOffice, and what fills it ---- */

function Profile({ value, change }: Pick<KeyProps, "value" | "change">) {
  const { schema } = useAround();
  const map = isPart(value) ? value : {};
  const [open, setOpen] = useState<string>();
  const free = (namesOf(resolved(schema, schema.properties.profile?.propertyNames ?? {})) ?? []).filter((field) => !(field in map));
  return (
    <div className="stack" style={{ gap: 10 }}>
      <table className="table" aria-label="Profile">
        <thead><tr><th style={{ width: 170 }}>iOffice field</th><th>Filled from Okta with</th><th><span className="hidden-text">Delete</span></th></tr></thead>
        <tbody>
          {Object.entries(map).map(([field, rule]) => (
            <ProfileRow key={field} field={field} rule={rule} open={open === field} toggle={() => setOpen(open === field ? undefined : field)} change={(to) => change({ ...map, [field]: to })} remove={() => change(Object.fromEntries(Object.entries(map).filter(([other]) => other !== field)))} />
          ))}
        </tbody>
      </table>
      <Select size="xs" label="Another field" placeholder="Choose a field" searchable data={free} value={null} w={240} onChange={(field) => { if (field) { change({ ...map, [field]: "" }); setOpen(field); } }} />
    </div>
  );
}

interface RowProps {
  field: string;
  rule: Json;
  open: boolean;
  toggle: () => void;
  change: (to: Json) => void;
  remove: () => void;
}

function ProfileRow({ field, rule, open, toggle, change, remove }: RowProps) {
  return (
    <>
      <tr data-link aria-selected={open} onClick={toggle}>
        <td><button type="button" className="rowbutton mono" aria-expanded={open} onClick={(e) => { e.stopPropagation(); toggle(); }}>{field}</button></td>
        <td>{fillingText(rule)}</td>
        <td className="r"><ActionIcon variant="subtle" color="gray" size={24} aria-label={`Delete ${field}`} onClick={(e) => { e.stopPropagation(); remove(); }}><IconTrash size={14} aria-hidden /></ActionIcon></td>
      </tr>
      {open && <tr><td colSpan={3}><FillingForm rule={rule} change={change} /></td></tr>}
    </>
  );
}

function FillingForm({ rule, change }: Pick<RowProps, "rule" | "change">) {
  const { vocabulary, tables } = useAround();
  const filling = fillingOf(rule);
  const own = asSection(rule);
  const set = (key: string, value: Json | undefined) => change(shortened(withKey(own, key, value) as Part));
  const attributes = attributeNames(vocabulary);
  const unknown = Object.keys(own).filter((key) => !["from", "join", "with", "text", "look_up", "cel", "as", "if"].includes(key));
  return (
    <div className="stack" style={{ gap: 12, padding: "6px 0 12px" }}>
      <div className="fields">
        <Select label="Filled with" data={FILLINGS.map(([key, text]) => ({ value: key, label: text }))} value={filling} allowDeselect={false} onChange={(to) => to && to !== filling && change(shortened(refilled(rule, to as Filling) as Part))} />
        {filling === "first" && <TagsInput label="Attributes" description="The first that has a value" data={attributes} limit={30} value={texts(own.from)} onChange={(v) => set("from", single(v))} />}
        {filling === "join" && <><TagsInput label="Attributes" description="All of them, in this order" data={attributes} limit={30} value={texts(own.join)} onChange={(v) => change({ ...own, join: v })} /><TextInput label="Between them" placeholder="a space" value={String(own.with ?? "")} onChange={(e) => set("with", e.currentTarget.value)} /></>}
        {filling === "text" && <TextInput label="Text" value={String(own.text ?? "")} onChange={(e) => change({ ...own, text: e.currentTarget.value })} />}
        {filling === "look_up" && <Select label="Table" description="The value column of the person's row" data={tables} value={texts(own.look_up)[0] ?? null} onChange={(v) => change({ ...own, look_up: v ?? "" })} />}
        {filling === "cel" && <TextInput label="Expression" spellCheck={false} value={String(own.cel ?? "")} onChange={(e) => change({ ...own, cel: e.currentTarget.value })} />}
        <TagsInput label="Then changed" description="One after the other; date with any notation" data={TRANSFORMS} value={list(own.as).map(String)} onChange={(v) => set("as", single(v))} />
      </div>
      <Conditions title="Only for these people" value={parts(own.if)} change={(to) => set("if", to)} />
      {unknown.map((key) => <JsonField key={key} label={`${key} (not known here, kept as it is)`} value={own[key]!} change={(to) => change({ ...own, [key]: to })} />)}
    </div>
  );
}
