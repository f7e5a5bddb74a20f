// A draft put on top of what was published since it was begun: what one side left alone is taken from the other.
import { isPart, type Json, type Part } from "./json";
import type { Document } from "./model";

export interface Merged {
  doc: Document;
  /** Where both say something else; the draft's stays. */
  both: string[];
}

type Value = Json | undefined;
type Three = [base: Value, theirs: Value, mine: Value];

/** Whatever order keys are in. */
const text = (value: Value): string =>
  JSON.stringify(value, (_, v: unknown) => (isPart(v as Value) ? Object.fromEntries(Object.entries(v as Part).sort(([a], [b]) => (a < b ? -1 : 1))) : v)) ?? "";
const same = (a: Value, b: Value) => text(a) === text(b);

type Named = Part & { id: string };
const areNamed = (value: Value): value is Named[] => Array.isArray(value) && value.length > 0 && value.every((one) => isPart(one) && typeof one.id === "string");

export function onTop(base: Document, theirs: Document, mine: Document): Merged {
  const both: string[] = [];
  const one = (at: string[], ...[b, t, m]: Three): Value => {
    if (same(m, b) || same(m, t)) return t;
    if (same(t, b)) return m;
    if (at[0] === "tables" && at.length === 2) return sheet(at, b, t, m);
    if (isPart(t) && isPart(m)) return whole(at, isPart(b) ? b : {}, t, m);
    if (areNamed(t) && areNamed(m)) return named(at, areNamed(b) ? b : [], t, m);
    both.push(at.join(" › "));
    return m;
  };
  const whole = (at: string[], b: Part, t: Part, m: Part): Part =>
    Object.fromEntries([...new Set([...Object.keys(m), ...Object.keys(t)])].map((key) => [key, one([...at, key], b[key], t[key], m[key])]).filter(([, value]) => value !== undefined));
  const named = (at: string[], b: Named[], t: Named[], m: Named[]): Json => {
    const ids = (list: Named[]) => list.map((part) => part.id);
    const find = (list: Named[], id: string) => list.find((part) => part.id === id);
    const [lead, rest] = same(ids(m).filter((id) => find(b, id)), ids(b).filter((id) => find(m, id))) ? [ids(t), ids(m)] : [ids(m), ids(t)];
    return [...new Set([...lead, ...rest])].map((id) => one([...at, id], find(b, id), find(t, id), find(m, id))).filter((part) => part !== undefined) as Json;
  };
  // Rows have no names: they are told apart by their place as long as nobody added or took one.
  const sheet = (at: string[], ...three: Three): Value => {
    const [b, t, m] = three;
    const rows = three.map((value) => (isPart(value) && Array.isArray(value.rows) ? value.rows : undefined));
    const [old, new_, own] = rows;
    if (!old || !new_ || !own || new Set(rows.map((list) => list!.length)).size > 1 || !same((b as Part).columns, (m as Part).columns) || !same((t as Part).columns, (m as Part).columns)) {
      both.push(at.join(" › "));
      return m;
    }
    return { ...(m as Part), rows: own.map((row, i) => one([...at, `row ${i + 1}`], old[i], new_[i], row)) as Json };
  };
  return { doc: whole([], base as unknown as Part, theirs as unknown as Part, mine as unknown as Part) as unknown as Document, both };
}
