// What is written is not lost: at the end of a session, by a key, beside another's draft; and what is chosen is in the address.
import { readFileSync } from "node:fs";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { besideName } from "../src/screens/policy/Conflict";
import { selectedBy, stepName } from "../src/screens/policy/whereabouts";
import { queryClient } from "../src/queries";
import { DETAIL } from "../src/shell/Shortcuts";
import { keep } from "../src/ui/kept";
import { open, OVERVIEW, problem, SESSION } from "./app";

afterEach(() => localStorage.clear());

const schema = JSON.parse(readFileSync("../crates/policy/src/policy.schema.json", "utf8"));
const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] } };
const RULES = { format: 1, name: "Test", flow: [{ id: "a", sentence: "First.", if: [{ group: "EXEC" }, { group: "OPS" }] }, { id: "b", sentence: "Second." }] };
const DOCUMENT = { rules: RULES, tables: { places: { columns: ["site"], rows: [["hq"]] }, teams: { columns: ["group"], rows: [["EXEC"]] } } };
const CONTENT = { id: "spring", etag: '"1"', based_on: 1, author: "ana", at: "2026-11-23T11:00:00Z", asked: null, source: {}, document: DOCUMENT, problems: [{ severity: "error", message: "odd team", path: "/tables/teams" }] };
const POLICY = { ...BASE, "GET /policy": { in_force: null, running: {}, drafts: [], second_person: false, applying: null }, "GET /policy/schema": schema, "GET /policy/drafts/spring": CONTENT, "PUT /policy/drafts/spring": { ...CONTENT, etag: '"2"', problems: [] } };

test("a page waits behind while nobody is signed in, with what was typed into it, secrets too", async () => {
  let over = false;
  open("/all/connections/new?kind=okta", {
    ...BASE, "GET /sign-in": { provider: "acme.okta.com", signed_in: false },
    "GET /session": () => (over ? problem(401, "the session is over") : SESSION),
    "POST /connections/probe": () => problem(401, "the session is over"),
  });
  await userEvent.type(await screen.findByRole("textbox", { name: /^Client id/ }), "0oa1");
  await userEvent.type(screen.getByRole("textbox", { name: /^Private key/ }), "secret");
  over = true;
  await act(() => queryClient.invalidateQueries({ queryKey: ["session"] }));
  const dialog = within(await screen.findByRole("dialog", { name: "Your session is over" }));
  const link = await dialog.findByRole("link", { name: "Sign in with acme.okta.com" });
  expect([link.getAttribute("href"), link.getAttribute("target")]).toEqual(["/sign-in/provider?to=%2Fsign-in", "_blank"]);
  expect(dialog.getByText("This page waits behind, with what you were writing.")).toBeTruthy();
  over = false;
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull(), { timeout: 8_000 });
  expect((screen.getByRole("textbox", { name: /^Client id/ }) as HTMLInputElement).value).toBe("0oa1");
  expect((screen.getByRole("textbox", { name: /^Private key/ }) as HTMLTextAreaElement).value).toBe("secret");
  expect(JSON.stringify(localStorage)).not.toContain("secret");
});

test("a draft that could not be kept while nobody was signed in is sent by itself afterwards", async () => {
  let over = false;
  const kept: string[] = [];
  open("/all/policies/spring?flow=0", {
    ...POLICY, "GET /sign-in": { provider: null, signed_in: false },
    "GET /session": () => (over ? problem(401, "the session is over") : SESSION),
    "PUT /policy/drafts/spring": (_: URL, init?: RequestInit) => {
      if (over) return problem(401, "the session is over");
      kept.push(JSON.parse(String(init?.body)).document.rules.flow[0].sentence);
      return { ...CONTENT, etag: '"2"', problems: [] };
    },
  });
  const sentence = await screen.findByRole("textbox", { name: "Sentence" });
  over = true;
  fireEvent.change(sentence, { target: { value: "Written after the end." } });
  await screen.findByText("only in this browser");
  await act(() => queryClient.invalidateQueries({ queryKey: ["session"] }));
  await screen.findByRole("dialog", { name: "Your session is over" });
  over = false;
  await waitFor(() => expect(kept).toEqual(["Written after the end."]), { timeout: 12_000 });
});

test("whoever opens a link without a session comes back to all of it: tab, filter, chosen row", async () => {
  open("/all/approvals?kind=hold&id=clr_9", { ...BASE, "GET /session": () => problem(401, "you are not signed in"), "GET /sign-in": { provider: "acme.okta.com", signed_in: false } });
  const link = await screen.findByRole("link", { name: "Sign in with acme.okta.com" });
  expect(decodeURIComponent(link.getAttribute("href")!)).toBe("/sign-in/provider?to=/all/approvals?kind=hold&id=clr_9");
});

test("Ctrl Z in a dialog takes back its own text, not the document behind it", async () => {
  open("/all/policies/spring?flow=0", { ...POLICY, "GET /policy/drafts/spring": { ...CONTENT, problems: [] }, "GET /policy/diff": { changes: [] } });
  const sentence = (await screen.findByRole("textbox", { name: "Sentence" })) as HTMLTextAreaElement;
  fireEvent.change(sentence, { target: { value: "Changed." } });
  const publish = await screen.findByRole("button", { name: "Publish" });
  await waitFor(() => expect((publish as HTMLButtonElement).disabled).toBe(false), { timeout: 8_000 });
  await userEvent.click(publish);
  const why = within(await screen.findByRole("dialog")).getByRole("textbox", { name: /^Why/ });
  expect(fireEvent.keyDown(why, { key: "z", ctrlKey: true })).toBe(true);
  expect(sentence.value).toBe("Changed.");
  // In a field of the document it is the document's.
  expect(fireEvent.keyDown(sentence, { key: "z", ctrlKey: true })).toBe(false);
  await waitFor(() => expect(sentence.value).toBe("First."));
});

test("Esc goes back from what is read only, not from what is written", () => {
  const back = ["/all/people/emea/00u1", "/all/plans/pln_1", "/all/places/london/4", "/all/reviews/rev_1", "/all/connections/london"];
  expect(back.filter((path) => !DETAIL.test(path))).toEqual([]);
  const stay = ["/all/undo", "/all/evidence/access", "/all/connections/new", "/all/policies/spring", "/all/plans/wif_1", "/all/templates/joiner", "/all/people"];
  expect(stay.filter((path) => DETAIL.test(path))).toEqual([]);
});

test("mine beside theirs finds a free name, also where one is taken and where the name is long", async () => {
  expect(besideName("spring", 1)).toBe("spring-mine");
  expect(besideName("spring-mine", 2)).toBe("spring-mine-2");
  expect(besideName("x".repeat(64), 3)).toBe(`${"x".repeat(57)}-mine-3`);
  const { sent, router } = open("/all/policies/spring?flow=0", {
    ...POLICY,
    "PUT /policy/drafts/spring": () => problem(412, "changed meanwhile"),
    "PUT /policy/drafts/spring-mine": () => problem(412, "there is one"),
    "PUT /policy/drafts/spring-mine-2": { ...CONTENT, id: "spring-mine-2" },
    "GET /policy/drafts/spring-mine-2": { ...CONTENT, id: "spring-mine-2" },
  });
  fireEvent.change(await screen.findByRole("textbox", { name: "Sentence" }), { target: { value: "Mine." } });
  await userEvent.click(await screen.findByRole("button", { name: "Keep mine beside it" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/all/policies/spring-mine-2"), { timeout: 8_000 });
  expect(sent.filter((s) => s.path.includes("-mine") && s.method === "PUT").map((s) => s.path)).toEqual(["/policy/drafts/spring-mine", "/policy/drafts/spring-mine-2"]);
});

test("mine that cannot be kept says why", async () => {
  open("/all/policies/spring?flow=0", { ...POLICY, "PUT /policy/drafts/spring": () => problem(412, "changed meanwhile"), "PUT /policy/drafts/spring-mine": () => problem(507, "the disk is full") });
  fireEvent.change(await screen.findByRole("textbox", { name: "Sentence" }), { target: { value: "Mine." } });
  await userEvent.click(await screen.findByRole("button", { name: "Keep mine beside it" }));
  expect((await screen.findByText("Yours was not kept on the server:")).parentElement!.textContent).toContain("the disk is full");
});

test("a trial on a policy that is in force no more starts afresh, and a trial is discarded", async () => {
  let seal = "p1";
  const trial = () => open("/all/templates/deactivation?view=ground&section=guardrails", { ...POLICY, "GET /policy/versions/published": () => ({ version: 1, name: "Test", seal, document: { ...DOCUMENT, rules: { ...RULES, guardrails: { max_people: seal === "p1" ? 10 : 30 } } }, source: {} }), "POST /policy/lint": { ok: true } });
  trial();
  const most = () => screen.findByLabelText("People at most") as Promise<HTMLInputElement>;
  fireEvent.change(await most(), { target: { value: "11" } });
  await waitFor(() => expect(Object.keys(localStorage).filter((key) => key.includes("trial"))).toEqual([expect.stringMatching(/ on p1$/)]));
  await userEvent.click(screen.getByRole("button", { name: "Discard" }));
  await waitFor(async () => expect((await most()).value).toBe("10"));
  fireEvent.change(await most(), { target: { value: "12" } });
  await waitFor(() => expect(JSON.stringify(localStorage)).toContain("12"));
  document.body.innerHTML = "";
  queryClient.clear();
  seal = "p2";
  trial();
  expect((await most()).value).toBe("30");
  expect(Object.keys(localStorage).filter((key) => key.includes("trial"))).toEqual([]);
});

test("what is selected in a draft is in its address, and a mistake in a table leads to that table", async () => {
  const { router } = open("/all/policies/spring?flow=0&step=if.1", POLICY);
  expect(await screen.findByDisplayValue("OPS")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Show: odd team" }));
  await waitFor(() => expect(router.state.location.search).toMatchObject({ view: "table", table: "teams" }));
  expect(screen.getByRole("table", { name: "Table teams" })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Everybody in scope" }));
  await waitFor(() => expect(router.state.location.search).toMatchObject({ flow: 1, table: "teams" }));
});

test("an address names a step, and one that is gone selects the flow", () => {
  const doc = DOCUMENT as never;
  expect(stepName({ kind: "if", at: 1 })).toBe("if.1");
  expect(selectedBy(doc, 0, "if.1")).toEqual({ flow: 0, step: { kind: "if", at: 1 } });
  expect(selectedBy(doc, 0, "if.7")).toEqual({ flow: 0, step: { kind: "flow" } });
  expect(selectedBy(doc, 0, "nonsense")).toEqual({ flow: 0, step: { kind: "flow" } });
  expect(selectedBy(doc, 9, undefined)).toBeUndefined();
});

test("a browser without room keeps nothing, and the page goes on", () => {
  localStorage.setItem("a", "old");
  const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  keep("a", "new");
  full.mockRestore();
  expect(localStorage.getItem("a")).toBeNull();
});
