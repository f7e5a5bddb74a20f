// What policy.toml may say, read from its JSON Schema: which control a value needs, and what it means. No calls, no components.
import { parts, type Json, type Part } from "./json";

/** A node of the schema, as far as this console reads it. */
export interface Node {
  $ref?: string;
  description?: string;
  type?: string | string[];
  enum?: string[];
  const?: Json;
  default?: Json;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  properties?: Record<string, Node>;
  required?: string[];
  additionalProperties?: boolean | Node;
  propertyNames?: Node;
  items?: Node;
  anyOf?: Node[];
  allOf?: Node[];
}
export interface PolicySchema extends Node {
  properties: Record<string, Node>;
  definitions: Record<string, Node>;
}

/** What a value is to an editor. */
export type Shape =
  | { is: "text" | "yes" | "conditions" | "demand" | "failure" | "outcomes" | "transforms" }
  /** One text, or a list of them. */
  | { is: "texts"; list: boolean; words?: string[] }
  | { is: "words"; words: string[] }
  | { is: "whole"; min?: number; max?: number }
  | { is: "section"; node: Node }
  | { is: "sections"; node: Node }
  /** Names of one's own, each with a value of this kind. */
  | { is: "map"; names?: Node; node: Node }
  | { is: "other" };

const named = (node: Node | undefined) => node?.$ref?.split("/").at(-1);

/** The node itself, references followed; what is said beside a reference stays. */
export function resolved(schema: PolicySchema, node: Node): Node {
  const name = named(node);
  if (name) return { ...resolved(schema, schema.definitions[name] ?? {}), ...(node.description ? { description: node.description } : {}) };
  if (node.allOf) return node.allOf.reduce<Node>((all, part) => ({ ...all, ...resolved(schema, part), ...(node.description ? { description: node.description } : {}) }), {});
  return node;
}

const NAMED: Record<string, Shape> = { condition: { is: "conditions" }, demand: { is: "demand" }, failure: { is: "failure" }, lifecycle_failure: { is: "failure" }, transform: { is: "transforms" } };

/** Kinds of one alternative, which may stand alone or in a list. */
function shapeOfEither(schema: PolicySchema, ways: Node[]): Shape {
  for (const way of ways) {
    const known = NAMED[named(way) ?? ""];
    if (known) return known;
  }
  const plain = ways.map((way) => resolved(schema, way));
  const list = plain.find((way) => way.type === "array");
  const one = plain.find((way) => way.type !== "array");
  const words = one?.enum ?? (list?.items && resolved(schema, list.items).enum);
  if (list && one && (one.type === "string" || one.enum)) return { is: "texts", list: false, words };
  return { is: "other" };
}

export function shapeOf(schema: PolicySchema, raw: Node): Shape {
  const known = NAMED[named(raw) ?? ""];
  if (known) return known;
  const node = resolved(schema, raw);
  if (node.anyOf) return shapeOfEither(schema, node.anyOf);
  if (node.enum) return { is: "words", words: node.enum };
  switch (node.type) {
    case "boolean": return { is: "yes" };
    case "integer": return { is: "whole", min: node.minimum, max: node.maximum };
    case "string": return { is: "text" };
    case "array": {
      if (named(node.items) === "outcome") return { is: "outcomes" };
      const items = resolved(schema, node.items ?? {});
      if (items.type === "object") return { is: "sections", node: items };
      return items.enum || items.type === "string" ? { is: "texts", list: true, words: items.enum } : { is: "other" };
    }
    case "object": {
      if (node.properties) return { is: "section", node };
      return typeof node.additionalProperties === "object" ? { is: "map", names: node.propertyNames, node: node.additionalProperties } : { is: "other" };
    }
  }
  return { is: "other" };
}

/** Whether a value can be shown by the control of its shape; another one is shown as it stands. */
export function fits(shape: Shape, value: Json | undefined): boolean {
  if (value === undefined) return shape.is !== "other";
  const text = (v: Json) => typeof v === "string" || typeof v === "number";
  const object = (v: Json) => typeof v === "object" && v !== null && !Array.isArray(v);
  const all = (v: Json, one: (v: Json) => boolean) => Array.isArray(v) && v.every(one);
  switch (shape.is) {
    case "text": return text(value);
    case "words": return typeof value === "string" && shape.words.includes(value);
    case "yes": return typeof value === "boolean";
    case "whole": return typeof value === "number";
    case "texts": case "transforms": return text(value) || all(value, text);
    case "conditions": return object(value) || all(value, object);
    case "outcomes": case "sections": return all(value, object);
    case "demand": case "failure": case "section": case "map": return object(value);
    case "other": return false;
  }
}

/** Keys that read better under another name. */
const NAMES: Record<string, string> = {
  settle_seconds: "Settle time (seconds)", max_people: "People at most", max_people_per_run: "People at most in one run", max_percent: "Percent at most", window_hours: "Window (hours)", shrink_percent_max: "Shrinkage at most (percent)",
  certificate_required: "Proof of absence", second_person: "A second person publishes", removals_but_first: "Before a removal that no rule explains", removal_window: "Hours of removals", protected: "Nothing is ever taken from", protection: "Exceptions with a name: nothing is taken from",
  start: "First day", end: "Last day", ended: "Marks of the end", leave: "Marks of leave", deactivated: "Deactivated in Okta", deleted: "Deleted in Okta", new_account: "A new account", bookings: "A leaver's bookings",
  zone: "Time zone", zone_attribute: "Attribute with the time zone", dates: "Notations of days", prepare_days: "Ready so many days before", warn_days: "Told so many days before", spread_minutes: "Spread (minutes)",
  keys: "Keys", field: "iOffice field", attribute: "Okta attribute", person: "Key that joins orgs", if: "If all of these hold", of: "Of these", if_it_fails: "If it fails", but_first: "But first", todo: "To-do", retry: "Tries more",
};

/** A key as people read it. */
export const label = (key: string) => {
  const text = key.replaceAll("_", " ");
  return NAMES[key] ?? text.charAt(0).toUpperCase() + text.slice(1);
};

/** What stands below an input: what its key means. */
export const meaning = (schema: PolicySchema, raw: Node): string | undefined => resolved(schema, raw).description?.replace(/\.$/, "").replaceAll("`", "");

/** What counts where nothing is said, as it would be written. */
export function usual(schema: PolicySchema, raw: Node): string | undefined {
  const value = resolved(schema, raw).default;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** The names that a key of one's own may have, where the schema lists them: `custom01` to `custom30`, `address`, … */
export function namesOf(node: Node | undefined): string[] | undefined {
  const list = node?.pattern?.match(/^\^\((.*)\)\$$/)?.[1];
  if (!list?.startsWith("custom")) return undefined;
  const rest = list.slice(list.indexOf(")") + 2).split("|");
  return [...rest, ...Array.from({ length: 30 }, (_, i) => `custom${String(i + 1).padStart(2, "0")}`)];
}

/** Keys that the schema does not know: kept, and shown as they stand. */
export const strangers = (node: Node, value: Part): string[] => Object.keys(value).filter((key) => !node.properties || !(key in node.properties));

/** A list of conditions, whichever way it is written. */
export const conditionsOf = (value: Json | undefined): Part[] => parts(value);
