// Mapping tables as sheets: cells, rows, columns. Each edit answers a new sheet.
import { parts, type Part } from "./json";
import { moved } from "./model";

export interface Sheet {
  columns: string[];
  rows: string[][];
}

/** Cells of a spreadsheet's clipboard. A cell in quotes may hold tabs, quotes (doubled) and line breaks, which become spaces:
 * a cell here is one line. A quote that nothing closes is text. */
export function pasted(text: string): string[][] {
  const all = text.replaceAll("\r\n", "\n").replace(/\n$/, "");
  const quoted = /"((?:[^"]|"")*)"(?=[\t\n]|$)/y;
  const plain = /[^\t\n]*/y;
  const rows: string[][] = [[]];
  for (let at = 0; ; at += 1) {
    quoted.lastIndex = plain.lastIndex = at;
    const inQuotes = quoted.exec(all);
    const cell = inQuotes ? inQuotes[1]!.replaceAll('""', '"').replaceAll(/\s*\n\s*/g, " ") : plain.exec(all)![0];
    rows.at(-1)!.push(cell.trim());
    at = inQuotes ? quoted.lastIndex : plain.lastIndex;
    if (at >= all.length) return rows;
    if (all[at] === "\n") rows.push([]);
  }
}

export interface Pasted {
  sheet: Sheet;
  /** Whether the first line named columns: its cells went by name, and it is no row. */
  headed: boolean;
  /** Columns of the block that found no place: by name, if the block has names. */
  left: { columns: number; names: string[] };
}

const spelt = (name: string) => name.trim().toLowerCase().replaceAll(/[\s-]+/g, "_");
const named = (column: string) => spelt(column.replace("attribute:", ""));

/** Puts a block of cells into the sheet; rows are added at the end as needed. `names`: other columns that there may be. */
export function paste(sheet: Sheet, row: number, column: number, block: string[][], names: string[] = []): Pasted {
  const first = block[0] ?? [];
  const known = [...sheet.columns, ...names];
  const heads = first.map((cell) => known.find((name) => spelt(cell) === named(name) || cell === name));
  const here = heads.flatMap((name, j) => (name !== undefined && sheet.columns.includes(name) ? [{ j, name }] : []));
  // A word alone is a heading only above its own column: it may be a value elsewhere.
  const headed = block.length > 1 && here.length > 0 && heads.every((name) => name !== undefined) && new Set(heads).size === heads.length && (first.length > 1 || here[0]!.name === sheet.columns[column]);
  const to = first.map((_, j) => (headed ? sheet.columns.indexOf(heads[j]!) : column + j));
  const wide = Math.max(...block.map((line) => line.length));
  const place = (j: number) => (headed ? (to[j] ?? -1) : column + j < sheet.columns.length ? column + j : -1);
  const rows = sheet.rows.map((r) => filled(sheet, r));
  (headed ? block.slice(1) : block).forEach((line, i) => {
    while (rows.length <= row + i) rows.push(sheet.columns.map(() => ""));
    line.forEach((cell, j) => {
      if (place(j) >= 0) rows[row + i]![place(j)] = cell;
    });
  });
  const left = Array.from({ length: wide }, (_, j) => j).filter((j) => place(j) < 0 && block.some((line) => (line[j] ?? "") !== ""));
  return { sheet: { ...sheet, rows }, headed, left: { columns: left.length, names: headed ? left.flatMap((j) => heads[j] ?? []) : [] } };
}

/** What a column may be called besides `attribute:` and a profile attribute: whom a row is for, then what it gives. */
export const COLUMNS = ["group", "tenant", "site", "from", "until", "building", "floor", "section", "kind", "room", "seat", "cost_center", "customer", "manager", "operator", "administrator", "item", "door", "value", "comment"];
/** What a new table begins with. */
export const NEW_SHEET: Sheet = { columns: ["site", "building", "floor"], rows: [["", "", ""]] };

const filled = (sheet: Sheet, row: string[]) => sheet.columns.map((_, j) => row[j] ?? "");

export function withCell(sheet: Sheet, row: number, column: number, value: string): Sheet {
  return { ...sheet, rows: sheet.rows.map((r, i) => (i === row ? filled(sheet, r).map((cell, j) => (j === column ? value : cell)) : r)) };
}

/** A row moved, copied or taken out: the first that fits wins, so their order counts. */
export function rowStepped(sheet: Sheet, at: number, what: "up" | "down" | "copy" | "delete"): Sheet {
  const { rows } = sheet;
  switch (what) {
    case "up": return { ...sheet, rows: moved(rows, at, at - 1) };
    case "down": return { ...sheet, rows: moved(rows, at, at + 1) };
    case "copy": return { ...sheet, rows: [...rows.slice(0, at + 1), [...rows[at]!], ...rows.slice(at + 1)] };
    case "delete": return { ...sheet, rows: rows.filter((_, i) => i !== at) };
  }
}

/** The value of the cell above, as a spreadsheet's Ctrl D gives it. */
export const filledDown = (sheet: Sheet, row: number, column: number): Sheet => (row === 0 ? sheet : withCell(sheet, row, column, sheet.rows[row - 1]![column] ?? ""));

export function withColumn(sheet: Sheet, name: string): Sheet {
  return sheet.columns.includes(name) || name === "" ? sheet : { columns: [...sheet.columns, name], rows: sheet.rows.map((row) => [...filled(sheet, row), ""]) };
}

/** A column moved to the left or the right, or taken out, with its cells. */
export function columnStepped(sheet: Sheet, at: number, what: "left" | "right" | "delete"): Sheet {
  const step = <T>(cells: T[]) => (what === "delete" ? cells.filter((_, j) => j !== at) : moved(cells, at, what === "left" ? at - 1 : at + 1));
  return { columns: step(sheet.columns), rows: sheet.rows.map((row) => step(filled(sheet, row))) };
}

/** Flows and profile fields that look something up in a table: it cannot go while they do. */
export function usersOf(rules: Part, table: string): string[] {
  const flows = parts(rules.flow).filter((flow) => flow.look_up === table).map((flow) => String(flow.id));
  const profile = Object.entries((rules.profile as Part | undefined) ?? {}).filter(([, rule]) => parts(rule).some((part) => part.look_up === table)).map(([field]) => field);
  return [...flows, ...profile];
}
