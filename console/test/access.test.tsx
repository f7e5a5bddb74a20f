import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { byAccount, readable, stateOf, type Held } from "../src/screens/person/held";
import { open, OVERVIEW, PERSON, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] } };
const held = (kind: string, what: string, more: Partial<Held> = {}): Held => ({ account: { site: "london", id: 7 }, kind, key: "5", value: kind === "account" ? what : "MANAGER", what, from: "2026-10-01T10:00:00Z", to: null, ...more });
const DETAIL = { person: { ...PERSON, profile: [], groups: [] }, account: null, desired: { lifecycle: "active", because: [], site: "london", items: [], not_given: [], problems: [], todos: [] }, timeline: [] };
const SITE = { site: "london", as_of: "2026-11-01T09:00:00Z", known_since: "2026-10-01T10:00:00Z", people: { "emea/00u1": "Ana Chen" }, accounts: { 7: "ana@acme.example", 8: "svc.badge" }, next: null as number | null, cut: false };

test("rows are read account by account, rights in one order, and a state that was not read is not guessed", () => {
  const rows = [held("seat", "Level 2 / 2.014"), held("person", "emea/00u1"), held("role", "Visitors"), held("role", "Desks"), held("account", "live"), held("item", "Badge", { account: { site: "paris", id: 7 } })];
  const [london, paris] = byAccount(rows).map(([, all]) => all);
  expect(readable(london!).map((one) => one.what)).toEqual(["Desks", "Visitors", "Level 2 / 2.014"]);
  expect([stateOf(london!), stateOf(paris!)]).toEqual(["live", undefined]);
});

test("a person's access at a moment is in the address, with where the record begins", async () => {
  const { sent } = open("/all/people/emea/00u1?tab=access&on=2026-11-01T09%3A00%3A00.000Z", {
    ...BASE, "GET /people/emea/00u1": DETAIL,
    "GET /people/emea/00u1/access": { person: { tenant: "emea", user: "00u1" }, as_of: "2026-11-01T09:00:00Z", held: [held("account", "live"), held("role", "Desks", { to: "2026-11-20T10:00:00Z" })], known_since: { london: "2026-10-01T10:00:00Z", paris: "2026-11-15T10:00:00Z" } },
  });
  const table = within(await screen.findByRole("table", { name: "What account 7 held" }));
  expect(table.getByText("Desks")).toBeTruthy();
  expect(screen.getByText("live then")).toBeTruthy();
  expect(screen.getByText(/The record of london begins at 2026-10-01 10:00:00 UTC/)).toBeTruthy();
  expect(screen.getByText(/paris was first read at 2026-11-15 10:00:00 UTC: of the moment asked for nothing is known there/)).toBeTruthy();
  expect(sent.some((one) => one.path === "/people/emea/00u1/access?as_of=2026-11-01T09%3A00%3A00.000Z")).toBe(true);
});

test("a site's accounts come page by page, all of one moment, and nobody's account says so", async () => {
  const pages = [
    { ...SITE, held: [held("account", "live"), held("person", "emea/00u1", { key: "emea/00u1" }), held("role", "Desks")], next: 7 },
    { ...SITE, held: [held("account", "inactive", { account: { site: "london", id: 8 } })], people: {} },
  ];
  const { sent } = open("/all/evidence/access", { ...BASE, "GET /sites/london/access": (url: URL) => pages[url.searchParams.has("cursor") ? 1 : 0] });
  expect((await screen.findByRole("link", { name: "Ana Chen" })).getAttribute("href")).toBe("/all/people/emea/00u1?tab=access");
  expect(screen.getByText(/1 account so far/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(await screen.findByText("nobody in Okta")).toBeTruthy();
  expect(screen.getByText("svc.badge")).toBeTruthy();
  expect(sent.filter((one) => one.path.startsWith("/sites/")).map((one) => one.path)).toEqual(["/sites/london/access?limit=600", "/sites/london/access?as_of=2026-11-01T09%3A00%3A00Z&cursor=7&limit=600"]);
});

test("a moment before the first read is not said to be a moment without access", async () => {
  open("/all/evidence/access?site=london&on=2026-09-01T00%3A00%3A00.000Z&q=ana", { ...BASE, "GET /sites/london/access": { ...SITE, as_of: "2026-09-01T00:00:00Z", held: [], people: {}, accounts: {} } });
  expect(await screen.findByText(/was first read at 2026-10-01 10:00:00 UTC: of the moment asked for nothing is known/)).toBeTruthy();
  expect(screen.getByText("Nobody called “ana” had an account then")).toBeTruthy();
});

test("a site's accounts are for auditors of everything", async () => {
  const { sent } = open("/all/evidence/access", { ...BASE, "GET /session": { ...SESSION, permits_everywhere: ["see"] } });
  expect(await screen.findByText("This needs the role auditor, for all tenants and sites")).toBeTruthy();
  await waitFor(() => expect(sent.some((one) => one.path.startsWith("/sites/"))).toBe(false));
});
