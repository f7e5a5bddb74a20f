import { expect, test } from "vitest";
import { asLeaveOut, countOut, isOut, leave, type Affected, type LeftOut } from "../src/screens/sealed/left_out";

const person = (user: string, loses: string[], gains: string[]): Affected => ({
  identity: { tenant: "northgate", user }, person: user, site: "hq", gains, loses, moves: [], changes: [], waits: [], no_longer: [],
  lines: Object.fromEntries([...loses, ...gains].map((text) => [text, [`key of ${text}`]])),
});
const ana = person("ana", ["- seat: 2.014"], ["+ seat: 3.001"]);
const bo = person("bo", ["- item: badge"], []);
const none: LeftOut = new Map();

test("one change that is left out leaves the person in, with the name of the change", () => {
  const out = leave(none, [ana], false, "- seat: 2.014");
  expect(isOut(out, ana)).toBe(false);
  expect(countOut(out)).toEqual({ people: 0, changes: 1, names: 1, spared: 1 });
  expect(asLeaveOut(out)).toEqual([{ tenant: "northgate", id: "ana", site: "hq", lines: ["key of - seat: 2.014"] }]);
});

test("whoever is left out altogether is named without changes, and taken in again is forgotten", () => {
  const out = leave(none, [ana, bo], false);
  expect(countOut(out)).toEqual({ people: 2, changes: 3, names: 3, spared: 2 });
  expect(asLeaveOut(out)).toEqual([{ tenant: "northgate", id: "ana", site: "hq" }, { tenant: "northgate", id: "bo", site: "hq" }]);
  const back = leave(out, [ana], true);
  expect(asLeaveOut(back)).toEqual([{ tenant: "northgate", id: "bo", site: "hq" }]);
  expect(leave(back, [bo], true).size).toBe(0);
});
