import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { onTop } from "../src/screens/policy/merge";
import type { Document } from "../src/screens/policy/model";
import { open, OVERVIEW, SESSION } from "./app";

const document = (people: number, percent = 20, flows = [{ id: "rooms", sentence: "Rooms." }]): Document => ({ rules: { guardrails: { max_people: people, max_percent: percent }, flow: flows }, tables: {} });
const SCHEMA = { properties: { guardrails: { type: "object", properties: { max_people: { type: "integer" }, max_percent: { type: "integer" } } } }, definitions: {} };
const draft = (etag: number, doc: Document, more: object = {}) => ({ id: "spring", etag: `"${etag}"`, based_on: 3, back_to: null, author: "bo", at: "2026-11-23T11:00:00Z", asked: null, source: {}, document: doc, problems: [], ...more });
const policy = (version: number, more: object = {}, head: object = {}) => ({ in_force: { version, name: "Test", seal: `p${version}` }, running: {}, flows: [], second_person: false, applying: null, drafts: [{ ...draft(7, document(10)), document: undefined, ...head }], ...more });

beforeEach(() => localStorage.clear());

interface Put { document: Document; based_on?: number }
function edit(path: string, answers: Record<string, unknown>) {
  const kept: { match: string | null; body: Put }[] = [];
  const published: { reason: string; expected: number | null }[] = [];
  open(path, {
    "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /policy/schema": SCHEMA, "GET /policy": policy(3), "GET /policy/diff": { changes: ["People at most is now 10."] }, "GET /policy/versions": { versions: [], next: null, total: 0 },
    "PUT /policy/drafts/spring": (_: URL, init?: RequestInit) => {
      const body = JSON.parse(String(init?.body)) as Put;
      kept.push({ match: new Headers(init?.headers).get("if-match"), body });
      return draft(7 + kept.length, body.document, { based_on: body.based_on ?? 3 });
    },
    "POST /policy/drafts/spring/publish": (_: URL, init?: RequestInit) => {
      published.push(JSON.parse(String(init?.body)));
      return { state: "published" };
    },
    ...answers,
  });
  return { kept, published };
}

test("what was written on top of another state of the draft is not put over it after a reload", async () => {
  localStorage.setItem("lanyard.draft.spring", JSON.stringify({ doc: document(25), etag: '"6"' }));
  const { kept } = edit("/all/policies/spring?view=ground&section=guardrails", { "GET /policy/drafts/spring": draft(7, document(10)) });
  expect(await screen.findByText("Somebody else changed this draft.")).toBeTruthy();
  const most = (await screen.findByLabelText("People at most")) as HTMLInputElement;
  expect(most.value).toBe("25");
  fireEvent.change(most, { target: { value: "26" } });
  await new Promise((done) => setTimeout(done, 1_500));
  expect(kept).toEqual([]);
  // Nor is it after the next reload.
  expect(JSON.parse(localStorage.getItem("lanyard.draft.spring")!)).toEqual({ doc: document(26), etag: '"6"' });
});

test("what this browser kept on top of the draft as it is goes to the server, and names what it was on top of", async () => {
  localStorage.setItem("lanyard.draft.spring", JSON.stringify({ doc: document(25), etag: '"7"' }));
  const { kept } = edit("/all/policies/spring", { "GET /policy/drafts/spring": draft(7, document(10)) });
  expect(await screen.findByText(/is put back/)).toBeTruthy();
  await waitFor(() => expect(kept).toEqual([{ match: '"7"', body: { document: document(25) } }]), { timeout: 5_000 });
  await waitFor(() => expect(localStorage.getItem("lanyard.draft.spring")).toBeNull());
});

test("a draft that another publication has overtaken is put on top of it before it can be published", async () => {
  const { kept, published } = edit("/all/policies/spring", {
    "GET /policy/drafts/spring": draft(7, document(10)), "GET /policy": policy(4),
    "GET /policy/versions/3": { version: 3, document: document(100) }, "GET /policy/versions/4": { version: 4, document: document(100, 30) },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Publish" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(await dialog.findByText(/Version 4 was published since this draft was begun from version 3/)).toBeTruthy();
  await userEvent.type(dialog.getByRole("textbox", { name: /^Why/ }), "smaller");
  const publish = () => dialog.getByRole("button", { name: "Publish" }) as HTMLButtonElement;
  expect(publish().disabled).toBe(true);
  await userEvent.click(dialog.getByRole("button", { name: "Put on top of version 4" }));
  await waitFor(() => expect(kept).toEqual([{ match: '"7"', body: { document: document(10, 30), based_on: 4 } }]), { timeout: 5_000 });
  await waitFor(() => expect(publish().disabled).toBe(false), { timeout: 5_000 });
  await userEvent.click(publish());
  await waitFor(() => expect(published).toEqual([{ reason: "smaller", expected: 4 }]));
});

test("whoever agrees reads who asked and why, and is asked for no reason that is dropped", async () => {
  const asked = { by: "bo", reason: "fewer at once", at: "2026-11-23T11:30:00Z" };
  const { published } = edit("/all/policies/spring", { "GET /policy/drafts/spring": draft(7, document(10), { asked }), "GET /policy": policy(3, { second_person: true }, { asked }) });
  await userEvent.click(await screen.findByRole("button", { name: "Agree and publish" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByRole("status").textContent).toMatch(/^bo asked for this .*“fewer at once” If you agree, it is in force at once/);
  expect(dialog.queryByRole("textbox")).toBeNull();
  await userEvent.click(dialog.getByRole("button", { name: "Agree and publish" }));
  await waitFor(() => expect(published).toEqual([{ reason: "", expected: 3 }]));
});

test("whoever asked themselves is told that it waits", async () => {
  const asked = { by: "ana", reason: "fewer at once", at: "2026-11-23T11:30:00Z" };
  edit("/all/policies/spring", { "GET /policy/drafts/spring": draft(7, document(10), { asked }), "GET /policy": policy(3, { second_person: true }, { asked }) });
  await waitFor(() => expect((screen.getByRole("button", { name: "Publish" }) as HTMLButtonElement).disabled).toBe(false));
  await userEvent.click(screen.getByRole("button", { name: "Publish" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/It waits for somebody else/)).toBeTruthy();
  expect(dialog.queryByRole("button", { name: /publi/i })).toBeNull();
});

test("where a second person must agree, a what-if is not applied by its seal", async () => {
  const effect = { seal: "wif_1", draft: "d", draft_seal: "a", in_force_seal: "b", at: "2026-11-23T11:00:00Z", totals: { people: 9, affected: 1, gain: 0, lose: 0, move: 0, change: 1, wait: 0 }, people: [{ identity: { tenant: "emea", user: "00u1" }, person: "Ana", site: "london", gains: [], loses: [], moves: [], changes: ["~ title"], waits: [], no_longer: [], lines: { "~ title": ["field:title"] }, because: {} }], reasons: [], floors: [], bookings_cancelled_for: 0, bookings_known: 0, approvals: {}, cost: [], unmatched: [], disputed: [], out_of_scope: [], aside: [], rules: { dead: [], shadowed: [], idle_rows: [] }, doubts: [] };
  edit("/all/policies/spring?view=effect", { "GET /policy/drafts/spring": draft(7, document(10)), "GET /policy": policy(3, { second_person: true }), "POST /whatif": effect });
  await userEvent.click(await screen.findByRole("button", { name: "Compute" }));
  expect(await screen.findByText(/publish the draft instead of applying its seal/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Apply exactly this" })).toBeNull();
});

test("a policy editor of one tenant can change nothing that every save would refuse", async () => {
  const { kept } = edit("/all/policies/spring?view=ground&section=guardrails", { "GET /policy/drafts/spring": draft(7, document(10)), "GET /session": { ...SESSION, permits: ["see", "edit_policy"], permits_everywhere: ["see"] } });
  const most = (await screen.findByLabelText("People at most")) as HTMLInputElement;
  expect(most.closest("fieldset")!.disabled).toBe(true);
  expect(screen.getByRole("button", { name: "Publish" }).title).toBe("needs the role policy editor for all tenants and sites");
  expect(kept).toEqual([]);
});

test("on top of another version each side keeps what only it changed, and what both changed is named", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, sentence: id, if: [{ attribute: "x" }] }));
  const base = { rules: { limits: { one: 1, two: 2, three: 3 }, flow: [a!, b!] }, tables: { places: { columns: ["site"], rows: [["hq"], ["dock"]] } } };
  const theirs = { rules: { limits: { two: 20, three: 30, one: 1 }, flow: [c!, { ...a!, sentence: "theirs" }, b!] }, tables: { places: { columns: ["site"], rows: [["hq"], ["pier"]] } } };
  const mine = { rules: { limits: { one: 10, two: 2, three: 33 }, flow: [{ ...a!, priority: 5 }] }, tables: { places: { columns: ["site"], rows: [["tower"], ["dock"]] } } };
  expect(onTop(base, theirs, mine)).toEqual({
    doc: { rules: { limits: { one: 10, two: 20, three: 33 }, flow: [c, { ...a!, sentence: "theirs", priority: 5 }] }, tables: { places: { columns: ["site"], rows: [["tower"], ["pier"]] } } },
    both: ["rules › limits › three"],
  });
  // Where rows came or went, nobody can tell which is which.
  const longer = { ...theirs, tables: { places: { columns: ["site"], rows: [["hq"]] } } };
  expect(onTop(base, longer, mine)).toMatchObject({ doc: { tables: mine.tables }, both: ["rules › limits › three", "tables › places"] });
});
