// What a flow may give: kinds, the keys of each, and each as words. Keys and their meaning are the schema's; here is only
// which of them belong together.
import { list, parts, type Json, type Part } from "./json";

export interface OutcomeKind {
  /** The key that makes an outcome one of this kind. */
  key: string;
  label: string;
  start: Part;
  /** Keys that go with it, in the order people set them. */
  keys: string[];
}

export const OUTCOMES: OutcomeKind[] = [
  { key: "place", label: "A place to work", start: { place: "desk" }, keys: ["building", "floor", "section", "kind", "room", "only", "near", "otherwise"] },
  { key: "role", label: "A role in a center", start: { role: "customer", module: "reservation" }, keys: ["module", "center", "serving", "owns"] },
  { key: "roles", label: "The roles of the table", start: { roles: "from table" }, keys: [] },
  { key: "item", label: "A category item", start: { item: "" }, keys: ["owns"] },
  { key: "door", label: "Entry through doors", start: { door: "building of their seat" }, keys: [] },
  { key: "cost_center_from", label: "Cost center called like an attribute", start: { cost_center_from: "department" }, keys: [] },
  { key: "cost_center", label: "A cost center", start: { cost_center: "" }, keys: [] },
  { key: "booking", label: "A booking", start: { booking: "day one", title: "First day", from: "09:00", to: "17:00" }, keys: ["title", "kind", "from", "to"] },
  { key: "visit", label: "A visit at the front desk", start: { visit: "arrival", at: "09:00" }, keys: ["visitor_type", "at", "notes"] },
  { key: "todo", label: "Something to do by hand", start: { todo: "by-hand", what: "" }, keys: ["what", "how"] },
];
/** What may be denied: roles, items, areas by name. */
export const BANS = OUTCOMES.filter((kind) => ["role", "item", "door"].includes(kind.key)).map((kind) => (kind.key === "door" ? { ...kind, start: { door: "" } } : kind));

export const kindOf = (o: Part): OutcomeKind | undefined => OUTCOMES.find(({ key }) => key in o);

const either = (value: Json | undefined) => list(value).map(String).join(" or ");

function placeText(o: Part, row: string): string {
  const where = [o.building, o.floor, o.section, o.room, o.kind].filter((v) => v !== undefined).map((v) => either(v as Json)).join(" / ");
  const kind = o.place === "remote" ? "no seat (remote)" : o.place === "desk" ? "a free desk" : o.place === "section" ? "a section" : `a place (${String(o.place)})`;
  return [kind, where && `in ${where}`, o.place !== "remote" && row].filter(Boolean).join(" ");
}

/** One outcome as words. */
export function outcomeText(o: Part, table?: Json): string {
  const row = typeof table === "string" ? `as ${table} says` : "";
  switch (kindOf(o)?.key) {
    case "place": return placeText(o, row);
    case "role": return `role ${String(o.role)}${o.module ? ` for ${String(o.module)}${o.serving === "whole site" ? " in the whole site" : ""}` : ""}${o.center ? ` in ${either(o.center)}` : ""}`;
    case "roles": return `the roles ${row || "of the table"}`;
    case "item": return o.item === "from table" ? `the items ${row || "of the table"}` : String(o.item) || "an item, not chosen yet";
    case "door": return `entry to ${list(o.door).map((v) => (v === "from table" ? "what the table says" : String(v))).join(" and ") || "…"}`;
    case "cost_center": return `cost center ${o.cost_center === "from table" ? row || "of the table" : String(o.cost_center)}`;
    case "cost_center_from": return `cost center called like ${String(o.cost_center_from)}`;
    case "booking": return `a booking (${String(o.booking)}), ${String(o.from ?? "09:00")} to ${String(o.to ?? "17:00")}`;
    case "visit": return `a visit on ${String(o.visit)} at ${String(o.at ?? "09:00")}`;
    case "todo": return `to do by hand: ${String(o.what ?? o.todo)}`;
    default: return Object.entries(o).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(", ");
  }
}

const times = (n: number) => (n === 1 ? "once more" : `${n} more times`);

/** What becomes of a failure, as words; `undefined`: nothing is said. */
export function failureText(failure: Json | undefined): string | undefined {
  const f = parts(failure)[0];
  if (!f) return undefined;
  const said = [
    f.retry !== undefined && `tried ${times(Number(f.retry))}, ${String(f.every ?? "10 minutes")} apart`,
    parts(f.instead).length > 0 && `${parts(f.instead).map((o) => outcomeText(o)).join(" and ")} instead`,
    f.todo !== undefined && `a to-do: ${String(f.todo)}`,
    list(f.alert).length > 0 && `${list(f.alert).map(String).join(" and ")} told`,
    f.stop === true && "nothing more is given",
  ];
  return said.filter(Boolean).join("; then ") || "nothing said yet";
}
