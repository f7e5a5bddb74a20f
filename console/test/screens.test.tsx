import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { open, OVERVIEW, PERSON, problem, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] } };

test("the overview tells 'nothing' from 'no data'", async () => {
  open("/all/overview", BASE);
  expect(await screen.findByText("Nothing needs a person")).toBeTruthy();
  expect(screen.getByText(/1,240 people by itself/)).toBeTruthy();
  expect(screen.getByText("nobody has left yet")).toBeTruthy();
  expect(await screen.findByText("none yet")).toBeTruthy();
  expect(screen.queryByText("A day in the life")).toBeNull();
});

test("what needs a person names its fix and leads to the person", async () => {
  const needs = [{ id: "n1", kind: "disputed", severity: "error", title: "Two accounts claim Ana Chen", detail: "Neither was touched.", identity: { tenant: "emea", id: "00u1" }, since: "2026-11-23T11:00:00Z", fix: "Deactivate one of the two.", count: 1 }];
  open("/all/overview", { ...BASE, "GET /overview": { ...OVERVIEW, needs_person: needs } });
  const title = await screen.findByText("Two accounts claim Ana Chen");
  const row = within(title.closest("li")!);
  expect(row.getByText("Deactivate one of the two.")).toBeTruthy();
  expect(row.getByText("60 min ago")).toBeTruthy();
  expect(row.getByRole("link").getAttribute("href")).toBe("/all/people/emea/00u1");
});

test("what a person may put away is put away with a reason, and nothing else is", async () => {
  const base = { severity: "warning", detail: "", since: "2026-11-23T11:00:00Z", count: 1 } as const;
  const needs = [
    { ...base, id: "todo:1", kind: "todo", title: "Check Ana Chen out", closable: true },
    { ...base, id: "cap:1", kind: "cap", title: "The limit is reached", closable: false },
  ];
  const bodies: string[] = [];
  open("/all/overview", {
    ...BASE,
    "GET /overview": { ...OVERVIEW, needs_person: needs },
    "POST /findings/close": (_: URL, init?: RequestInit) => {
      bodies.push(String(init?.body));
      return {};
    },
  });
  const buttons = await screen.findAllByRole("button", { name: /^Put away/ });
  expect(buttons.map((b) => b.getAttribute("aria-label"))).toEqual(["Put away: Check Ana Chen out"]);
  await userEvent.click(buttons[0]!);
  const dialog = within(await screen.findByRole("dialog"));
  const submit = dialog.getByRole("button", { name: "Put away" }) as HTMLButtonElement;
  expect(submit.disabled).toBe(true);
  await userEvent.type(dialog.getByRole("textbox", { name: /^Reason/ }), "done at the desk");
  await userEvent.type(dialog.getByRole("textbox", { name: /^Owner/ }), "Olga");
  await userEvent.type(dialog.getByLabelText(/^Until/), "2026-12-31");
  await userEvent.click(submit);
  await waitFor(() => expect(bodies).toEqual(['{"key":"todo:1","reason":"done at the desk","owner":"Olga","until":"2026-12-31T00:00:00Z"}']));
});

test("an overview that cannot be loaded says so in place, and Retry asks again", async () => {
  let broken = true;
  open("/all/overview", { ...BASE, "GET /overview": () => (broken ? problem(403, "Sign in first") : OVERVIEW) });
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Could not load the overview. Sign in first (403)");
  expect(alert.textContent).toContain("Nothing was changed");
  broken = false;
  await userEvent.click(within(alert).getByRole("button", { name: "Retry" }));
  expect(await screen.findByText("Nothing needs a person")).toBeTruthy();
});

test("stopping needs the typed word, carries the token, and renews an old token once", async () => {
  let token = "token-old";
  const app = open("/all/overview", {
    ...BASE,
    "GET /session": () => ({ ...SESSION, csrf: token }),
    "POST /stop": (_: URL, init?: RequestInit) => {
      const given = new Headers(init?.headers).get("x-lanyard-csrf");
      token = "token-new";
      return given === "token-new" ? {} : problem(403, "Old token");
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Stop all writes" }));
  const dialog = within(await screen.findByRole("dialog"));
  const button = dialog.getByRole("button", { name: "Stop all writes" }) as HTMLButtonElement;
  await userEvent.type(dialog.getByRole("textbox"), "sto");
  expect(button.disabled).toBe(true);
  await userEvent.type(dialog.getByRole("textbox"), "p");
  await userEvent.click(button);
  const stops = () => app.sent.filter((s) => s.path === "/stop").map((s) => s.headers.get("x-lanyard-csrf"));
  await waitFor(() => expect(stops()).toEqual(["token-old", "token-new"]));
});

test("without a session every screen says how to sign in", async () => {
  open("/all/plans", { ...BASE, "GET /session": () => problem(401, "you are not signed in"), "GET /sign-in": { provider: null, signed_in: false } });
  expect(await screen.findByText("You are not signed in")).toBeTruthy();
  expect(screen.getByText("lanyard sign-in")).toBeTruthy();
});

test("with an identity provider, signing in leads back to where one was", async () => {
  open("/all/plans", { ...BASE, "GET /session": () => problem(401, "you are not signed in"), "GET /sign-in": { provider: "acme.okta.com", signed_in: false } });
  const link = await screen.findByRole("link", { name: "Sign in with acme.okta.com" });
  expect(link.getAttribute("href")).toBe("/sign-in/provider?to=%2Fall%2Fplans");
});

test("searching people puts the search into the address and asks the server", async () => {
  const app = open("/emea/people", {
    ...BASE,
    "GET /people": (url: URL) => (url.searchParams.get("search") ? { items: [], total: 0 } : { items: [PERSON], total: 1 }),
  });
  expect((await screen.findByRole("link", { name: "Ana Chen" })).getAttribute("href")).toBe("/emea/people/emea/00u1");
  await userEvent.type(screen.getByRole("textbox", { name: "Search people" }), "zzz");
  expect(await screen.findByText("Nobody fits “zzz”")).toBeTruthy();
  expect(app.router.state.location.search).toEqual({ q: "zzz" });
  expect(app.sent.some((s) => s.path === "/people?search=zzz&tenant=emea&limit=50")).toBe(true);
  await userEvent.click(screen.getByRole("button", { name: "Clear the search" }));
  expect(await screen.findByRole("link", { name: "Ana Chen" })).toBeTruthy();
});

test("a plan shows what is taken away first, with its reason", async () => {
  open("/all/plans/pln_1", {
    ...BASE,
    "GET /plans/pln_1": {
      id: "pln_1", at: "2026-11-23T11:00:00Z", tenant: "emea", identity: { tenant: "emea", id: "00u1" }, person: "Ana Chen", lane: "routine",
      operations: [{ id: "op-1", step: 1, operation: { op: "set_roles" }, at: "2026-11-23T11:00:01Z", outcome: { at: "2026-11-23T11:00:02Z", outcome: { outcome: "refused" } } }],
      steps: [
        { symbol: "+", what: "Permission in Reservations", detail: "", because: ["building of the seat"] },
        { symbol: "-", what: "Permission in Sales", detail: "", because: ["no group names it"] },
      ],
    },
  });
  await screen.findByRole("heading", { name: "Plan for Ana Chen" });
  expect(screen.getAllByRole("heading", { level: 2 }).map((h) => h.textContent)).toEqual(["Taken back", "Added", "What was sent"]);
  const sent = within(screen.getByText("Set roles").closest("tr")!);
  expect(sent.getByText("Refused")).toBeTruthy();
  expect(screen.getByText("no group names it")).toBeTruthy();
  expect(screen.getByText("1 remove")).toBeTruthy();
  expect(screen.getByText("0 held")).toBeTruthy();
});

test("the story folds what went as expected and shows what did not", async () => {
  const item = (title: string, ok: boolean | null, state: string) => ({ at: "2026-11-23T10:00:00Z", title, detail: "", people: [], state, expects: [{ text: `${title} expected`, ok }] });
  open("/all/story", {
    ...BASE,
    "GET /overview": { ...OVERVIEW, mode: "demo" },
    "GET /demo": { clock: "2026-11-23T12:00:00Z", speed: 60, story: [item("Joiners", true, "done"), item("Termination", false, "done"), item("Storm", null, "upcoming")] },
  });
  expect(await screen.findByText("1 of 1 as expected")).toBeTruthy();
  expect(screen.getByRole("img", { name: "Done, not as expected" })).toBeTruthy();
  expect(screen.getByRole("img", { name: "Not seen" })).toBeTruthy();
  expect(screen.queryByText("Storm expected")).toBeNull();
  expect(screen.getByText(/60× as fast as yours/)).toBeTruthy();
});

test("keys: g then e opens People, Escape on a person goes back", async () => {
  const detail = { person: { ...PERSON, groups: [], profile: [["title", "Researcher"]] }, account: null, desired: { lifecycle: "employee", items: [], not_given: [], review_at: null }, timeline: [] };
  const app = open("/all/overview", { ...BASE, "GET /people": { items: [PERSON], total: 1 }, "GET /people/emea/00u1": detail });
  await screen.findByText("Nothing needs a person");
  await userEvent.keyboard("ge");
  await screen.findByRole("link", { name: "Ana Chen" });
  await userEvent.keyboard("j{Enter}");
  expect(await screen.findByRole("heading", { name: "Ana Chen" })).toBeTruthy();
  expect(screen.getByText("no seat")).toBeTruthy();
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(app.router.state.location.pathname).toBe("/all/people"));
  await waitFor(() => expect(document.activeElement?.textContent).toBe("Ana Chen"));
});
