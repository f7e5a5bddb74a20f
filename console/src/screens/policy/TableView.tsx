// The policy as rows that read as sentences, and its mapping tables as a sheet.
import { ActionIcon, Autocomplete, Button, Tabs } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMemo, useState, type ClipboardEvent } from "react";
import type { Schemas } from "../../api";
import { Panel } from "../../ui/panel";
import { Empty } from "../../ui/states";
import { number, plural } from "../../words";
import { conditionText } from "./conditions";
import { parts, type Part } from "./json";
import { firstText, flowsOf, pasted, pasteInto, withTable, type Document, type Sheet, type Vocabulary } from "./model";
import { outcomeText } from "./outcomes";
import { offered, unknownIn } from "./suggest";
import { useReach } from "./calls";
import type { Selected } from "./FlowPanel";
import "../../forms.css";

interface Props {
  doc: Document;
  vocabulary?: Vocabulary;
  selected?: Selected;
  select: (to: Selected) => void;
  edit: (to: Document) => void;
  locked: boolean;
  add: () => void;
}

export function TableView(props: Props) {
  const tables = Object.keys(props.doc.tables);
  const reach = useReach(props.doc);
  return (
    <div className="stack">
      <Sentences {...props} reach={reach} />
      {tables.length > 0 && (
        <Panel title="Mapping tables" end="The first row that fits wins; an empty cell fits everybody; | means or">
          <Tabs defaultValue={tables[0]} keepMounted={false}>
            {tables.length > 1 && <Tabs.List>{tables.map((name) => <Tabs.Tab key={name} value={name}>{name}</Tabs.Tab>)}</Tabs.List>}
            {tables.map((name) => (
              <Tabs.Panel key={name} value={name}>
                <Grid name={name} sheet={props.doc.tables[name]!} vocabulary={props.vocabulary} rules={props.doc.rules} locked={props.locked} counts={reach.data?.tables[name]} stale={reach.isPlaceholderData || reach.isFetching} change={(to) => props.edit(withTable(props.doc, name, to))} />
              </Tabs.Panel>
            ))}
          </Tabs>
        </Panel>
      )}
    </div>
  );
}

function ReachCell({ counts, stale }: { counts?: Schemas["PolicyReach"]["flows"][string]; stale: boolean }) {
  if (!counts) return <span className="dim">–</span>;
  return (
    <span className={stale ? "reach stale" : "reach"}>
      <b className="num">{number(counts.matched)}</b>
      {counts.gain > 0 && <span className="num gain" title={`${counts.gain} more than now`}> +{number(counts.gain)}</span>}
      {counts.lose > 0 && <span className="num lose" title={`${counts.lose} fewer than now`}> −{number(counts.lose)}</span>}
    </span>
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

const SHOWN = 60;

type Counts = Schemas["PolicyReach"]["flows"][string];

interface GridProps {
  name: string;
  sheet: Sheet;
  vocabulary?: Vocabulary;
  rules: Part;
  locked: boolean;
  /** Of each row: for whom it decides. */
  counts?: Counts[];
  stale: boolean;
  change: (to: Sheet) => void;
}

function Grid({ name, sheet, vocabulary, rules, locked, counts, stale, change }: GridProps) {
  const [shown, setShown] = useState(SHOWN);
  const site = sheet.columns.indexOf("site");
  const building = sheet.columns.indexOf("building");
  const lists = useMemo(() => new Map<string, string[] | undefined>(), [vocabulary, rules]);
  // Rows of one building share their lists.
  const knownAt = (row: string[], column: number) => {
    const name = sheet.columns[column]!;
    const where = { site: name === "site" || site < 0 ? undefined : row[site] || undefined, building: name === "floor" && building >= 0 ? row[building] || undefined : undefined };
    const key = `${name}\n${where.site ?? ""}\n${where.building ?? ""}`;
    if (!lists.has(key)) lists.set(key, offered(name, vocabulary, { ...where, rules }));
    const list = lists.get(key);
    return list?.length === 0 ? offered(name, vocabulary, { rules }) : list;
  };
  const wrong = sheet.rows.flatMap((row, i) => row.flatMap((cell, j) => unknownIn(cell, knownAt(row, j)).map((u) => ({ row: i, column: j, ...u }))));
  const put = (row: number, column: number, value: string) => change({ ...sheet, rows: sheet.rows.map((r, i) => (i === row ? sheet.columns.map((_, j) => (j === column ? value : (r[j] ?? ""))) : r)) });
  const onPaste = (event: ClipboardEvent, row: number, column: number) => {
    const text = event.clipboardData.getData("text");
    if (!text.includes("\t") && !text.trim().includes("\n")) return;
    event.preventDefault();
    change(pasteInto(sheet, row, column, pasted(text)));
  };
  return (
    <div>
      <div className="scroll">
        <table className="table sheet" aria-label={`Table ${name}`}>
          <thead><tr><th className="r">Row</th>{sheet.columns.map((column) => <th key={column}>{column.replace("attribute:", "")}{column.startsWith("attribute:") && <span className="dim"> (Okta)</span>}</th>)}<th className="r" title="For whom the row decides, from what both sides last said">People</th><th><span className="hidden-text">Delete</span></th></tr></thead>
          <tbody>
            {sheet.rows.slice(0, shown).map((row, i) => (
              <tr key={i}>
                <td className="r num dim">{i + 1}</td>
                {sheet.columns.map((column, j) => {
                  const unknown = unknownIn(row[j] ?? "", knownAt(row, j));
                  const label = `${column}, row ${i + 1}`;
                  return (
                    <td key={j} data-wrong={unknown.length > 0 || undefined}>
                      {knownAt(row, j) ? (
                        <Autocomplete size="xs" variant="unstyled" aria-label={label} aria-invalid={unknown.length > 0} data={knownAt(row, j)} value={row[j] ?? ""} onChange={(v) => put(i, j, v)} onPaste={(e) => onPaste(e, i, j)} disabled={locked} limit={20} />
                      ) : (
                        <input className="cell" aria-label={label} value={row[j] ?? ""} onChange={(e) => put(i, j, e.currentTarget.value)} onPaste={(e) => onPaste(e, i, j)} disabled={locked} />
                      )}
                    </td>
                  );
                })}
                <td className="r"><ReachCell counts={counts?.length === sheet.rows.length ? counts[i] : undefined} stale={stale} /></td>
                <td><ActionIcon variant="subtle" color="gray" size={24} aria-label={`Delete row ${i + 1}`} disabled={locked} onClick={() => change({ ...sheet, rows: sheet.rows.filter((_, k) => k !== i) })}><IconTrash size={14} aria-hidden /></ActionIcon></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="body row wrap">
        <Button size="compact-xs" variant="default" disabled={locked} onClick={() => change({ ...sheet, rows: [...sheet.rows, sheet.columns.map(() => "")] })}>Add a row</Button>
        {sheet.rows.length > shown && <Button size="compact-xs" variant="default" onClick={() => setShown(shown + 200)}>Show {plural(Math.min(200, sheet.rows.length - shown), "more row")}</Button>}
        <span className="dim small">{plural(sheet.rows.length, "row")}. Paste from a spreadsheet into any cell.</span>
      </div>
      {wrong.length > 0 && (
        <div className="body" role="status" style={{ paddingTop: 0 }}>
          <b>{plural(wrong.length, "cell")} with names that nobody knows</b>
          <ul className="small">
            {wrong.slice(0, 12).map((w, k) => (
              <li key={k} className="row wrap">
                <span>Row {w.row + 1}, {sheet.columns[w.column]}: “{w.word}”.</span>
                {w.nearest.length > 0 ? <span className="dim">Nearest: {w.nearest.map((n) => <Button key={n} size="compact-xs" variant="default" disabled={locked} style={{ marginRight: 4 }} onClick={() => put(w.row, w.column, (sheet.rows[w.row]![w.column] ?? "").replace(w.word, n))}>{n}</Button>)}</span> : <span className="dim">Nothing known is near it.</span>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
