import { expect, test } from "vitest";
import { branched, flowsOf, flowText, freshId, history, moved, otherwiseOf, withFlows, type Document, type Flow, type History } from "../src/screens/policy/model";
import { columnStepped, filledDown, paste, pasted, rowStepped, usersOf, withColumn } from "../src/screens/policy/sheet";
import { stepped } from "../src/screens/policy/steps";
import { nearest, offered, unknownIn } from "../src/screens/policy/suggest";
import { stacked } from "../src/screens/Places";

const doc: Document = { rules: { flow: [{ id: "a" }, { id: "b" }] }, tables: { places: { columns: ["site", "floor"], rows: [["london", "Level 4"]] } } };

test("a whole flow reads as one sentence", () => {
  const flow: Flow = { id: "x", if: [{ group: "EXEC" }], look_up: "places", then: [{ place: "desk", floor: "Level 9" }], never: [{ item: "Badge B" }], but_first: { hold: "24 hours", approval: ["manager"], quorum: 2 }, until: "contractEndDate" };
  expect(flowText(flow)).toBe("When in EXEC: give a free desk in Level 9 as places says; never give Badge B, but first hold for 24 hours, then approval by manager (2), until contractEndDate.");
  expect(flowText({ id: "y" })).toBe("When everybody in scope: nothing yet.");
});

test("a branch takes those whom a condition turns away, and is found again", () => {
  const before = withFlows(doc, [{ id: "desk", priority: 5, if: [{ group: "A" }, { attribute: "workMode", is: "office" }], then: [{ place: "desk" }] }, { id: "b" }]);
  expect(otherwiseOf(before, 0, 1)).toBeUndefined();
  const next = branched(before, 0, 1);
  expect(next.flow).toBe(1);
  expect(flowsOf(next.doc)[1]).toEqual({ id: "desk-otherwise", sentence: "", priority: 5, if: [{ group: "A" }, { not: { attribute: "workMode", is: "office" } }], then: [] });
  expect(otherwiseOf(next.doc, 0, 1)).toBe(1);
  expect(otherwiseOf(next.doc, 1, 1)).toBe(0);
});

test.each([["up", 1, ["b", "a", "c"], 0], ["up", 0, ["a", "b", "c"], 0], ["down", 2, ["a", "b", "c"], 2], ["copy", 0, ["a", "a", "b", "c"], 1], ["delete", 1, ["a", "c"], undefined]] as const)("%s of step %i", (what, at, ids, to) => {
  const flow = withFlows(doc, [{ id: "x", if: [{ group: "a" }, { group: "b" }, { group: "c" }] }]);
  const next = stepped(flow, 0, { kind: "if", at }, what);
  expect((flowsOf(next.doc)[0]!.if as { group: string }[]).map((c) => c.group)).toEqual(ids);
  expect(next.step).toEqual(to === undefined ? undefined : { kind: "if", at: to });
});

test("groups are offered as rules may call them, and unknown ones find the nearest", () => {
  const vocabulary = { groups: [{ tenant: "x", id: "00g1", name: "Eng London" }, { tenant: "x", id: "00g2", name: "Facilities" }], attributes: [], sites: [], channels: [], templates: [] };
  const known = offered("group", vocabulary, { rules: { groups: { Teams: "00g2" } } });
  expect(known).toEqual(["Teams", "00g1 # Eng London"]);
  expect(unknownIn("Teams | 00g1 | 00g1 # Eng London", known)).toEqual([]);
  expect(unknownIn("Eng Londn", known)).toEqual([{ word: "Eng Londn", nearest: ["00g1 # Eng London"] }]);
});

test("a floor is looked for in the building of its row", () => {
  const site = { site: "s", buildings: [{ name: "Pier", code: "P", floors: ["Level 1"] }, { name: "Quay", code: "Q", floors: ["Level 9"] }], sections: [], kinds: [], items: [], centers: [], user_types: [] };
  const vocabulary = { groups: [], attributes: [], sites: [site], channels: [], templates: [] };
  expect(offered("floor", vocabulary, { building: "Q" })).toEqual(["Level 9"]);
  expect(offered("floor", vocabulary)).toEqual(["Level 1", "Level 9"]);
});

test("undo and redo go back and forth, and an edit after undo forgets the future", () => {
  const to = (name: string): Document => withFlows(doc, [{ id: name }]);
  let h: History = { past: [], now: doc, future: [] };
  h = history(h, { type: "edit", to: to("1") });
  h = history(h, { type: "edit", to: to("2") });
  h = history(h, { type: "undo" });
  expect(h.now).toEqual(to("1"));
  expect(history(h, { type: "redo" }).now).toEqual(to("2"));
  h = history(h, { type: "edit", to: to("3") });
  expect(h.future).toEqual([]);
  h = history(history(history(h, { type: "undo" }), { type: "undo" }), { type: "undo" });
  expect(h.now).toBe(doc);
});

test("a pasted block lands where it was pasted, grows the sheet, and stops at its last column", () => {
  const block = pasted('oslo\tLevel 2\textra\r\n"New ""York"""\tGround\n');
  expect(block).toEqual([["oslo", "Level 2", "extra"], ['New "York"', "Ground"]]);
  expect(paste(doc.tables.places!, 1, 0, block).sheet.rows).toEqual([["london", "Level 4"], ["oslo", "Level 2"], ['New "York"', "Ground"]]);
  expect(paste(doc.tables.places!, 0, 1, block).sheet.rows).toEqual([["london", "oslo"], ["", 'New "York"']]);
});

test("a quoted cell keeps its tabs, quotes and lines together; a quote that nothing closes is text", () => {
  expect(pasted('a\t"x\ny"\tb\n"2"" desk\tnorth"\t"open\n')).toEqual([["a", "x y", "b"], ['2" desk\tnorth', '"open']]);
  expect(pasted("a\t\n\tb")).toEqual([["a", ""], ["", "b"]]);
});

test("a heading row sends its cells to the columns it names; what has no column is named, not dropped", () => {
  const sheet = doc.tables.places!;
  const done = paste(sheet, 1, 0, pasted("Floor\tSite\tCost center\nLevel 2\toslo\t77\n"), ["cost_center", "kind"]);
  expect(done.sheet).toEqual({ columns: ["site", "floor"], rows: [["london", "Level 4"], ["oslo", "Level 2"]] });
  expect([done.headed, done.left]).toEqual([true, { columns: 1, names: ["cost_center"] }]);
  const again = paste(done.left.names.reduce(withColumn, sheet), 1, 0, pasted("Floor\tSite\tCost center\nLevel 2\toslo\t77\n"), ["cost_center"]);
  expect(again.sheet.rows).toEqual([["london", "Level 4", ""], ["oslo", "Level 2", "77"]]);
  expect(again.left.columns).toBe(0);
});

test("columns beyond the last are counted, and a word that is also a column's name is a value where it stands", () => {
  expect(paste(doc.tables.places!, 0, 0, pasted("oslo\tLevel 2\textra\tmore\n"))).toMatchObject({ headed: false, left: { columns: 2, names: [] } });
  const lone = paste(doc.tables.places!, 0, 1, pasted("site\nfloor\n"));
  expect([lone.headed, lone.sheet.rows]).toEqual([false, [["london", "site"], ["", "floor"]]]);
});

test("rows and columns move with their cells; a short row is filled up", () => {
  const sheet = { columns: ["a", "b", "c"], rows: [["1", "2", "3"], ["4"], ["7", "8", "9"]] };
  expect(rowStepped(sheet, 2, "up").rows.map((row) => row[0])).toEqual(["1", "7", "4"]);
  expect(rowStepped(sheet, 0, "up").rows).toEqual(sheet.rows);
  expect(rowStepped(sheet, 0, "copy").rows.map((row) => row[0])).toEqual(["1", "1", "4", "7"]);
  expect(rowStepped(sheet, 0, "delete").rows).toEqual([["4"], ["7", "8", "9"]]);
  expect(columnStepped(sheet, 0, "right")).toEqual({ columns: ["b", "a", "c"], rows: [["2", "1", "3"], ["", "4", ""], ["8", "7", "9"]] });
  expect(columnStepped(sheet, 1, "delete")).toEqual({ columns: ["a", "c"], rows: [["1", "3"], ["4", ""], ["7", "9"]] });
  expect(withColumn(sheet, "d").rows[1]).toEqual(["4", "", "", ""]);
  expect(withColumn(sheet, "a")).toBe(sheet);
  expect(filledDown(sheet, 1, 2).rows[1]).toEqual(["4", "", "3"]);
  expect(filledDown(sheet, 0, 0)).toBe(sheet);
});

test("a table that something looks up in says by what", () => {
  expect(usersOf({ flow: [{ id: "a", look_up: "places" }, { id: "b" }], profile: { jobTitle: { look_up: "places" }, city: "city" } }, "places")).toEqual(["a", "jobTitle"]);
});

test("names nobody knows are shown with the nearest known ones", () => {
  const known = ["200 Hudson", "5 Bishopsgate", "Pier House"];
  expect(unknownIn("200 Hudsen | pier house", known)).toEqual([{ word: "200 Hudsen", nearest: ["200 Hudson"] }]);
  expect(unknownIn("", known)).toEqual([]);
  expect(unknownIn("anything", undefined)).toEqual([]);
  expect(nearest("zzzzzzzzzzzz", known)).toEqual([]);
});

test("ids stay unique, and moving keeps what is out of bounds where it is", () => {
  expect(freshId(doc, "A flow!")).toBe("a-flow");
  expect(freshId(doc, "a")).toBe("a-2");
  expect(moved([1, 2, 3], 0, 2)).toEqual([2, 3, 1]);
  expect(moved([1, 2], 0, -1)).toEqual([1, 2]);
});

test("floors stack from the top, whatever they are called", () => {
  const floor = (name: string) => ({ id: name, name, spaces: 0, capacity: 0, taken: 0, orphaned: 0, over_capacity: 0, sections: [] });
  expect(stacked(["Ground", "Level 2", "Basement 1", "Level 10", "Lobby"].map(floor)).map((f) => f.name)).toEqual(["Level 10", "Level 2", "Lobby", "Ground", "Basement 1"]);
});
