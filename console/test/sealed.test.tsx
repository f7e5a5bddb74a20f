import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { open, OVERVIEW, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] } };
const HEAD = { seal: "wif_1", of: null, policy: "harborlight", draft: "d1", at: "2026-11-23T11:00:00Z", state: "open", people: 2, lines: 3, left_out: 0, started_at: null, ended_at: null };
const person = (user: string, name: string, loses: string[], gains: string[]) => ({
  identity: { tenant: "emea", user }, person: name, site: "london", gains, loses, moves: [], changes: [], waits: [], no_longer: [], left_out: [],
  lines: Object.fromEntries([...loses, ...gains].map((text) => [text, [`key ${text}`]])),
  because: Object.fromEntries([...loses, ...gains].map((text) => [text, ["zone: department is Design"]])),
});
const SHOWN = {
  seal: null, draft: "d", draft_seal: "d1", in_force_seal: "p1", at: HEAD.at, people: [], reasons: [], shown: 2,
  totals: { people: 1240, affected: 2, gain: 1, lose: 2, move: 0, change: 0, wait: 0 }, floors: [], bookings_cancelled_for: 0, bookings_known: 0, approvals: {},
  cost: [{ site: "london", ioffice_calls: 9, okta_calls: 4, minutes: 1, removals: 2, removals_max: 1 }],
  unmatched: [], disputed: [], out_of_scope: [], aside: [], rules: { dead: [], shadowed: [], idle_rows: [] }, doubts: [],
};
const PROGRESS = { seal: "wif_1", started_at: null, ended_at: null, people: 2, left_out: 0, lines: 3, to_look: 0, to_try_again: 0 };
const plan = (more: object = {}) => ({ head: HEAD, progress: PROGRESS, shown: SHOWN, report: null, roll_out: null, second_person: false, ...more });
const PEOPLE = { items: [person("00u1", "Ana Chen", ["- seat: 2.014"], ["+ seat: 3.001"]), person("00u2", "Bo Reed", ["- item: badge"], [])], next: null };

test("a sealed plan tells its reach, why, and applies without what is left out", async () => {
  const bodies: string[] = [];
  open("/all/plans/wif_1", {
    ...BASE, "GET /whatif/wif_1/plan": plan(), "GET /whatif/wif_1/people": PEOPLE,
    "POST /whatif/wif_1/apply": (_: URL, init?: RequestInit) => {
      bodies.push(String(init?.body));
      return { seal: "wif_2", state: "applying" };
    },
    "GET /whatif/wif_2/plan": plan(), "GET /whatif/wif_2/people": PEOPLE,
  });
  expect(await screen.findByText("over the limit: it would wait for a decision")).toBeTruthy();
  expect((await screen.findAllByText("zone: department is Design")).length).toBe(3);
  await userEvent.click(screen.getByRole("checkbox", { name: "- seat: 2.014 for Ana Chen" }));
  await userEvent.click(screen.getByRole("checkbox", { name: "Apply for Bo Reed" }));
  expect(screen.getByText(/2 changes left out, of 1 person all/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Apply exactly this" }));
  const dialog = within(await screen.findByRole("dialog"));
  // What takes nothing away any more does not say so.
  await userEvent.click(dialog.getByRole("button", { name: "Apply for 1 person" }));
  await waitFor(() => expect(bodies.map((body) => JSON.parse(body))).toEqual([{ leave_out: [{ tenant: "emea", id: "00u1", site: "london", lines: ["key - seat: 2.014"] }, { tenant: "emea", id: "00u2", site: "london" }] }]));
});

test("a plan that another policy overtook cannot be applied, and one under way shows how far it is", async () => {
  open("/all/plans/wif_1", { ...BASE, "GET /whatif/wif_1/plan": plan({ head: { ...HEAD, state: "outdated" } }), "GET /whatif/wif_1/people": PEOPLE });
  expect(await screen.findByText("another policy is in force now")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Apply exactly this" })).toBeNull();
});

test("a plan that is being applied shows how far it is, and can be stopped", async () => {
  open("/all/plans/wif_1", { ...BASE, "GET /whatif/wif_1/plan": plan({ head: { ...HEAD, state: "applying" } }), "GET /whatif/wif_1/people": PEOPLE, "GET /whatif/wif_1": { ...PROGRESS, to_look: 1, started_at: HEAD.at } });
  const bar = await screen.findByRole("progressbar", { name: "People looked at" });
  expect([bar.getAttribute("aria-valuenow"), bar.getAttribute("aria-valuemax")]).toEqual(["1", "2"]);
  expect(screen.getByText("1 of 2 looked at")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Stop all writes" })).toBeTruthy();
  expect((screen.getByRole("button", { name: "Say what became of it" }) as HTMLButtonElement).disabled).toBe(true);
});

test("whoever asks what became of it is answered also when somebody has to be looked at once more first", async () => {
  let asked = 0;
  const still = { status: 409, code: "still_looking", title: "1 people are still to be looked at: what became of them is not known yet" };
  const report = { seal: "wif_1", people: 2, lines: 2, done: 2, refused: [], moved: [] };
  open("/all/plans/wif_1", {
    ...BASE, "GET /whatif/wif_1/plan": plan({ head: { ...HEAD, state: "applying" } }), "GET /whatif/wif_1/people": PEOPLE, "GET /whatif/wif_1": { ...PROGRESS, to_look: 0, started_at: HEAD.at },
    "POST /whatif/wif_1/finish": () => ((asked += 1) > 1 ? report : new Response(JSON.stringify(still), { status: 409 })),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Say what became of it" }));
  expect(await screen.findByText("2 of 2 changes made", undefined, { timeout: 5_000 })).toBeTruthy();
  expect(asked).toBe(2);
  expect(screen.queryByText(/^Not said/)).toBeNull();
});

test("a line of the activity opens its steps, its fields, and what to do next", async () => {
  const line = { seq: 7, at: "2026-11-23T11:59:00Z", tenant: "emea", site: "london", identity: { tenant: "emea", id: "00u1" }, person: "Ana Chen", kind: "operation", title: "update: refused", detail: "~ title", severity: "warning", data: { plan: "pln_1", ms: 212 } };
  const plan = { id: "pln_1", at: line.at, tenant: "emea", site: "london", identity: line.identity, person: "Ana Chen", lane: "normal", summary: { add: 0, change: 1, remove: 0, move: 0, held: 0 }, steps: [{ symbol: "~", what: "jobTitle", detail: "", from: "Researcher", to: "Lead", because: ["profile: title is Lead"], gate: null }], notes: [], operations: [], ending: null, policy: "p1" };
  open("/all/activity", {
    ...BASE, "GET /activity": { items: [line], next: null },
    "GET /activity/emea/7": { line, trail: [{ ...line, seq: 6, kind: "plan", title: "planned: 1 changed", severity: "info" }, line], raised: { at: "2026-11-23T11:58:57Z", source: "hook" }, plan, next: [{ code: "refused", text: "The site refused it and would again: too long", fix: "Shorten the title in Okta", at: null, approval: null }] },
  });
  await userEvent.click(await screen.findByRole("button", { name: /^Details: profile not written: refused/ }));
  expect(await screen.findByText("planned: 1 changed")).toBeTruthy();
  expect(screen.getByText("Attention raised by Okta's event hook")).toBeTruthy();
  await userEvent.click(screen.getByRole("radio", { name: "Changed fields" }));
  expect(within(screen.getByRole("table")).getByText("Lead")).toBeTruthy();
  expect(screen.getByText("profile: title is Lead")).toBeTruthy();
  await userEvent.click(screen.getByRole("radio", { name: "What to do next" }));
  expect(screen.getByText("Shorten the title in Okta")).toBeTruthy();
});

test("the overview tells how each environment stands, how far behind it is, and how full a quota is", async () => {
  open("/all/overview", BASE);
  const table = within(await screen.findByRole("region", { name: "Table of environments" }));
  expect(table.getByText("throttled")).toBeTruthy();
  expect(table.getByText("840 ms")).toBeTruthy();
  expect(table.getByText("3.9 s")).toBeTruthy();
  const meter = screen.getByRole("meter", { name: "Quota of users" });
  expect([meter.getAttribute("aria-valuenow"), meter.getAttribute("data-fill")]).toEqual(["450", "held"]);
});

test("whom a sealed plan shows is in its address", async () => {
  const { sent } = open("/all/plans/wif_1?kind=loses&q=Bo", { ...BASE, "GET /whatif/wif_1/plan": plan(), "GET /whatif/wif_1/people": PEOPLE });
  expect(((await screen.findByRole("textbox", { name: "Find among those affected" })) as HTMLInputElement).value).toBe("Bo");
  await waitFor(() => expect(sent.some((s) => s.path === "/whatif/wif_1/people?limit=50&kind=loses&search=Bo")).toBe(true));
});
