// Everything of a policy that is no flow and no table: which parts there are, and each as one sentence. Pure.
import { conditionText } from "./conditions";
import { isPart, list, parts, type Json, type Part } from "./json";
import { firstText } from "./model";

export interface GroundPart {
  id: string;
  title: string;
  /** The question that it answers. */
  asks: string;
  /** Keys of policy.toml that it is made of. */
  keys: string[];
}

export const GROUND: GroundPart[] = [
  { id: "scope", title: "Who is governed", asks: "Whom does this policy concern, and what happens to whoever leaves it?", keys: ["scope"] },
  { id: "routes", title: "Where people belong", asks: "Which site does somebody belong to? The first route that fits.", keys: ["route", "tenants", "sites"] },
  { id: "groups", title: "Groups", asks: "What does this policy call its groups? By id, so that a rename in Okta changes nothing.", keys: ["groups"] },
  { id: "correlation", title: "Whose account it is", asks: "By which keys is somebody's account found, strongest first?", keys: ["correlation", "manager"] },
  { id: "lifecycle", title: "Coming and going", asks: "When does somebody begin, pause, end, and what is asked first?", keys: ["lifecycle"] },
  { id: "profile", title: "Profile", asks: "Which Okta attribute fills which iOffice field? Only fields named here are ever written.", keys: ["profile", "user_type", "phone"] },
  { id: "schedules", title: "Schedules", asks: "When is everybody compared?", keys: ["schedule"] },
  { id: "guardrails", title: "Limits", asks: "How much may be taken away before a person must agree?", keys: ["guardrails"] },
  { id: "reactions", title: "What is found", asks: "What is done about accounts and people that do not fit?", keys: ["reactions"] },
  { id: "notify", title: "Who is told", asks: "Which names stand for whose address?", keys: ["notify"] },
  { id: "doors", title: "Doors", asks: "Who are people to the badge system?", keys: ["doors"] },
  { id: "parameters", title: "Parameters", asks: "Which texts differ from site to site?", keys: ["parameters", "overlay"] },
  { id: "tests", title: "Tests", asks: "What must stay true, whatever is edited?", keys: ["test", "person"] },
  { id: "name", title: "Name", asks: "What is the policy called?", keys: ["name"] },
];

/** Keys that no part is made of, and that are no flows: a newer server may have some. */
export function others(rules: Part): string[] {
  const known = new Set([...GROUND.flatMap((part) => part.keys), "flow", "format"]);
  return Object.keys(rules).filter((key) => !known.has(key));
}

const names = (all: string[], max = 3) => (all.length > max ? `${all.slice(0, max).join(", ")} and ${all.length - max} more` : all.join(", "));
const keysOf = (value: Json | undefined) => (isPart(value) ? Object.keys(value) : []);
const section = (value: Json | undefined): Part => (isPart(value) ? value : {});
const conditions = (value: Json | undefined) => parts(value).map(conditionText).join(" and ");
const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
const said = (...all: (string | false | undefined)[]) => all.filter(Boolean).join("; ");

function routeText(rules: Part): string {
  const of = (route: Part) => `${[route.tenant !== undefined && `from ${String(route.tenant)}`, conditions(route.if)].filter(Boolean).join(", ") || "everybody else"} to ${String(route.site ?? "…")}`;
  return names(parts(rules.route).map(of)) || "nobody belongs anywhere yet";
}

function lifecycleText(life: Part): string {
  const start = section(life.start);
  const end = section(life.end);
  const asked = ["end", "deactivated", "deleted", "new_account"].filter((key) => firstText(section(life[key]).but_first));
  return said(
    start.attribute !== undefined && `begins on ${String(start.attribute)}${Number(start.prepare_days ?? 0) > 0 ? `, ready ${String(start.prepare_days)} days before` : ""}`,
    end.attribute !== undefined && `ends with ${String(end.attribute)}`,
    parts(life.ended).length > 0 && count(parts(life.ended).length, "mark of the end", "marks of the end"),
    parts(life.leave).length > 0 && count(parts(life.leave).length, "mark of leave", "marks of leave"),
    asked.length > 0 && `asks first: ${asked.map((key) => key.replaceAll("_", " ")).join(", ")}`,
  ) || "deactivated is the end; nothing else is said";
}

function limitText(limits: Part): string {
  const most = [limits.max_people !== undefined && count(Number(limits.max_people), "person", "people"), limits.max_percent !== undefined && `${String(limits.max_percent)} %`].filter(Boolean).join(" or ");
  const held = parts(limits.protected).length + parts(limits.protection).length;
  return said(most ? `at most ${most} lose something within ${String(limits.window_hours ?? 24)} hours` : "no limit on removals", held > 0 && `${count(held, "condition protects", "conditions protect")} people`, limits.second_person === true && "a second person publishes");
}

/** One part as a sentence: what it says now. */
export function groundText(id: string, rules: Part): string {
  switch (id) {
    case "scope": return `${conditions(section(rules.scope).if) || "everybody"}; whoever leaves it ${section(rules.scope).on_leaving === "ignore" ? "keeps what they have" : "loses the whole account"}`;
    case "routes": return routeText(rules);
    case "groups": return names(keysOf(rules.groups)) || "none by name";
    case "correlation": return parts(section(rules.correlation).keys).map((key) => String(key.kind ?? "…")).join(", then ") || "no keys: nobody is found";
    case "lifecycle": return lifecycleText(section(rules.lifecycle));
    case "profile": return keysOf(rules.profile).length === 0 ? "nothing is written" : `${count(keysOf(rules.profile).length, "field")}: ${names(keysOf(rules.profile))}`;
    case "schedules": return parts(rules.schedule).map((s) => `${String(s.id ?? "…")}: ${String(s.cron ?? "…")}${s.zone ? ` (${String(s.zone)})` : ""}`).join("; ") || "only when somebody asks";
    case "guardrails": return limitText(section(rules.guardrails));
    case "reactions": return Object.entries(section(rules.reactions)).map(([key, value]) => (key === "sites" ? `other in ${keysOf(value).join(", ")}` : `${key}: ${String(value)}`)).join("; ") || "the usual";
    case "notify": return names(keysOf(rules.notify)) || "nobody";
    case "doors": return isPart(rules.doors) ? `people are known by ${String(rules.doors.holder ?? "…")}` : "the policy opens none";
    case "parameters": return said(names(keysOf(rules.parameters)), parts(rules.overlay).length > 0 && count(parts(rules.overlay).length, "overlay")) || "none";
    case "tests": return said(count(parts(rules.test).length, "test"), keysOf(rules.person).length > 0 && `about ${names(keysOf(rules.person))}`);
    case "name": return String(rules.name ?? "no name");
    default: return list(rules[id]).length > 0 ? "kept as it is" : "nothing";
  }
}

/* ---- the profile ---- */

/** How a field of the profile is filled. */
export type Filling = "first" | "join" | "text" | "look_up" | "cel";
export const FILLINGS: [Filling, string][] = [["first", "First attribute with a value"], ["join", "All of these joined"], ["text", "Always this text"], ["look_up", "From a table"], ["cel", "Expression (CEL)"]];

export function fillingOf(value: Json | undefined): Filling {
  if (!isPart(value)) return "first";
  return "join" in value ? "join" : "text" in value ? "text" : "look_up" in value ? "look_up" : "cel" in value ? "cel" : "first";
}

/** A field's rule as a section, whichever way it is written. */
export const asSection = (value: Json | undefined): Part => (isPart(value) ? value : value === undefined || value === "" ? {} : { from: value });
/** As short as it can be written: an attribute alone stands as itself. */
export const shortened = (rule: Part): Json => (Object.keys(rule).length === 1 && rule.from !== undefined ? rule.from : rule);

/** Another way of filling; transforms and conditions stay. */
export function refilled(value: Json | undefined, to: Filling): Json {
  const { from: _f, join: _j, with: _w, text: _t, look_up: _l, cel: _c, ...rest } = asSection(value);
  const source = list(asSection(value).from ?? asSection(value).join);
  return { ...(to === "first" ? { from: source.length === 1 ? source[0]! : source } : to === "join" ? { join: source } : { [to]: "" }), ...rest };
}

/** How a field is filled, as words. */
export function fillingText(value: Json | undefined): string {
  const rule = asSection(value);
  const from = list(rule.from).map(String);
  const source = { first: from.length === 0 ? "nothing yet" : from.join(", else "), join: list(rule.join).map(String).join(" + "), text: `always “${String(rule.text ?? "")}”`, look_up: `what ${String(rule.look_up ?? "…")} says`, cel: `what ${String(rule.cel ?? "") || "…"} gives` }[fillingOf(value)];
  const as = list(rule.as).map(String);
  return [source, as.length > 0 && `as ${as.join(", then ")}`, parts(rule.if).length > 0 && `if ${conditions(rule.if)}`].filter(Boolean).join(", ");
}
