// One mapping table as a sheet: pickers in its cells, rows and columns that move, blocks pasted from a spreadsheet.
import { ActionIcon, Autocomplete, Button, Menu, Select } from "@mantine/core";
import { IconChevronDown, IconDots } from "@tabler/icons-react";
import { useMemo, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import type { Schemas } from "../../api";
import { number, plural } from "../../words";
import type { Part } from "./json";
import type { Vocabulary } from "./model";
import { COLUMNS, columnStepped, filledDown, paste, pasted, rowStepped, usersOf, withCell, withColumn, type Pasted, type Sheet } from "./sheet";
import { attributeNames, offered, unknownIn } from "./suggest";

type Counts = Schemas["PolicyReach"]["flows"][string];

export function ReachCell({ counts, stale }: { counts?: Counts; stale: boolean }) {
  if (!counts) return <span className="dim">–</span>;
  return (
    <span className={stale ? "reach stale" : "reach"}>
      <b className="num">{number(counts.matched)}</b>
      {counts.gain > 0 && <span className="num gain" title={`${counts.gain} more than now`}> +{number(counts.gain)}</span>}
      {counts.lose > 0 && <span className="num lose" title={`${counts.lose} fewer than now`}> −{number(counts.lose)}</span>}
    </span>
  );
}

const SHOWN = 60;
const WRONG_AT_FIRST = 12;

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
  /** Takes the whole table out. */
  remove: () => void;
}

/** What a column is called: an attribute without its prefix. */
const columnName = (column: string) => column.replace("attribute:", "");

export function Grid({ name, sheet, vocabulary, rules, locked, counts, stale, change, remove }: GridProps) {
  const [shown, setShown] = useState(SHOWN);
  const [last, setLast] = useState<Pasted & { again: () => void }>();
  const knownAt = useKnown(sheet, vocabulary, rules);
  const wrong = sheet.rows.flatMap((row, i) => row.flatMap((cell, j) => unknownIn(cell, knownAt(row, j)).map((u) => ({ row: i, column: j, ...u }))));
  const onPaste = (event: ClipboardEvent, row: number, column: number) => {
    const text = event.clipboardData.getData("text");
    if (!text.includes("\t") && !text.trim().includes("\n")) return;
    event.preventDefault();
    put(row, column, pasted(text));
  };
  const put = (row: number, column: number, block: string[][], into = sheet) => {
    const done = paste(into, row, column, block, [...attributeNames(vocabulary).map((name) => `attribute:${name}`), ...COLUMNS]);
    change(done.sheet);
    setLast(done.headed || done.left.columns > 0 ? { ...done, again: () => put(row, column, block, done.left.names.reduce(withColumn, sheet)) } : undefined);
  };
  /** As in a spreadsheet: Ctrl D takes the cell above; Alt with an arrow moves the row, and the cell stays in focus. */
  const onKeyDown = (event: KeyboardEvent<HTMLElement>, row: number, column: number) => {
    const down = event.key === "ArrowDown";
    const fills = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "d";
    const moves = event.altKey && (down || event.key === "ArrowUp");
    if (!fills && !moves) return;
    event.preventDefault();
    event.stopPropagation();
    if (fills) return change(filledDown(sheet, row, column));
    const table = event.currentTarget.closest("table");
    change(rowStepped(sheet, row, down ? "down" : "up"));
    const to = Math.min(Math.max(row + (down ? 1 : -1), 0), sheet.rows.length - 1);
    requestAnimationFrame(() => table?.tBodies[0]?.rows[to]?.querySelectorAll("input")[column]?.focus());
  };
  const cell = (row: string[], i: number, column: string, j: number) => {
    const known = knownAt(row, j);
    const common = { "aria-label": `${column}, row ${i + 1}`, value: row[j] ?? "", disabled: locked, onPaste: (e: ClipboardEvent) => onPaste(e, i, j), onKeyDown: (e: KeyboardEvent<HTMLElement>) => onKeyDown(e, i, j) };
    const unknown = unknownIn(row[j] ?? "", known).length > 0;
    return <td key={j} data-wrong={unknown || undefined}>{known ? <Autocomplete {...common} size="xs" variant="unstyled" aria-invalid={unknown} data={known} limit={20} onChange={(v) => change(withCell(sheet, i, j, v))} /> : <input {...common} className="cell" onChange={(e) => change(withCell(sheet, i, j, e.currentTarget.value))} />}</td>;
  };
  return (
    <div>
      <div className="scroll">
        <table className="table sheet" aria-label={`Table ${name}`}>
          <thead><tr><th className="r">Row</th>{sheet.columns.map((column, j) => <th key={column}><ColumnHead column={column} first={j === 0} last={j === sheet.columns.length - 1} locked={locked} act={(what) => change(columnStepped(sheet, j, what))} /></th>)}<th className="r" title="For whom the row decides, from what both sides last said">People</th><th><span className="hidden-text">Row</span></th></tr></thead>
          <tbody>
            {sheet.rows.slice(0, shown).map((row, i) => (
              <tr key={i}>
                <td className="r num dim">{i + 1}</td>
                {sheet.columns.map((column, j) => cell(row, i, column, j))}
                <td className="r"><ReachCell counts={counts?.length === sheet.rows.length ? counts[i] : undefined} stale={stale} /></td>
                <td><RowMenu at={i} last={i === sheet.rows.length - 1} locked={locked} act={(what) => change(rowStepped(sheet, i, what))} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="body row wrap">
        <Button size="compact-xs" variant="default" disabled={locked} onClick={() => change({ ...sheet, rows: [...sheet.rows, sheet.columns.map(() => "")] })}>Add a row</Button>
        <AddColumn sheet={sheet} vocabulary={vocabulary} locked={locked} change={change} />
        {sheet.rows.length > shown && <Button size="compact-xs" variant="default" onClick={() => setShown(shown + 200)}>Show {plural(Math.min(200, sheet.rows.length - shown), "more row")}</Button>}
        <span className="dim small grow">{plural(sheet.rows.length, "row")}. Paste from a spreadsheet into any cell; Ctrl D takes the cell above, Alt ↑ ↓ moves the row.</span>
        <Remove name={name} users={usersOf(rules, name)} locked={locked} remove={remove} />
      </div>
      {last && <LastPaste {...last} columns={sheet.columns} />}
      <Unknown wrong={wrong} sheet={sheet} locked={locked} change={change} />
    </div>
  );
}

/** What the cell of a row and a column may say. */
function useKnown(sheet: Sheet, vocabulary: Vocabulary | undefined, rules: Part) {
  const site = sheet.columns.indexOf("site");
  const building = sheet.columns.indexOf("building");
  // Rows of one building share their lists.
  const lists = useMemo(() => new Map<string, string[] | undefined>(), [vocabulary, rules]);
  return (row: string[], column: number) => {
    const name = sheet.columns[column]!;
    const where = { site: name === "site" || site < 0 ? undefined : row[site] || undefined, building: name === "floor" && building >= 0 ? row[building] || undefined : undefined };
    const key = `${name}\n${where.site ?? ""}\n${where.building ?? ""}`;
    if (!lists.has(key)) lists.set(key, offered(name, vocabulary, { ...where, rules }));
    const list = lists.get(key);
    return list?.length === 0 ? offered(name, vocabulary, { rules }) : list;
  };
}

function ColumnHead({ column, first, last, locked, act }: { column: string; first: boolean; last: boolean; locked: boolean; act: (what: "left" | "right" | "delete") => void }) {
  const text = <>{columnName(column)}{column.startsWith("attribute:") && <span className="dim"> (Okta)</span>}</>;
  if (locked) return text;
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target><button type="button" className="rowbutton head" title="Move or take out">{text}<IconChevronDown size={12} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={first} onClick={() => act("left")}>Move left</Menu.Item>
        <Menu.Item disabled={last} onClick={() => act("right")}>Move right</Menu.Item>
        <Menu.Item onClick={() => act("delete")}>Take the column out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function RowMenu({ at, last, locked, act }: { at: number; last: boolean; locked: boolean; act: (what: "up" | "down" | "copy" | "delete") => void }) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target><ActionIcon variant="subtle" color="gray" size={24} aria-label={`Row ${at + 1}: move, copy, delete`} disabled={locked}><IconDots size={14} aria-hidden /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={at === 0} onClick={() => act("up")}>Move up</Menu.Item>
        <Menu.Item disabled={last} onClick={() => act("down")}>Move down</Menu.Item>
        <Menu.Item onClick={() => act("copy")}>Copy below</Menu.Item>
        <Menu.Item onClick={() => act("delete")}>Delete</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function AddColumn({ sheet, vocabulary, locked, change }: Pick<GridProps, "sheet" | "vocabulary" | "locked" | "change">) {
  const free = (all: string[]) => all.filter((name) => !sheet.columns.includes(name));
  const attributes = free(attributeNames(vocabulary).map((name) => `attribute:${name}`));
  return <Select size="xs" w={170} searchable disabled={locked} aria-label="Add a column" placeholder="Add a column" value={null} data={[{ group: "Okta attributes", items: attributes }, { group: "Others", items: free(COLUMNS) }]} renderOption={({ option }) => columnName(option.value).replaceAll("_", " ")} limit={60} onChange={(name) => name && change(withColumn(sheet, name))} />;
}

function Remove({ name, users, locked, remove }: { name: string; users: string[]; locked: boolean; remove: () => void }) {
  return <Button size="compact-xs" variant="default" disabled={locked || users.length > 0} title={users.length > 0 ? `${users.join(", ")} look something up in it` : undefined} onClick={remove}>Delete table {name}</Button>;
}

/** What became of a pasted block, if not each cell went where it stood. */
function LastPaste({ headed, left, again, columns }: Pasted & { again: () => void; columns: string[] }) {
  const missing = left.names.filter((name) => !columns.includes(name));
  return (
    <div className="body row wrap" role="status" style={{ paddingTop: 0 }}>
      {headed && <span>The first line named columns: the cells went to them by name, and it became no row.</span>}
      {left.names.length > 0 && missing.length > 0 && <><b>{plural(left.columns, "column was", "columns were")} left out: {missing.map(columnName).join(", ")}.</b><Button size="compact-xs" variant="default" onClick={again}>Add {missing.length === 1 ? "it" : "them"}, with what was pasted</Button></>}
      {left.names.length === 0 && left.columns > 0 && <><b>{plural(left.columns, "column was", "columns were")} left out</b><span>beyond the last one of the table. Add columns for {left.columns === 1 ? "it" : "them"}, and paste again.</span></>}
    </div>
  );
}

interface Wrong {
  row: number;
  column: number;
  word: string;
  nearest: string[];
}

function Unknown({ wrong, sheet, locked, change }: { wrong: Wrong[] } & Pick<GridProps, "sheet" | "locked" | "change">) {
  const [all, setAll] = useState(false);
  if (wrong.length === 0) return null;
  return (
    <div className="body" role="status" style={{ paddingTop: 0 }}>
      <b>{plural(wrong.length, "cell")} with names that nobody knows</b>
      <ul className="small">
        {wrong.slice(0, all ? undefined : WRONG_AT_FIRST).map((w, k) => (
          <li key={k} className="row wrap">
            <span>Row {w.row + 1}, {columnName(sheet.columns[w.column]!)}: “{w.word}”.</span>
            {w.nearest.length > 0 ? <span className="dim">Nearest: {w.nearest.map((n) => <Button key={n} size="compact-xs" variant="default" disabled={locked} style={{ marginRight: 4 }} onClick={() => change(withCell(sheet, w.row, w.column, (sheet.rows[w.row]![w.column] ?? "").replace(w.word, n)))}>{n}</Button>)}</span> : <span className="dim">Nothing known is near it.</span>}
          </li>
        ))}
      </ul>
      {!all && wrong.length > WRONG_AT_FIRST && <Button size="compact-xs" variant="default" onClick={() => setAll(true)}>Show {wrong.length - WRONG_AT_FIRST} more</Button>}
    </div>
  );
}
