import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { fittest, verdict, withFirst } from "../src/screens/keys";
import { open, OVERVIEW, PERSON, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] } };
const PACK = { id: "pck_1", state: "ready", tenant: "emea", sites: ["london"], from: "2026-08-01T00:00:00Z", to: "2026-11-01T00:00:00Z", seed: "kpmg", sample: null, named: [], by: "ana", asked_at: "2026-11-23T11:00:00Z", ended_at: null, bytes: 2_500_000, figures: { rows: {}, totals: { opening: 10, joined: 2, returned: 1, left: 3, closing: 10 }, stages: {}, leavers_in_time: 2, leavers_late: 1, exceptions_open: 0, orphans_open: 0, reviews_undecided: 0, removals_not_confirmed: 0 }, check: null, error: null, hint: null };
const EVIDENCE = { tenants: [{ tenant: "emea", lines: 90, kept_from: 0, key: "k", fingerprint: "aa bb", checkpoints_total: 1, retention_problem: null, checkpoints: [{ at: "2026-11-23T11:00:00Z", lines: 80, state: "the journal was cut before it", outside: null }] }], sites: ["london"], leaver_bound_seconds: 300, outside: "/mnt/worm", packs: [PACK], late: [] as object[] };
const refusal = (status: number, body: object) => new Response(JSON.stringify({ status, ...body }), { status });

test("a pack shows whether the population adds up, who left late, and is saved by a link", async () => {
  open("/all/evidence", { ...BASE, "GET /evidence": EVIDENCE });
  expect((await screen.findByText("2 of 3 leavers in time")).getAttribute("data-fill")).toBe("failed");
  expect(screen.queryByText(/off by/)).toBeNull();
  expect(screen.getByRole("link", { name: /^Save/ }).getAttribute("href")).toBe("/api/v1/evidence/packs/pck_1/file");
  expect(screen.getByText("the journal was cut before it")).toBeTruthy();
});

test("somebody answers for a late leaver, with an owner and what was done instead", async () => {
  const late = { person: "emea/00u1", name: "Bea Diaz", site: "london", since: "2026-11-20T10:00:00Z", verified_at: "2026-11-20T10:10:00Z", seconds: 600, answer: null };
  const bodies: string[] = [];
  open("/all/evidence", { ...BASE, "GET /evidence": { ...EVIDENCE, late: [late] }, "POST /evidence/late": (_: URL, init?: RequestInit) => (bodies.push(String(init?.body)), late) });
  expect(await screen.findByText(/300 seconds beyond 300 s/)).toBeTruthy();
  const record = screen.getByRole("button", { name: "Put on record" }) as HTMLButtonElement;
  expect(record.disabled).toBe(true);
  await userEvent.type(screen.getByRole("textbox", { name: "Who answers for it" }), "Olga");
  await userEvent.type(screen.getByRole("textbox", { name: /^What was done instead/ }), "blocked by hand");
  await userEvent.click(record);
  await waitFor(() => expect(bodies).toEqual(['{"person":"emea/00u1","site":"london","owner":"Olga","compensation":"blocked by hand"}']));
});

test("a pack that does not hold any more says so and what not to do", async () => {
  const broken = { holds: false, fingerprint: null, files: 3, rows: 9, proofs: 0, checkpoints: 0, dossiers: 0, problems: ["leavers.csv was changed at line 4"] };
  open("/all/evidence", { ...BASE, "GET /evidence": EVIDENCE, "POST /evidence/packs/pck_1/verify": broken });
  await userEvent.click(await screen.findByRole("button", { name: "Check again" }));
  expect(await screen.findByText("leavers.csv was changed at line 4")).toBeTruthy();
  expect(screen.getByText(/Do not hand it out/)).toBeTruthy();
});

test("one tenant's lost key is told at its journal, and what a pack's maker must be told stays with the pack", async () => {
  const lost = { ...EVIDENCE.tenants[0]!, tenant: "apac", key: null, fingerprint: null, checkpoints: [], key_problem: "apac.checkpoint.key is gone. Fix: bring it back from a backup" };
  const pack = { ...PACK, warnings: ["1 checkpoint on record is not signed by this pack's key"] };
  open("/all/evidence", { ...BASE, "GET /evidence": { ...EVIDENCE, tenants: [EVIDENCE.tenants[0], lost], packs: [pack] } });
  expect(await screen.findByText(/apac.checkpoint.key is gone. Fix: bring it back/)).toBeTruthy();
  expect(screen.getByText("aa bb")).toBeTruthy();
  expect(screen.getByText("Not shown")).toBeTruthy();
  expect(screen.getByText("1 checkpoint on record is not signed by this pack's key")).toBeTruthy();
});

test("a refused wish is shown at its field, and nothing that was written is lost", async () => {
  open("/all/evidence", { ...BASE, "GET /evidence": { ...EVIDENCE, packs: [] }, "POST /evidence/packs": () => refusal(422, { title: "no", errors: [{ path: "from", message: "the period begins in the future" }] }) });
  await userEvent.type(await screen.findByRole("textbox", { name: "Seed of the samples" }), "kpmg");
  await userEvent.click(screen.getByRole("button", { name: "Make the pack" }));
  expect(await screen.findByText("the period begins in the future")).toBeTruthy();
  expect((screen.getByRole("textbox", { name: "Seed of the samples" }) as HTMLInputElement).value).toBe("kpmg");
  expect(JSON.parse(localStorage.getItem("lanyard.evidence") ?? "{}").seed).toBe("kpmg");
  localStorage.clear();
});

const REVIEW = { id: "rev_1", title: "Q4", tenant: "emea", sites: ["london"], kinds: ["role"], owner: "omar", reviewers: ["ana", "rob"], provisioners: [], opened_at: "2026-11-20T10:00:00Z", due_at: "2026-11-22T10:00:00Z", closed_at: null, statement: null, snapshot: "ab".repeat(32), lines: 3, flags: [] };
const line = (n: number, more: object = {}) => ({ id: `rev_1:${n}`, campaign: "rev_1", person: "emea/00u1", name: "Bea Diaz", own_names: [], site: "london", account: 7, kind: "role", key: "5", value: "CUSTOMER", what: `Desk ${n}`, since: "2026-10-01T10:00:00Z", reviewer: "ana", decision: null, reason: null, decided_at: null, removed_at: null, flags: [], ...more });
const PAGE = { review: REVIEW, counts: { undecided: 3, keep: 0, remove: 0, ask: 0, removed: 0 }, hasty: [], lines: [line(1), line(2), line(3, { reviewer: "rob" })], total: 3 };
const DETAIL = { person: { ...PERSON, profile: [], groups: [] }, account: null, desired: { lifecycle: "active", because: [], site: "london", items: [{ kind: "role", label: "role in Desk 1", value: "CUSTOMER", because: ["room-booking: member of ROOM-Booking"] }], not_given: [], problems: [], todos: [] }, timeline: [] };

test("a reviewer sees why somebody has it, and decides nothing without a reason nor for another reviewer", async () => {
  const bodies: string[] = [];
  open("/all/reviews/rev_1", { ...BASE, "GET /reviews/rev_1": PAGE, "GET /people/emea/00u1": DETAIL, "POST /reviews/lines/rev_1%3A1/decision": (_: URL, init?: RequestInit) => (bodies.push(String(init?.body)), { line: line(1) }), "POST /reviews/lines/rev_1:1/decision": (_: URL, init?: RequestInit) => (bodies.push(String(init?.body)), { line: line(1) }) });
  expect(await screen.findByText("room-booking: member of ROOM-Booking")).toBeTruthy();
  expect(screen.getByText("overdue")).toBeTruthy();
  const keep = screen.getByRole("button", { name: "Keep" }) as HTMLButtonElement;
  expect(keep.disabled).toBe(true);
  expect((screen.getByRole("checkbox", { name: "Choose Desk 3" }) as HTMLInputElement).disabled).toBe(true);
  const sign = screen.getByRole("button", { name: "Sign off" }) as HTMLButtonElement;
  expect([sign.disabled, sign.title]).toEqual([true, "3 lines are not decided"]);
  await userEvent.type(screen.getByRole("textbox", { name: "Reason" }), "books for the team");
  await userEvent.click(keep);
  await waitFor(() => expect(bodies).toEqual(['{"decision":"keep","reason":"books for the team"}']));
});

test("several lines are decided together, and a refusal in the middle says how far it came", async () => {
  let calls = 0;
  const decide = () => (++calls === 2 ? refusal(403, { title: "it is rob's to decide", code: "not_theirs" }) : { line: line(1) });
  open("/all/reviews/rev_1", { ...BASE, "GET /reviews/rev_1": PAGE, "GET /people/emea/00u1": DETAIL, "POST /reviews/lines/rev_1%3A1/decision": decide, "POST /reviews/lines/rev_1%3A2/decision": decide });
  await userEvent.click(await screen.findByRole("checkbox", { name: "Choose all of Bea Diaz" }));
  await userEvent.type(screen.getByRole("textbox", { name: "Reason" }), "left the team");
  await userEvent.click(screen.getByRole("button", { name: "Remove 2" }));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("1 line was decided; Bea Diaz, Desk 2: it is rob's to decide");
  localStorage.clear();
});

test("a connection is not sampled before its rights are there, and what is missing comes first with its fix", async () => {
  let right = "wrong";
  open("/all/connections/new", {
    ...BASE,
    "POST /connections/probe": (_: URL, init?: RequestInit) => {
      right = JSON.parse(String(init?.body)).password;
      const ok = right === "right";
      return { ok, checks: [{ name: "ioffice.users", ok: true, detail: "readable" }, { name: "ioffice.credentials", ok, detail: ok ? "accepted" : "401", fix: "check the password" }] };
    },
    "POST /connections/sample": { total: 2, rows: [{ id: "7", name: "Bea Diaz", state: "active", keys: [{ kind: "e-mail", value: "bea@x.example" }] }], keys: [{ kind: "e-mail", attribute: "email", field: "email", rows: 2, with: 2, found: 1, collisions: 1, colliding: [{ value: "bea@x.example", names: ["Bea Diaz", "B. Diaz"] }] }] },
  });
  for (const [label, text] of [["Name", "paris"], ["Address", "https://p.iofficeconnect.com"], ["User name", "svc"]] as const) await userEvent.type(await screen.findByRole("textbox", { name: new RegExp(`^${label}`) }), text);
  const password = screen.getByLabelText(/^Password/);
  await userEvent.type(password, "wrong");
  await userEvent.click(screen.getByRole("button", { name: "Try it" }));
  const checks = within((await screen.findByText("2. Rights")).closest("section")!);
  await checks.findByText("check the password");
  expect(checks.getAllByRole("listitem")[0]!.textContent).toContain("ioffice.credentials");
  expect(screen.queryByRole("button", { name: "Read everybody there once" })).toBeNull();
  await userEvent.clear(password);
  await userEvent.type(password, "right");
  expect(screen.queryByText("2. Rights")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Try it" }));
  await userEvent.click(await screen.findByRole("button", { name: "Read everybody there once" }));
  expect(await screen.findByText("1 collision")).toBeTruthy();
  expect(screen.getByText("bea@x.example: Bea Diaz, B. Diaz")).toBeTruthy();
  expect(JSON.stringify(localStorage)).not.toContain("right");
});

test("dead letters are tried again one by one or together", async () => {
  const item = (id: string) => ({ identity: { tenant: "emea", id }, person: `Person ${id}`, error: "refused", fix: "rename it" });
  const { sent } = open("/all/activity?show=problems", { ...BASE, "GET /dead-letters": { items: [item("1"), item("2")] }, "POST /people/emea/1/look": { asked: true }, "POST /people/emea/2/look": { asked: true } });
  await userEvent.click(await screen.findByRole("button", { name: "Try all 2 again" }));
  await waitFor(() => expect(sent.filter((s) => s.method === "POST").map((s) => s.path)).toEqual(["/people/emea/1/look", "/people/emea/2/look"]));
});

const finding = (n: number, more: object = {}) => ({ key: `todo:${n}`, kind: "todo", severity: "warning", tenant: "emea", site: "london", identity: { tenant: "emea", user: `00u${n}` }, title: `Finding ${n}`, detail: "", fix: null, since: "2026-11-23T11:00:00Z", ...more });

const places = (roll_out: object | null) => ({
  at: "2026-11-23T11:00:00Z", people: 50, kinds: 3, not_compared: 0, found: 1,
  differences: [{
    kind: ["department Design", "in EXEC"], what: "a desk", people: 20,
    have: [{ site: "london", tenant: "emea", people: 30, have: 30, because: "Pier House / Level 4: desk, row 2 of places", example: { tenant: "emea", user: "00u1" } }],
    lack: [{ site: "berlin", tenant: "emea", people: 20, have: 0, because: "no rule gives it there", example: { tenant: "emea", user: "00u2" } }],
  }],
  in_force: ["london", "berlin"].map((site) => ({ site, tenant: "emea", people: 25, policy: "harbor", seal: "abcdef123456", version: 4, published_at: null, parameters: { quiet: site === "berlin" ? "Ground" : "Level 2" }, own: site === "berlin" ? ["quiet"] : [], reactions: {} })),
  roll_out,
});

test("what one kind of person gets here and not there is told with its reason, and a halted roll-out goes on", async () => {
  const { sent } = open("/all/drift", {
    ...BASE,
    "GET /sweeps": { items: [] },
    "GET /findings": { items: [], next: null, total: 0, kinds: {} },
    "GET /drift": places({ seal: "wif_1", people: 9, waves: ["5%", "everybody else"], begun: 1, began_at: "2026-11-23T10:00:00Z", next_at: null, halted: "the limit on removals in berlin is reached" }),
    "POST /rollout/resume": { roll_out: null },
  });
  expect((await screen.findByText("department Design, in EXEC")).closest("li")?.textContent).toContain("berlin (emea): none of 20, because no rule gives it there");
  expect((await screen.findByRole("table")).textContent).toContain("Ground (its own)");
  expect(screen.getByRole("alert").textContent).toContain("Halted: the limit on removals in berlin is reached");
  await userEvent.click(screen.getByRole("button", { name: "Let it go on" }));
  await waitFor(() => expect(sent.some((s) => s.path === "/rollout/resume")).toBe(true));
});

test("findings are handled together: their people looked at, and what ends by itself stays and says why", async () => {
  const { sent } = open("/all/drift", {
    ...BASE,
    "GET /sweeps": { items: [] },
    "GET /drift": { ...places(null), in_force: [], differences: [] },
    "GET /findings": { items: [finding(1), finding(2), finding(3, { identity: null, kind: "orphan" })], next: null, total: 3, kinds: { todo: 2, orphan: 1 } },
    "POST /people/emea/00u1/look": { asked: true },
    "POST /people/emea/00u2/look": { asked: true },
    "POST /findings/close": (_: URL, init?: RequestInit) => (JSON.parse(String(init?.body)).key === "todo:2" ? refusal(409, { title: "it ends by itself", fix: "correct the date in Okta", code: "ends_by_itself" }) : {}),
  });
  await userEvent.click(await screen.findByRole("checkbox", { name: "Choose all that are shown" }));
  await userEvent.click(screen.getByRole("button", { name: "Look at 2 people again" }));
  await waitFor(() => expect(sent.filter((s) => s.path.endsWith("/look")).length).toBe(2));
  await userEvent.click(screen.getByRole("button", { name: "Put away…" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByRole("textbox", { name: /^Reason/ }), "seen to");
  await userEvent.click(dialog.getByRole("button", { name: "Put away" }));
  expect((await dialog.findByRole("alert")).textContent).toContain("2 were put away; 1 stays:Finding 2: it ends by itself; correct the date in Okta");
});

test("what a draft does is applied exactly as shown, without those who were unticked", async () => {
  const person = (n: number) => ({ identity: { tenant: "emea", user: `00u${n}` }, person: `Person ${n}`, site: "london", gains: [], loses: [`- role in Rooms ${n}`], moves: [], changes: [`~ title ${n}`], waits: [], no_longer: [], lines: { [`- role in Rooms ${n}`]: [`role-:${n}:MANAGER`], [`~ title ${n}`]: [`field:jobTitle=${n}`] }, because: { [`~ title ${n}`]: [0] } });
  const effect = { seal: "wif_1", draft: "d", draft_seal: "a", in_force_seal: "b", at: "2026-11-23T11:00:00Z", totals: { people: 9, affected: 2, gain: 0, lose: 2, move: 0, change: 0, wait: 0 }, people: [person(1), person(2)], reasons: ["profile: title is Lead"], floors: [], bookings_cancelled_for: 0, bookings_known: 0, approvals: {}, cost: [], unmatched: [], disputed: [], out_of_scope: [], aside: [], rules: { dead: [], shadowed: [], idle_rows: [] }, doubts: [] };
  const bodies: string[] = [];
  const content = { id: "spring", etag: '"1"', based_on: 1, author: "ana", at: "2026-11-23T11:00:00Z", asked: null, source: {}, document: { rules: { flow: [] }, tables: {} }, problems: [] };
  open("/all/policies/spring?view=effect", {
    ...BASE,
    "GET /policy/drafts/spring": content,
    "GET /policy/schema": { properties: {}, definitions: {} },
    "GET /policy": () => ({ in_force: null, running: {}, flows: [], drafts: [], second_person: false, applying: bodies.length > 0 ? "wif_2" : null }),
    "POST /whatif": effect,
    "GET /whatif/wif_2": { seal: "wif_2", started_at: "2026-11-23T11:00:00Z", ended_at: null, people: 1, left_out: 1, lines: 1, to_look: 0, to_try_again: 0 },
    "POST /whatif/wif_2/finish": { seal: "wif_2", people: 1, left_out: 1, lines: 1, done: 1, refused: [], moved: [] },
    "POST /whatif/wif_1/apply": (_: URL, init?: RequestInit) => (bodies.push(String(init?.body)), { seal: "wif_2", state: "applying" }),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Compute" }));
  await userEvent.click(await screen.findByRole("checkbox", { name: "Apply for Person 2" }));
  expect(screen.getAllByText("profile: title is Lead").length).toBe(2);
  await userEvent.click(screen.getByRole("checkbox", { name: "~ title 1 for Person 1" }));
  await userEvent.click(screen.getByRole("button", { name: "Apply exactly this" }));
  await userEvent.click(await screen.findByRole("button", { name: "Apply: 1 person loses something" }));
  expect(await screen.findByText("Everybody was looked at")).toBeTruthy();
  expect(JSON.parse(bodies[0]!)).toEqual({ leave_out: [{ tenant: "emea", id: "00u1", site: "london", lines: ["field:jobTitle=1"] }, { tenant: "emea", id: "00u2", site: "london" }] });
  await userEvent.click(screen.getByRole("button", { name: "Say what became of it" }));
  expect(await screen.findByText(/1 of 1 change made/)).toBeTruthy();
});

test("explain says on which day time alone turns it, and what an expression reads", async () => {
  const way = { rule: "lab", sentence: "Engineers enter the lab.", gives: false, why: "level is \"2\"", change: null, by_itself: { at: "2026-12-01T00:00:00Z", on: "2026-12-01" }, rests_on: [{ expression: "user.profile.level > 3", inputs: [{ name: "level", now: "2" }, { name: "badge", now: null }] }] };
  const until = { rule: "temporary", sentence: "For a while.", gives: true, why: "applies to everybody", change: ["give last a date not after 2026-11-30"], by_itself: { at: "2026-12-01T00:00:00Z", on: "2026-12-01" }, rests_on: [] };
  open("/all/people/emea/00u1?tab=explain&thing=door", {
    ...BASE,
    "GET /people/emea/00u1": DETAIL,
    "GET /people/emea/00u1/explain": { person: PERSON, at: "2026-11-23T11:00:00Z", since: "2026-11-01T11:00:00Z", groups: 2, lines: [], made: [], ways: [way, until] },
  });
  const said = (rule: string) => screen.getByText(rule).closest("li")!.textContent;
  await screen.findByText("lab");
  expect(said("lab")).toContain("It rests on user.profile.level > 3, which is evaluated, so what would turn it is not guessed. It reads level: 2, badge: empty.It would be given by itself on 2026-12-01, if nothing changes before.");
  expect(said("lab")).not.toContain("No change of attributes");
  expect(said("temporary")).toContain("It would stop if you give last a date not after 2026-11-30: tried on this person.It would stop by itself on 2026-12-01");
});

test("votes are given to somebody for a time, and taken back", async () => {
  const given = { id: "dlg_1", from: "mia@acme.example", to: "bob@acme.example", starts: "2026-11-23T11:00:00Z", until: "2026-11-30T11:00:00Z", reason: "on holiday", given_by: "Olu", given_at: "2026-11-23T11:00:00Z" };
  const bodies: string[] = [];
  let items = [given];
  const { sent } = open("/all/approvals", {
    ...BASE,
    "GET /approvals": { items: [], next: null, total: 0 },
    "GET /delegations": () => ({ items }),
    "DELETE /delegations/dlg_1": () => ((items = []), null),
    "POST /delegations": (_: URL, init?: RequestInit) => (bodies.push(String(init?.body)), refusal(422, { title: "nobody who works here has the address x@y.example", fix: "give the address that Okta has of somebody active", code: "delegation" })),
  });
  const row = (await screen.findByText("bob@acme.example")).closest("li")!;
  expect(row.textContent).toMatch(/bob@acme.example for mia@acme.examplefrom .* until .*, recorded by Olu: on holiday/);
  await userEvent.click(within(row).getByRole("button", { name: /^Withdraw/ }));
  expect(await screen.findByText("Nobody votes in another's place")).toBeTruthy();
  expect(sent.some((s) => s.method === "DELETE")).toBe(true);

  await userEvent.click(screen.getByRole("button", { name: "Let somebody vote" }));
  await userEvent.type(screen.getByLabelText(/In whose place/), "mia@acme.example");
  await userEvent.type(screen.getByLabelText(/Who may vote/), "x@y.example");
  const submit = screen.getByRole("button", { name: "Let them vote" }) as HTMLButtonElement;
  expect(submit.disabled).toBe(true);
  await userEvent.type(screen.getByLabelText(/^Until/), "2026-11-30T11:00");
  await userEvent.click(submit);
  expect((await screen.findByRole("alert")).textContent).toContain("Nothing was delegated. nobody who works here has the address x@y.example. give the address");
  expect(JSON.parse(bodies[0]!)).toMatchObject({ from: "mia@acme.example", to: "x@y.example", until: new Date("2026-11-30T11:00").toISOString() });
});

test("reviews are read page by page, and narrowed by the server", async () => {
  const { sent } = open("/emea/reviews?mine=true&show=open&q=Q4", { ...BASE, "GET /reviews": (url: URL) => (url.searchParams.has("cursor") ? { reviews: [{ ...REVIEW, id: "rev_2", title: "Q3" }], next: null, total: 2 } : { reviews: [REVIEW], next: "a|b", total: 2 }) });
  await userEvent.click(await screen.findByRole("button", { name: "Show more" }));
  expect(await screen.findByText("Q3")).toBeTruthy();
  expect(screen.getByText("2 reviews")).toBeTruthy();
  expect(sent.filter((s) => s.path.startsWith("/reviews")).map((s) => s.path)).toEqual(["/reviews?limit=50&tenant=emea&open=true&reviewer=me&search=Q4", "/reviews?limit=50&cursor=a%7Cb&tenant=emea&open=true&reviewer=me&search=Q4"]);
});

test("lines of a review are searched, and kept to one reviewer, by the server", async () => {
  const { sent } = open("/all/reviews/rev_1?show=all&reviewer=rob&q=desk", { ...BASE, "GET /reviews/rev_1": { ...PAGE, lines: [], total: 0, next: null }, "GET /people/emea/00u1": DETAIL });
  expect(await screen.findByText("No line fits")).toBeTruthy();
  expect(sent.some((s) => s.path === "/reviews/rev_1?limit=100&reviewer=rob&search=desk")).toBe(true);
});

const key = (kind: string, more: object = {}) => ({ kind, attribute: "a", field: "f", rows: 100, with: 100, found: 95, collisions: 0, colliding: [], ...more });

test("a key that is not unique never fits best while another finds anybody", () => {
  const keys = [key("employee number", { with: 0, found: 0 }), key("e-mail", { found: 99, collisions: 2 }), key("user name", { found: 60 })];
  expect(keys.map((one) => verdict(one).label)).toEqual(["nobody has it", "not unique", "fits a part"]);
  expect(fittest(keys)?.kind).toBe("user name");
  expect(fittest(keys.slice(0, 2))?.kind).toBe("e-mail");
  expect(fittest(keys.slice(0, 1))).toBeUndefined();
  const document = { rules: { correlation: { person: "x", keys: [{ kind: "e-mail" }, { kind: "user name" }] }, flow: [] }, tables: {} };
  expect(withFirst(document, "user name")?.rules).toEqual({ correlation: { person: "x", keys: [{ kind: "user name" }, { kind: "e-mail" }] }, flow: [] });
  expect([withFirst(document, "e-mail"), withFirst(document, "badge")]).toEqual([undefined, undefined]);
});

test("another key is put first by a draft, not by the wizard", async () => {
  const bodies: string[] = [];
  open("/all/connections/new", {
    ...BASE,
    "POST /connections/probe": { ok: true, checks: [] },
    "POST /connections/sample": { total: 100, rows: [], keys: [key("employee number", { with: 3, found: 2 }), key("e-mail")] },
    "GET /policy/versions/published": { version: 1, document: { rules: { correlation: { keys: [{ kind: "employee number" }, { kind: "e-mail" }] }, flow: [] }, tables: {} } },
    "PUT /policy/drafts/keys-paris": (_: URL, init?: RequestInit) => (bodies.push(String(init?.body)), { id: "keys-paris" }),
  });
  await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "paris");
  for (const [name, text] of [["Address", "https://paris.example"], ["User name", "svc"]] as const) await userEvent.type(screen.getByRole("textbox", { name }), text);
  await userEvent.type(screen.getByLabelText(/^Password/), "secret");
  await userEvent.click(screen.getByRole("button", { name: "Try it" }));
  await userEvent.click(await screen.findByRole("button", { name: "Read everybody there once" }));
  expect(await screen.findByText("finds most of all")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Draft the policy with e-mail first" }));
  expect((await screen.findByRole("link", { name: "Open the draft keys-paris" })).getAttribute("href")).toBe("/all/policies/keys-paris?view=ground&section=correlation");
  expect(JSON.parse(bodies[0]!).document.rules.correlation.keys).toEqual([{ kind: "e-mail" }, { kind: "employee number" }]);
});
