// The policy as rows that read as sentences, and its mapping tables as a sheet.
import { Button, Popover, Tabs, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Panel } from "../../ui/panel";
import { Empty } from "../../ui/states";
import { number, plural } from "../../words";
import { useReach } from "./calls";
import { conditionText } from "./conditions";
import type { Selected } from "./FlowPanel";
import { Grid, ReachCell } from "./Grid";
import { parts } from "./json";
import { firstText, flowsOf, withoutTable, withTable, type Document, type Vocabulary } from "./model";
import { outcomeText } from "./outcomes";
import { NEW_SHEET } from "./sheet";
import "../../forms.css";

interface Props {
  doc: Document;
  vocabulary?: Vocabulary;
  selected?: Selected;
  select: (to: Selected) => void;
  edit: (to: Document) => void;
  locked: boolean;
  add: () => void;
  /** The mapping table that is open, and the way to another. */
  table?: string;
  open: (table: string | undefined) => void;
}

export function TableView(props: Props) {
  const { doc, edit, locked } = props;
  const tables = Object.keys(doc.tables);
  const reach = useReach(doc);
  const { table: chosen, open: choose } = props;
  const open = chosen !== undefined && chosen in doc.tables ? chosen : tables[0];
  const add = (name: string) => {
    edit(withTable(doc, name, NEW_SHEET));
    choose(name);
  };
  return (
    <div className="stack">
      <Sentences {...props} reach={reach} />
      <Panel title="Mapping tables" end={<span className="row"><span className="only-wide">The first row that fits wins; an empty cell fits everybody; | means or</span><NewTable taken={tables} locked={locked} add={add} /></span>}>
        {open === undefined ? <Empty title="No tables">A table says what differs from place to place; a flow looks up the row that fits.</Empty> : (
          <Tabs value={open} onChange={(name) => choose(name ?? undefined)} keepMounted={false}>
            {tables.length > 1 && <Tabs.List>{tables.map((name) => <Tabs.Tab key={name} value={name}>{name}</Tabs.Tab>)}</Tabs.List>}
            {tables.map((name) => (
              <Tabs.Panel key={name} value={name}>
                <Grid name={name} sheet={doc.tables[name]!} vocabulary={props.vocabulary} rules={doc.rules} locked={locked} counts={reach.data?.tables[name]} stale={reach.isPlaceholderData || reach.isFetching} change={(to) => edit(withTable(doc, name, to))} remove={() => edit(withoutTable(doc, name))} />
              </Tabs.Panel>
            ))}
          </Tabs>
        )}
      </Panel>
    </div>
  );
}

/** A table's name is its file's: small letters, digits, hyphens. */
function NewTable({ taken, locked, add }: { taken: string[]; locked: boolean; add: (name: string) => void }) {
  const [opened, open] = useState(false);
  const [name, setName] = useState("");
  const fits = name !== "" && !taken.includes(name);
  return (
    <Popover opened={opened} onChange={open} position="bottom-end" withinPortal trapFocus>
      <Popover.Target><Button size="compact-xs" variant="default" leftSection={<IconPlus size={13} aria-hidden />} disabled={locked} onClick={() => open(!opened)}>New table</Button></Popover.Target>
      <Popover.Dropdown>
        <form className="row" style={{ alignItems: "flex-end" }} onSubmit={(e) => { e.preventDefault(); if (fits) { add(name); setName(""); open(false); } }}>
          <TextInput size="xs" label="Name of the table" value={name} onChange={(e) => setName(e.currentTarget.value.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-"))} error={taken.includes(name) ? "There is one" : undefined} autoComplete="off" data-autofocus />
          <Button size="xs" type="submit" disabled={!fits}>Add</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

function Sentences({ doc, selected, select, locked, add, reach }: Props & { reach: ReturnType<typeof useReach> }) {
  const flows = flowsOf(doc);
  const gone = Object.entries(reach.data?.flows ?? {}).filter(([id, counts]) => counts.lose > 0 && !flows.some((flow) => flow.id === id));
  return (
    <Panel title="Flows" end={<span className="row">{reach.data && <span>{plural(reach.data.people, "person", "people")} in scope{reach.data.unread_groups.length > 0 && `; members of ${reach.data.unread_groups.join(", ")} are not read yet`}</span>}<Button size="compact-xs" variant="default" leftSection={<IconPlus size={13} aria-hidden />} disabled={locked} onClick={add}>New flow</Button></span>}>
      {flows.length === 0 ? <Empty title="No flows yet">Take one from the gallery, or start from scratch.</Empty> : (
        <div className="scroll">
          <table className="table sentences">
            <thead><tr><th className="r">#</th><th>When</th><th>Give</th><th>But first</th><th className="r">People</th><th className="r">Priority</th></tr></thead>
            <tbody>
              {gone.map(([id, counts]) => <tr key={`gone ${id}`} data-red><td /><td colSpan={3}><span className="dim">no longer in this draft:</span> {id}</td><td className="r"><span className="reach"><span className="num lose" title={`${counts.lose} people met it`}>−{number(counts.lose)}</span></span></td><td /></tr>)}
              {flows.map((flow, i) => {
                const when = parts(flow.if).map(conditionText);
                const never = parts(flow.never).map((o) => outcomeText(o));
                return (
                  <tr key={`${flow.id}/${i}`} data-link aria-selected={selected?.flow === i} data-red={never.length > 0 || undefined} onClick={() => select({ flow: i, step: { kind: "flow" } })}>
                    <td className="r num dim">{i + 1}</td>
                    <td>
                      <button type="button" data-row className="rowbutton" onClick={(e) => { e.stopPropagation(); select({ flow: i, step: { kind: "flow" } }); }}>{when.length === 0 ? "Everybody in scope" : when.map((c, j) => <span key={j}>{j > 0 && <span className="dim"> and </span>}<b>{c}</b></span>)}</button>
                      <div className="dim small">{flow.id}{flow.sentence ? ` · ${String(flow.sentence)}` : ""}</div>
                    </td>
                    <td>{parts(flow.then).map((o, j) => <div key={j}>{outcomeText(o, flow.look_up)}</div>)}{never.map((o, j) => <div key={`n${j}`} className="never">never {o}</div>)}{parts(flow.then).length + never.length === 0 && <span className="dim">nothing yet</span>}</td>
                    <td className="dim">{firstText(flow.but_first) ?? "–"}</td>
                    <td className="r"><ReachCell counts={reach.data?.flows[flow.id]} stale={reach.isPlaceholderData} /></td>
                    <td className="r num">{typeof flow.priority === "number" ? flow.priority : <span className="dim">0</span>}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
