// Mapping tables as sheets: cells, rows, columns. Each edit answers a new sheet.
import { parts, type Part } from "./json";
import { moved } from "./model";

export interface Sheet {
  columns: string[];
  rows: string[][];
}

/** Cells of a spreadsheet's clipboard. */
export function pasted(text: string): string[][] {
  const lines = text.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n");
  return lines.map((line) => line.split("\t").map((cell) => cell.trim().replace(/^"(.*)"$/s, "$1").replaceAll('""', '"')));
}

/** Puts a block of cells into the sheet; rows are added at the end as needed, columns beyond the last are dropped. */
export function pasteInto(sheet: Sheet, row: number, column: number, block: string[][]): Sheet {
  const rows = sheet.rows.map((r) => [...r]);
  block.forEach((line, i) => {
    while (rows.length <= row + i) rows.push(sheet.columns.map(() => ""));
    line.slice(0, sheet.columns.length - column).forEach((cell, j) => (rows[row + i]![column + j] = cell));
  });
  return { ...sheet, rows };
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
