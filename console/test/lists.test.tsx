// Lists that say what they looked through, what is counted over whom, and which role an action needs.
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { open, OVERVIEW, PERSON, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] } };
const VIEWER = { ...SESSION, permits: ["see"], permits_everywhere: ["see"] };
const path = (url: URL) => url.searchParams;

test("the audit log asks for what people did, and does not call empty what was not looked at", async () => {
  const { sent } = open("/all/audit", {
    ...BASE, "GET /journal": { trees: [], damage: null },
    "GET /activity": (url: URL) => (path(url).get("cursor") ? { items: [{ seq: 2, at: "2026-11-23T11:00:00Z", tenant: "emea", kind: "finding", severity: "info", title: "put away: orphan", detail: "by olga" }], next: null } : { items: [], next: "900" }),
  });
  expect(await screen.findByText("Nothing among the newest lines")).toBeTruthy();
  expect(screen.queryByText("Nothing on record yet")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(await screen.findByText("put away: orphan")).toBeTruthy();
  expect(sent.some((s) => s.path.startsWith("/activity?people=true"))).toBe(true);
});

test("a role of some sites is not told that there is nobody while people were not looked through", async () => {
  open("/all/people", { ...BASE, "GET /people": (url: URL) => (path(url).get("cursor") ? { items: [PERSON], next: null } : { items: [], next: "0|x" }) });
  expect(await screen.findByText("Nobody of your sites so far")).toBeTruthy();
  expect(screen.queryByText("No people yet")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(await screen.findByRole("link", { name: "Ana Chen" })).toBeTruthy();
});

test("plans of other sites are passed over, and said to be", async () => {
  open("/all/plans", { ...BASE, "GET /plans": { items: [], next: "x|y" }, "GET /whatif": { items: [], next: null, total: 0 }, "GET /plans/reach": { since: "2026-11-23T11:00:00Z", whole: true, sites: [] } });
  expect(await screen.findByText("None of your sites among the newest plans")).toBeTruthy();
  expect(screen.queryByText("No plans yet")).toBeNull();
});

test("dead letters are paged by the server, tenant by tenant", async () => {
  const item = (id: string) => ({ identity: { tenant: "emea", id }, person: `Person ${id}`, error: "refused", fix: "rename it" });
  const { sent } = open("/emea/activity?show=problems", {
    ...BASE, "GET /messages": { items: [], next: null, total: 0 },
    "GET /dead-letters": (url: URL) => (path(url).get("cursor") ? { items: [item("3")], next: null, total: 3 } : { items: [item("1"), item("2")], next: "emea/2", total: 3 }),
  });
  expect(await screen.findByRole("button", { name: "Try these 2 again" })).toBeTruthy();
  expect(screen.getByText("3 people")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Show more of them" }));
  expect(await screen.findByText("Person 3")).toBeTruthy();
  expect(sent.find((s) => s.path.startsWith("/dead-letters"))!.path).toBe("/dead-letters?limit=50&tenant=emea");
});

test("every kind of finding can be chosen, however many there are", async () => {
  const kinds = Object.fromEntries(["orphan", "drift", "disputed", "doors", "visits", "todo", "hook"].map((kind, i) => [kind, 20 - i]));
  const { router } = open("/all/drift", { ...BASE, "GET /findings": { items: [], next: null, total: 98, kinds }, "GET /sweeps": { items: [], next: null, total: 0 } });
  const others = await screen.findByRole("combobox", { name: "Other kinds" });
  expect(within(others).getAllByRole("option").map((option) => option.textContent)).toEqual(["2 other kinds", "Todo 15", "Hook 14"]);
  await userEvent.selectOptions(others, "hook");
  await waitFor(() => expect(router.state.location.search).toMatchObject({ kind: "hook" }));
});

test("who may only look is told which role each action needs, and is offered none", async () => {
  const needs = [{ id: "todo:1", kind: "todo", severity: "warning", title: "Check Ana out", detail: "", since: "2026-11-23T11:00:00Z", fix: null, count: 1, closable: true }];
  open("/all/overview", { ...BASE, "GET /session": VIEWER, "GET /overview": { ...OVERVIEW, needs_person: needs } });
  expect(await screen.findByText("To stop all writes needs the role operator, for all tenants and sites")).toBeTruthy();
  expect(screen.getByText("To put it away needs the role operator")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^(Stop|Put away)/ })).toBeNull();
});

test("one tenant's overview is asked for by itself, while the frame goes on knowing all of them", async () => {
  const other = { ...OVERVIEW.tenants[0]!, id: "apac", name: "Acme APAC" };
  const all = { ...OVERVIEW, tenants: [OVERVIEW.tenants[0]!, other] };
  const own = { ...OVERVIEW, rates: { applied_24h: 7, failed_24h: 0, held: 0 } };
  const { sent } = open("/emea/overview", { ...BASE, "GET /overview": (url: URL) => (url.searchParams.get("tenant") === "emea" ? own : all) });
  const applied = (await screen.findByText("7")).closest("a")!;
  expect(applied.getAttribute("href")).toBe("/emea/activity?show=changes");
  await userEvent.click(screen.getByRole("button", { name: "Tenant: Acme EMEA" }));
  expect(await screen.findByText("Acme APAC")).toBeTruthy();
  expect(sent.filter((s) => s.path.startsWith("/overview")).map((s) => s.path)).toEqual(expect.arrayContaining(["/overview", "/overview?tenant=emea"]));
});

test("messages that were given up are shown with their reason, and tried again", async () => {
  const message = { id: "m1", route: "it", subject: "Ana Chen left", at: "2026-11-23T09:00:00Z", attempts: 12, sent_at: null, next: null, error: "550 no such box" };
  const { sent } = open("/all/activity?show=problems", { ...BASE, "GET /dead-letters": { items: [], next: null, total: 0 }, "GET /messages": { items: [message, { ...message, id: "m2", sent_at: message.at, error: null }], next: null, total: 2 }, "POST /messages/again": { again: 1 } });
  expect((await screen.findByText("Ana Chen left")).closest("li")!.textContent).toContain("by it, tried 12 times: 550 no such box");
  await userEvent.click(screen.getByRole("button", { name: "Try what was given up again" }));
  expect(await screen.findByText("1 message is tried again.")).toBeTruthy();
  expect(sent.some((s) => s.method === "POST" && s.path === "/messages/again")).toBe(true);
});

const request = (more: object) => ({
  id: "clr_1", kind: "approval", state: "waiting", over: false, tenant: "emea", identity: { tenant: "emea", id: "00u1" }, person: "Ana Chen", site: "london", rule: "desks", lines: [{ key: "seat", what: "+ seat: 3.001" }],
  plan: "pln_1", asked_at: "2026-11-23T11:00:00Z", until: null, whom: ["a role approver"], quorum: 1, votes: [], may_decide: true, why_not: null, ended: null, ...more,
});

test.each([
  ["what was declined by mistake is asked anew", { state: "declined" }, "Ask anew", { ids: ["clr_1"], say: "renew", reason: "the wrong Ana" }],
  ["a hold is released before its time", { kind: "hold", until: "2026-11-24T11:00:00Z" }, "Release now", { ids: ["clr_1"], say: "approve", reason: "the wrong Ana" }],
])("%s", async (_, more, name, body) => {
  const bodies: unknown[] = [];
  open(`/all/approvals?kind=${"kind" in more ? "hold" : "done"}&id=clr_1`, {
    ...BASE, "GET /approvals": { items: [request(more)], next: null, total: 1 }, "GET /approvals/clr_1": request(more), "GET /approvals/clr_1/context": { peers: [], seats: [] }, "GET /policy": { flows: [] }, "GET /delegations": { items: [] },
    "POST /approvals": (_: URL, init?: RequestInit) => {
      bodies.push(JSON.parse(String(init?.body)));
      return { items: [] };
    },
  });
  const button = await screen.findByRole("button", { name });
  await userEvent.type(within(button.closest("form")!).getByRole("textbox", { name: "Reason" }), "the wrong Ana");
  await userEvent.click(button);
  await waitFor(() => expect(bodies).toEqual([body]));
});

test("a draft is forgotten, with the tag it was seen at", async () => {
  let drafts = [{ id: "spring", etag: '"7"', based_on: 1, author: "bo", at: "2026-11-23T11:00:00Z", asked: null }];
  const { sent } = open("/all/policies", {
    ...BASE, "GET /policy": () => ({ in_force: null, running: { name: "Test", seal: "p1" }, drafts }), "GET /policy/versions": { versions: [], next: null, total: 0 },
    "DELETE /policy/drafts/spring": () => {
      drafts = [];
      return null;
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Forget draft spring" }));
  await userEvent.click(await screen.findByRole("button", { name: "Forget the draft" }));
  expect(await screen.findByText("No drafts")).toBeTruthy();
  expect(sent.find((s) => s.method === "DELETE")!.headers.get("if-match")).toBe('"7"');
});

test("an owner link is made, and shown once", async () => {
  open("/all/settings", { ...BASE, "GET /tokens": { items: [], next: null, total: 0 }, "GET /roles": { provider: null, items: [] }, "POST /owner-links": { path: "/sign-in?token=once", expires_at: "2026-11-23T12:15:00Z" } });
  await userEvent.click(await screen.findByRole("button", { name: "Make an owner link" }));
  expect(await screen.findByText(/\/sign-in\?token=once$/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.queryByText(/token=once/)).toBeNull();
});
