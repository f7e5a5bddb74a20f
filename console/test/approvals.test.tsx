import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { queryClient } from "../src/queries";
import { open, OVERVIEW, problem, SESSION } from "./app";

const request = (id: string, person: string, more: object = {}) => ({
  id, kind: "approval", state: "waiting", over: false, tenant: "emea", identity: { tenant: "emea", id: `00u${id}` }, person, site: "london", rule: "rooms", lines: [{ key: "seat:1", what: `+ seat of ${person}` }], plan: "pln_1",
  asked_at: "2026-11-23T11:00:00Z", until: "2026-11-24T11:00:00Z", whom: ["their manager"], quorum: 1, votes: [], ended: null, may_decide: true, why_not: null, ...more,
});
const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /delegations": { items: [] }, "GET /policy": { flows: [] } };
const list = (...items: object[]) => ({ items, next: null, total: items.length });
const context = { peers: [], seats: [] };

beforeEach(() => localStorage.clear());

test("a link to a request that is not there shows no other in its place", async () => {
  const ana = request("1", "Ana Chen");
  open("/all/approvals?id=req_gone", { ...BASE, "GET /approvals": list(ana), "GET /approvals/req_gone": () => problem(404, "there is no request req_gone"), "GET /approvals/1/context": context });
  expect(await screen.findByText("This request is not there")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^Approve/ })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Ana Chen" }));
  expect(await screen.findByRole("button", { name: "Approve for 1 person" })).toBeTruthy();
});

test("a request that a link names is waited for, and the one before it does not stay", async () => {
  let tell = (_: Response) => {};
  const slow = new Promise<Response>((done) => (tell = done));
  const { router } = open("/all/approvals?id=far", { ...BASE, "GET /approvals": list(), "GET /approvals/far": request("far", "Far Away"), "GET /approvals/slow": () => slow, "GET /approvals/far/context": context, "GET /approvals/slow/context": context });
  expect(await screen.findByText("+ seat of Far Away")).toBeTruthy();
  await act(() => router.navigate({ to: "/$tenant/approvals", params: { tenant: "all" }, search: { id: "slow" } as never }));
  await waitFor(() => expect(screen.queryByText("+ seat of Far Away")).toBeNull());
  expect(screen.queryByRole("button", { name: /^Approve/ })).toBeNull();
  tell(new Response(JSON.stringify(request("slow", "Slow One")), { status: 200 }));
  expect(await screen.findByText("+ seat of Slow One")).toBeTruthy();
});

test("what is shown to be decided is not swapped when another becomes due sooner", async () => {
  const [ana, bea] = [request("1", "Ana Chen"), request("2", "Bea Diaz")];
  let items = [ana];
  open("/all/approvals", { ...BASE, "GET /approvals": () => list(...items), "GET /approvals/1": () => ({ ...ana, state: "granted", may_decide: false, why_not: "it is granted" }), "GET /approvals/1/context": context, "GET /approvals/2/context": context });
  expect(await screen.findByText("+ seat of Ana Chen", { selector: "li" })).toBeTruthy();
  items = [bea, ana];
  await act(() => queryClient.invalidateQueries({ queryKey: ["approvals"] }));
  expect(await screen.findByRole("button", { name: "Bea Diaz" })).toBeTruthy();
  expect(screen.getByText("+ seat of Ana Chen", { selector: "li" })).toBeTruthy();
  // Decided by somebody else meanwhile: it says so, and no other stands in its place.
  items = [bea];
  await act(() => queryClient.invalidateQueries({ queryKey: ["approvals"] }));
  await waitFor(() => expect(screen.queryByRole("button", { name: /^Approve/ })).toBeNull());
  expect(await screen.findByText("+ seat of Ana Chen", { selector: "li" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^Approve/ })).toBeNull();
});

test("whoever the rule names decides, whatever their role; anybody else reads why not", async () => {
  const viewer = { ...SESSION, permits: ["see"], permits_everywhere: ["see"], grants: [{ role: "viewer" }] };
  const bodies: unknown[] = [];
  open("/all/approvals", {
    ...BASE, "GET /session": viewer, "GET /approvals": list(request("1", "Ana Chen"), request("2", "Bea Diaz", { may_decide: false, why_not: "it takes a person with the role approver" })),
    "GET /approvals/1/context": context, "GET /approvals/2/context": context,
    "POST /approvals": (_: URL, init?: RequestInit) => (bodies.push(JSON.parse(String(init?.body))), { items: [] }),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Approve for 1 person" }));
  await waitFor(() => expect(bodies).toEqual([{ ids: ["1"], say: "approve", reason: "" }]));
  await userEvent.click(screen.getByRole("button", { name: "Bea Diaz" }));
  expect(await screen.findByText(/it takes a person with the role approver/, { selector: ".empty" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^Approve/ })).toBeNull();
  expect((screen.getByRole("checkbox", { name: "Choose Bea Diaz, rooms" }) as HTMLInputElement).disabled).toBe(true);
});

test("beyond a limit a reason is needed to approve too, and a refused field is marked", async () => {
  open("/all/approvals", {
    ...BASE, "GET /approvals": list(request("1", "Ana Chen", { kind: "cap" })), "GET /approvals/1/context": context,
    "POST /approvals": () => new Response(JSON.stringify({ title: "a reason is needed", code: "no_reason", fix: "say why", errors: [{ path: "reason", message: "a reason is needed" }] }), { status: 422 }),
  });
  const approve = (await screen.findByRole("button", { name: "Approve for 1 person" })) as HTMLButtonElement;
  expect(approve.disabled).toBe(true);
  expect(screen.getByText("Needed to go beyond a limit, and to decline; auditors read it")).toBeTruthy();
  const reason = screen.getByRole("textbox", { name: /^Reason/ });
  await userEvent.type(reason, "new floor");
  await userEvent.click(approve);
  await waitFor(() => expect(reason.getAttribute("aria-invalid")).toBe("true"));
  expect(screen.getByText("a reason is needed")).toBeTruthy();
});

test("a stand-in's refusal stands at its field, and so does one of putting away", async () => {
  open("/all/approvals", {
    ...BASE, "GET /approvals": list(),
    "POST /delegations": () => new Response(JSON.stringify({ title: "nobody who works here has the address bo@x.example", code: "delegation", errors: [{ path: "to", message: "nobody who works here has the address bo@x.example" }] }), { status: 422 }),
  });
  await userEvent.click(await screen.findByRole("button", { name: "Let somebody vote" }));
  const form = within(screen.getByRole("textbox", { name: /^Who may vote/ }).closest("form")!);
  await userEvent.type(form.getByRole("textbox", { name: /^In whose place/ }), "ana@x.example");
  await userEvent.type(form.getByRole("textbox", { name: /^Who may vote/ }), "bo@x.example");
  await userEvent.type(form.getByLabelText(/^Until/), "2027-01-01T00:00");
  await userEvent.click(form.getByRole("button", { name: "Let them vote" }));
  await waitFor(() => expect(form.getByRole("textbox", { name: /^Who may vote/ }).getAttribute("aria-invalid")).toBe("true"));
  expect(form.getByRole("textbox", { name: /^In whose place/ }).getAttribute("aria-invalid")).not.toBe("true");
});
