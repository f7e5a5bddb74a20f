import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { numbered, readBack, scopeOf, summed, type TakenBack } from "../src/screens/undo/scope";
import { open, OVERVIEW, PERSON, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] } };
const step = (symbol: "+" | "-", what: string) => ({ symbol, what, detail: "", from: null, to: null, because: ["undone"], gate: null });
const back = (more: Partial<TakenBack> = {}): TakenBack => ({
  identity: { tenant: "emea", user: "00u1" }, person: "Ana Chen", site: "london", plan: { id: "undo_pln_9" }, steps: [step("-", "seat"), step("+", "role in Desks")],
  lost: ["the booking of 3 Dec gets another number"], moved: ["jobTitle: Lead since"], already: [], keep_away: [{ key: "seat", what: "+ seat: 2.014" }], operations: 3, ...more,
});
const PLAN = { id: "pln_1", at: "2026-11-23T11:00:00Z", tenant: "emea", site: "london", identity: { tenant: "emea", id: "00u1" }, person: "Ana Chen", lane: "normal", summary: { add: 1, change: 0, remove: 0, move: 0, held: 0 }, steps: [step("+", "seat")], notes: [], ending: null, policy: "p1" };
const operation = (id: string, at: string, op: string, outcome: string) => ({ id, step: 0, operation: { op }, at, outcome: { outcome: { outcome } } });

test("an address says what is to be taken back, or not enough yet", () => {
  const check = (search: Parameters<typeof scopeOf>[0], expected: unknown) => expect(scopeOf(search)).toEqual(expected);
  check({}, undefined);
  check({ plan: "pln_1" }, { plan: "pln_1" });
  check({ plan: "pln_1", operation: 2 }, { plan: "pln_1", step: 2 });
  check({ seal: "wif_1", since: "2026-11-23T11:00:00Z" }, { seal: "wif_1" });
  check({ home: "emea", id: "00u1" }, undefined);
  check({ home: "emea", id: "00u1", since: "2026-11-23T11:00:00Z" }, { identity: { tenant: "emea", id: "00u1" }, since: "2026-11-23T11:00:00Z" });
  check({ until: "2026-11-23T11:00:00Z" }, undefined);
  check({ since: "2026-11-23T10:00:00Z", until: "2026-11-23T11:00:00Z" }, { since: "2026-11-23T10:00:00Z", until: "2026-11-23T11:00:00Z" });
});

test("operations are numbered in the order in which they were sent", () => {
  const sent = numbered([{ id: "c", at: "2026-11-23T11:00:07.5Z" }, { id: "b", at: "2026-11-23T11:00:07Z" }, { id: "a", at: "2026-11-23T11:00:07Z" }, { id: "d", at: "2026-11-23T11:00:07.49Z" }]);
  expect([...sent]).toEqual([["a", 1], ["b", 2], ["d", 3], ["c", 4]]);
});

test("a person in two sites is one person, and what is read back different is open", () => {
  expect(summed([back(), back({ site: "paris", steps: [], lost: [], moved: [], operations: 1 })])).toEqual({ people: 1, operations: 4, steps: 2, takes: 1, lost: 1, moved: 1 });
  expect([readBack(back({ open: [] })), readBack(back({ open: ["~ seat"] }))]).toEqual(["so", "open"]);
});

test("a plan is taken back after what it means was shown, with a reason, and its result leads to the journal", async () => {
  const bodies: unknown[] = [];
  open("/all/undo?plan=pln_1", {
    ...BASE, "GET /plans/pln_1": PLAN,
    "POST /undo": (_: URL, init?: RequestInit) => {
      const asked = JSON.parse(String(init?.body));
      bodies.push(asked);
      return { applied: asked.apply === true, people: [back(asked.apply ? { open: [] } : {})] };
    },
  });
  expect(await screen.findByText("the booking of 3 Dec gets another number")).toBeTruthy();
  expect(screen.getByText("jobTitle: Lead since")).toBeTruthy();
  expect(screen.getByText(/\+ seat: 2.014: the policy does not do it again by itself/)).toBeTruthy();
  const button = screen.getByRole("button", { name: "Take back 2 steps for Ana Chen" }) as HTMLButtonElement;
  expect(button.disabled).toBe(true);
  expect(bodies).toEqual([{ plan: "pln_1" }]);
  await userEvent.type(screen.getByRole("textbox", { name: "Reason" }), "wrong floor");
  await userEvent.click(button);
  expect(await screen.findByText("taken back, and read back")).toBeTruthy();
  expect(bodies[1]).toEqual({ plan: "pln_1", apply: true, reason: "wrong floor" });
  expect(screen.getByRole("link", { name: "Timeline of Ana Chen" }).getAttribute("href")).toBe("/all/people/emea/00u1?tab=timeline");
  expect(screen.getByRole("link", { name: "What was sent" }).getAttribute("href")).toBe("/all/plans/undo_pln_9");
});

test("a stretch of time is confirmed by typing, and what is still different is said", async () => {
  open("/all/undo?since=2026-11-23T11%3A00%3A00Z", {
    ...BASE,
    "POST /undo": (_: URL, init?: RequestInit) => (JSON.parse(String(init?.body)).apply ? { applied: true, people: [back({ open: ["~ seat: 2.014"] }), back({ identity: { tenant: "emea", user: "00u2" }, person: "Bo Reed", open: [] })] } : { applied: false, people: [back(), back({ identity: { tenant: "emea", user: "00u2" }, person: "Bo Reed" })] }),
  });
  const button = (await screen.findByRole("button", { name: "Take back 4 steps for 2 people" })) as HTMLButtonElement;
  await userEvent.type(screen.getByRole("textbox", { name: "Reason" }), "a mistake");
  expect(button.disabled).toBe(true);
  await userEvent.type(screen.getByRole("textbox", { name: "Type take back to confirm" }), "take back");
  await userEvent.click(button);
  expect(await screen.findByText("1 of 2 not as before")).toBeTruthy();
  expect(screen.getByText("~ seat: 2.014")).toBeTruthy();
});

test("a refusal says that it was not taken back, and keeps the reason", async () => {
  let asked = 0;
  open("/all/undo?seal=wif_1", { ...BASE, "POST /undo": () => (++asked === 1 ? { applied: false, people: [back()] } : new Response(JSON.stringify({ title: "london is not signed off yet: nothing is written to it", status: 409 }), { status: 409 })) });
  await userEvent.type(await screen.findByRole("textbox", { name: "Reason" }), "wrong floor");
  await userEvent.click(screen.getByRole("button", { name: /^Take back 2 steps/ }));
  expect((await screen.findByRole("alert")).textContent).toContain("It was not taken back, or not for everybody. london is not signed off yet");
  expect((screen.getByRole("textbox", { name: "Reason" }) as HTMLTextAreaElement).value).toBe("wrong floor");
});

test("of a person it is asked since when, and the answer is in the address", async () => {
  const { router, sent } = open("/all/undo?home=emea&id=00u1", { ...BASE, "GET /people/emea/00u1": { person: { ...PERSON, profile: [], groups: [] } }, "POST /undo": { applied: false, people: [] } });
  expect(await screen.findByText(/Say from when on/)).toBeTruthy();
  expect(sent.some((one) => one.path === "/undo")).toBe(false);
  await userEvent.click(screen.getByRole("button", { name: "1 day" }));
  expect(await screen.findByText("Nothing was done there")).toBeTruthy();
  expect(router.state.location.search).toMatchObject({ home: "emea", id: "00u1", since: expect.stringContaining("2026-11-22T12:00") });
});

test("a plan offers itself and each accepted operation, and whoever is no owner learns whose role that needs", async () => {
  const plan = { ...PLAN, operations: [operation("op_b", "2026-11-23T11:00:08Z", "set_roles", "done"), operation("op_a", "2026-11-23T11:00:07Z", "create", "done"), operation("op_c", "2026-11-23T11:00:09Z", "update", "refused")] };
  open("/all/plans/pln_1", { ...BASE, "GET /plans/pln_1": plan });
  expect((await screen.findByRole("link", { name: "Take back…" })).getAttribute("href")).toBe("/all/undo?plan=pln_1");
  const one = within(screen.getByRole("table")).getAllByRole("link").map((link) => link.getAttribute("href"));
  expect(one).toEqual(["/all/undo?plan=pln_1&operation=2", "/all/undo?plan=pln_1&operation=1"]);
});

test("without the role the screen says which one it needs, and asks nothing", async () => {
  const { sent } = open("/all/undo?plan=pln_1", { ...BASE, "GET /session": { ...SESSION, permits: ["see"], permits_everywhere: ["see"] } });
  expect(await screen.findByText("This needs the role owner, for all tenants and sites")).toBeTruthy();
  await waitFor(() => expect(sent.some((one) => one.path === "/undo")).toBe(false));
});
