import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { claimsOf, conditionText, keysOf, retested, withClaim, type Claim } from "../src/screens/policy/conditions";
import { drawn } from "../src/screens/policy/graph";
import { asSection, fillingText, GROUND, groundText, others, refilled, shortened } from "../src/screens/policy/ground";
import { flowsOf, withFlow, withFlows, type Document, type Flow } from "../src/screens/policy/model";
import { failureText, OUTCOMES, outcomeText } from "../src/screens/policy/outcomes";
import { fits, namesOf, shapeOf, strangers, type PolicySchema } from "../src/screens/policy/schema";
import { changesOf, choices, stepped, withFailure } from "../src/screens/policy/steps";
import { suggestions } from "../src/screens/policy/suggest";
import { whereabouts } from "../src/screens/policy/whereabouts";
import { TEMPLATES, withTemplate } from "../src/screens/policy/templates";

const schema = JSON.parse(readFileSync("../crates/policy/src/policy.schema.json", "utf8")) as PolicySchema;
const doc: Document = { rules: { notify: { it: {} }, flow: [] }, tables: { places: { columns: ["site"], rows: [] } } };
const one = (flow: Omit<Flow, "id">): Document => withFlows(doc, [{ id: "x", ...flow } as Flow]);
const flowIn = (d: Document) => flowsOf(d)[0]!;

test.each([
  [{ group: "EXEC" }, "in EXEC"],
  [{ group: ["A", "B"] }, "in A or B"],
  [{ attribute: "workMode", in: ["hybrid", "remote"] }, "workMode is one of hybrid or remote"],
  [{ attribute: "startDate", exists: false }, "startDate is empty"],
  [{ not: { status: "SUSPENDED" } }, "not (Okta status is SUSPENDED)"],
  [{ any: [{ tenant: "x" }, { site: "y" }] }, "from tenant x or belongs to site y"],
  [{ attribute: "email", domain: "acme.example" }, "email is an address at acme.example"],
  [{ attribute: "code", starts_with: "A", ends_with: "9" }, "code starts with A and ends with 9"],
  [{ group: "A", attribute: "city", is_not: "Leeds" }, "in A and city is not Leeds"],
  [{ count: 2, of: [{ group: "A" }, { group: "B" }, { group: "C" }] }, "2 of (in A; in B; in C)"],
  [{ attribute: "level", at_least: 7 }, "level is at least 7"],
  [{ cel: "person.level > 7" }, "person.level > 7"],
  [{ moon_phase: ["full"] }, "moon phase full"],
])("%o reads as “%s”", (condition, text) => expect(conditionText(condition as never)).toBe(text));

/** Every kind and test that the schema knows, and one that nobody knows. */
const CONDITIONS = [
  { group: ["A", "B"] }, { attribute: "a", is: ["x", "y"] }, { attribute: "a", matches: "x*" }, { attribute: "a", only: ["x"] }, { attribute: "a", has_all: ["x", "y"] },
  { attribute: "a", same_as: "b" }, { attribute: "a", within: "14 days of today" }, { attribute: "a", at_most: 3, at_least: 1 }, { attribute: "a" }, { is: "lost" },
  { count: 2, of: [{ tenant: "t" }, { not: { site: "s" } }] }, { cel: "true" }, { moon_phase: "full", group: "A" }, { all: [{ any: [] }] },
];
test("what a condition says is kept whole, whatever this editor has forms for", () => {
  for (const condition of CONDITIONS) {
    const claims = claimsOf(condition as never);
    const keys = claims.flatMap(keysOf).filter((key) => key in condition);
    expect(keys.sort(), JSON.stringify(condition)).toEqual(Object.keys(condition).sort());
    // A form that puts a claim back as it is changes nothing.
    for (const claim of claims) {
      const same = Object.fromEntries(keysOf(claim).filter((key) => key in condition).map((key) => [key, (condition as Record<string, unknown>)[key]]));
      expect(withClaim(condition as never, claim, same as never)).toEqual(condition);
    }
  }
});

test("a condition of a kind that is not known loses nothing when what stands beside it is edited", () => {
  const before = { moon_phase: "full", attribute: "a", matches: "x*", ends_with: "z" };
  const claim = claimsOf(before).find((c) => c.kind === "attribute") as Extract<Claim, { kind: "attribute" }>;
  expect(withClaim(before, claim, retested(claim, "ends_with", "at_least"))).toEqual({ moon_phase: "full", attribute: "a", matches: "x*", at_least: 0 });
});

test.each([["is", "in", "x", ["x"]], ["in", "is", ["x", "y"], "x"], ["in", "exists", ["x"], true], ["exists", "is", true, ""], ["is", "at_least", "7", 7], ["is", "within", "x", "14 days of today"]] as const)("a test %s turned into %s takes %o along as %o", (from, to, value, then) => {
  expect(retested({ kind: "attribute", name: "a", tests: [[from, value as never]] }, from, to)).toEqual({ attribute: "a", [to]: then });
});

test("every outcome of the schema has a kind, and every key of a kind is the schema's", () => {
  const known = new Set([...OUTCOMES.flatMap((kind) => [kind.key, ...kind.keys]), "if_it_fails"]);
  expect(Object.keys(schema.definitions.outcome!.properties!).filter((key) => !known.has(key))).toEqual([]);
  expect([...known].filter((key) => !(key in schema.definitions.outcome!.properties!))).toEqual([]);
});

test.each([
  [{ door: "building of their seat" }, "entry to building of their seat"],
  [{ door: ["Bicycle cellar", "from table"] }, "entry to Bicycle cellar and what the table says"],
  [{ place: "desk", floor: ["Level 1", "Level 2"] }, "a free desk in Level 1 or Level 2"],
  [{ todo: "badge", what: "print a badge" }, "to do by hand: print a badge"],
  [{ role: "manager", module: "visitor", serving: "whole site" }, "role manager for visitor in the whole site"],
  [{ wings: "white" }, "wings white"],
])("%o is given as “%s”", (outcome, text) => expect(outcomeText(outcome as never)).toBe(text));

test("what becomes of a failure reads as a sentence", () => {
  expect(failureText({ retry: 3, every: "10 minutes", instead: [{ role: "customer", module: "visitor" }], alert: ["it"], stop: true })).toBe("tried 3 more times, 10 minutes apart; then role customer for visitor instead; then it told; then nothing more is given");
  expect(failureText({ retry: 1 })).toBe("tried once more, 10 minutes apart");
  expect(failureText(undefined)).toBeUndefined();
});

const FULL: Omit<Flow, "id"> = { if: [{ group: "A" }, { group: "B" }], look_up: "places", but_first: { hold: "24 hours", approval: ["manager"], escalate_after: "1 day", escalate_to: ["role:approver"] }, then: [{ place: "desk", if_it_fails: { instead: [{ place: "section" }, { place: "remote" }] } }, { role: "customer", module: "visitor" }], never: [{ item: "Badge B" }], if_it_fails: { retry: 2 }, tell: ["it"] };

test("a flow is drawn as steps in one order, each with its way of failing", () => {
  const { boxes, links } = drawn(one(FULL), 0, ["it"]);
  const steps = boxes.filter((box) => box.kind !== "fails" && box.kind !== "instead");
  expect(steps.map((box) => box.id)).toEqual(["when", "if0", "if1", "look", "hold", "ask", "then0", "then1", "never0", "tell"]);
  for (const step of steps) expect(links.some((link) => link.fails && link.from === step.id), step.id).toBe(true);
  const text = (id: string) => boxes.find((box) => box.id === id)!.text;
  expect(text("then0!")).toBe("a section and no seat (remote) instead");
  expect(text("then1!")).toBe("tried 2 more times, 10 minutes apart (as the flow says)");
  expect(text("ask!")).toBe("after 1 day role:approver may decide as well");
  expect(text("tell")).toBe("it, once a read shows it");
  expect(links.filter((link) => !link.fails).map((link) => link.to)).toEqual(steps.slice(1).map((box) => box.id));
  expect(links.filter((link) => link.from === "then0!").map((link) => link.to)).toEqual(["then0+0", "then0+1"]);
  // No box lies on another one.
  const places = boxes.map((box) => `${box.x}/${box.y}`);
  expect(new Set(places).size).toBe(places.length);
  expect(links.every((link) => boxes.some((box) => box.id === link.from) && boxes.some((box) => box.id === link.to))).toBe(true);
});

test("only what fits in a place can be added there, and one of each", () => {
  const labels = (flow: Omit<Flow, "id">, from: never, to: never) => choices({ id: "x", ...flow } as Flow, from, to, { if: 0, then: 0 }, ["places"], ["it"]).filter((c) => c.group === "Step").map((c) => c.label);
  expect(labels({}, "when" as never, "if" as never)).toEqual(["A condition"]);
  expect(labels({}, "if" as never, "out" as never)).toEqual(["A condition", "A look-up in a table", "A hold", "An approval"]);
  expect(labels(FULL, "if" as never, "look" as never)).toEqual(["A condition"]);
  expect(labels(FULL, "first" as never, "out" as never)).toEqual([]);
  expect(labels({ but_first: { hold: "1 day" } }, "first" as never, "out" as never)).toEqual(["An approval"]);
  expect(labels({}, "out" as never, "tell" as never)).toEqual(["A message"]);
  expect(choices({ id: "x" }, "if", "out", { if: 0, then: 0 }, [], []).map((c) => c.label)).toContain("Entry through doors");
});

test("whatever is added can be taken out again, and the flow is as before", () => {
  for (const flow of [{ then: [] }, FULL, { if: [{ group: "A" }], then: [{ item: "A / B" }] }]) {
    const before = one(flow as never);
    for (const { label, add } of choices(flowIn(before), "when", "tell", { if: 0, then: 0 }, ["places"], ["it"])) {
      const { flow: next, step } = add(flowIn(before));
      const after = withFlow(before, 0, next);
      expect(flowIn(after), label).not.toEqual(flowIn(before));
      expect(changesOf(flowIn(after), step), label).toContain("delete");
      const back = flowIn(stepped(after, 0, step, "delete").doc);
      for (const key of ["if", "then", "never"]) if (Array.isArray(back[key]) && back[key].length === 0 && !(key in flow)) delete back[key];
      expect(back, label).toEqual(flowIn(before));
    }
  }
});

test("a hold and an approval are taken out one by one", () => {
  const both = one({ but_first: { hold: "1 day", approval: ["manager"], quorum: 2 }, then: [] });
  expect(flowIn(stepped(both, 0, { kind: "approval" }, "delete").doc).but_first).toEqual({ hold: "1 day" });
  const hold = stepped(both, 0, { kind: "hold" }, "delete").doc;
  expect(flowIn(hold).but_first).toEqual({ approval: ["manager"], quorum: 2 });
  expect("but_first" in flowIn(stepped(hold, 0, { kind: "approval" }, "delete").doc)).toBe(false);
});

test("a failure branch is an outcome's own, or the flow's", () => {
  const flow = flowIn(one(FULL));
  expect(parts(withFailure(flow, 1, { todo: "x" }))).toEqual([(FULL.then as unknown[])[0], { role: "customer", module: "visitor", if_it_fails: { todo: "x" } }]);
  expect(parts(flowIn(stepped(one(FULL), 0, { kind: "fails", of: 0 }, "delete").doc))[0]).toEqual({ place: "desk" });
  expect(changesOf(flow, { kind: "fails", of: 1 })).toEqual([]);
  expect("if_it_fails" in withFailure(flow, undefined, undefined)).toBe(false);
});
const parts = (flow: Flow) => flow.then as Record<string, unknown>[];

test.each([
  ["guardrails", "max_people", { is: "whole", min: 0, max: 1_000_000 }], ["guardrails", "second_person", { is: "yes" }], ["guardrails", "protected", { is: "conditions" }], ["guardrails", "removals_but_first", { is: "demand" }],
  ["lifecycle", "dates", { is: "texts", list: false, words: undefined }], ["scope", "on_leaving", { is: "words", words: ["end", "ignore"] }], ["lifecycle", "zone", { is: "text" }],
])("%s.%s is shown as %o", (section, key, shape) => expect(shapeOf(schema, schema.properties[section]!.properties![key]!)).toEqual(shape));

test("lists of sections, maps, and failures have forms of their own; a value of another kind has none", () => {
  const is = (...path: string[]) => shapeOf(schema, path.slice(1).reduce((node, key) => node.properties![key]!, schema.properties[path[0]!]!)).is;
  expect([is("schedule"), is("correlation", "keys"), is("notify"), is("parameters"), is("lifecycle", "end", "if_it_fails"), is("lifecycle", "leave"), is("tenants")]).toEqual(["sections", "sections", "map", "map", "failure", "sections", "map"]);
  expect(fits({ is: "whole" }, "90")).toBe(false);
  expect(fits({ is: "words", words: ["end"] }, "other")).toBe(false);
  expect(fits({ is: "texts", list: false }, [{ a: 1 }])).toBe(false);
  expect(strangers(schema.properties.scope!, { if: [], shoe_size: 9 })).toEqual(["shoe_size"]);
  expect(namesOf(schema.properties.profile!.propertyNames)!.slice(0, 2)).toEqual(["address", "alternateDelivery"]);
  expect(namesOf(schema.properties.profile!.propertyNames)).toContain("custom30");
});

test("every part of policy.toml stands under the ground rules once, and what is not known there is kept", () => {
  const keys = GROUND.flatMap((part) => part.keys);
  expect([...keys, "flow", "format"].sort()).toEqual(Object.keys(schema.properties).sort());
  expect(others({ format: 1, scope: {}, weather: {} })).toEqual(["weather"]);
});

test.each([
  ["scope", { scope: { if: [{ group: "A" }] } }, "in A; whoever leaves it loses the whole account"],
  ["routes", { route: [{ tenant: "n", site: "hq" }, { site: "south" }] }, "from n to hq, everybody else to south"],
  ["correlation", { correlation: { keys: [{ kind: "employee number" }, { kind: "e-mail" }] } }, "employee number, then e-mail"],
  ["lifecycle", { lifecycle: { start: { attribute: "startDate", prepare_days: 7 }, end: { attribute: "contractEndDate", but_first: { hold: "2 days" } }, leave: [{}] } }, "begins on startDate, ready 7 days before; ends with contractEndDate; 1 mark of leave; asks first: end"],
  ["guardrails", { guardrails: { max_people: 10, max_percent: 2, second_person: true } }, "at most 10 people or 2 % lose something within 24 hours; a second person publishes"],
  ["guardrails", {}, "no limit on removals"],
  ["schedules", { schedule: [{ id: "nightly", cron: "0 2 * * *", zone: "UTC" }] }, "nightly: 0 2 * * * (UTC)"],
])("%s of %o reads as “%s”", (id, rules, text) => expect(groundText(id, rules as never)).toBe(text));

test.each([
  ["firstName", "firstName"],
  [["primaryPhone", "mobilePhone"], "primaryPhone, else mobilePhone"],
  [{ from: "contractEndDate", as: "date-ms", if: [{ attribute: "userType", is: "Contractor" }] }, "contractEndDate, as date-ms, if userType is Contractor"],
  [{ join: ["a", "b"], as: ["lower case", "digits"] }, "a + b, as lower case, then digits"],
  [{ text: "Okta" }, "always “Okta”"],
  [{ look_up: "titles" }, "what titles says"],
  [{ cel: "user.login" }, "what user.login gives"],
])("a field filled by %o reads as “%s”", (rule, text) => expect(fillingText(rule as never)).toBe(text));

test("a field filled another way keeps its transforms and its people, and is written as short as it can be", () => {
  expect(refilled({ from: "a", as: "digits", if: [{ group: "G" }] }, "join")).toEqual({ join: ["a"], as: "digits", if: [{ group: "G" }] });
  expect(shortened(asSection(refilled({ join: ["a"] }, "first")))).toBe("a");
  expect(refilled("a", "text")).toEqual({ text: "" });
});

test("pickers offer what the policy and both sides know", () => {
  const around = { rules: { notify: { it: {} }, groups: { G: "00g1" }, flow: [{ id: "f", then: [{ door: "Lab" }] }] }, tables: ["places"], vocabulary: undefined, schema, locked: false };
  expect(suggestions("alert", "failure", {}, around)).toEqual(["it"]);
  expect(suggestions("approval", "demand", {}, around)).toContain("group:G");
  expect(suggestions("door", "outcome", {}, around)).toEqual(["building of their seat", "floor of their seat", "from table", "Lab"]);
  expect(suggestions("near", "outcome", schema.definitions.outcome!.properties!.near!, around)).toContain("department");
  expect(suggestions("id", "flow", {}, around)).toBeUndefined();
});

test("a template is a flow at the end; one that needs a table takes what there is, or none", () => {
  const find = (id: string) => TEMPLATES.find((t) => t.id === id)!;
  const spots: Document = { rules: { flow: [{ id: "new-user" }] }, tables: { spots: { columns: [], rows: [] } } };
  expect(flowsOf(withTemplate(spots, find("new-user")).doc)[1]).toMatchObject({ id: "new-user-2", look_up: "spots" });
  expect("look_up" in flowsOf(withTemplate({ ...spots, tables: {} }, find("new-user")).doc)[1]!).toBe(false);
  expect(withTemplate(spots, find("deactivation"))).toEqual({ doc: spots });
});

test.each([
  ["/rules/flow/1/look_up", { in: "flow", flow: 1, step: { kind: "look_up" } }],
  ["/rules/flow/2/if/0/is", { in: "flow", flow: 2, step: { kind: "if", at: 0 } }],
  ["/rules/flow/0/then/1/if_it_fails/retry", { in: "flow", flow: 0, step: { kind: "fails", of: 1 } }],
  ["/rules/flow/0/but_first/hold", { in: "flow", flow: 0, step: { kind: "hold" } }],
  ["/rules/flow/4", { in: "flow", flow: 4, step: { kind: "flow" } }],
  ["/rules/guardrails/max_people", { in: "ground", section: "guardrails" }],
  ["/rules/user_type/0/is", { in: "ground", section: "profile" }],
  ["/rules/weather", { in: "ground", section: "weather" }],
  ["/tables/places/rows/0/1", { in: "table", table: "places" }],
  ["/rules", undefined],
  [undefined, undefined],
])("a mistake at %s is shown at %o", (pointer, at) => expect(whereabouts(pointer)).toEqual(at));
