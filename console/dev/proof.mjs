// Evidence, reviews, new connections and the tried draft for the mock server.
import { SITES, TENANTS } from "./world.mjs";

const iso = (ms) => new Date(ms).toISOString();
const DAY = 86_400_000;
const FINGER = "f4d0 77aa 19c2 5b1e 0d43 9e8f 61b7 c2a5 88d0 3e17 9a4c 55f1 b6e2 0c9d 7418 ae35";

const CHECK = { holds: true, fingerprint: FINGER, files: 61, rows: 18_402, proofs: 1_204, checkpoints: 48, dossiers: 66, problems: [] };
const FIGURES = { rows: {}, totals: { opening: 1_913, joined: 96, returned: 4, left: 71, closing: 1_942 }, stages: {}, leavers_in_time: 70, leavers_late: 1, exceptions_open: 9, orphans_open: 3, reviews_undecided: 12, removals_not_confirmed: 0 };

export function makeProof(world, now) {
  const pack = (n, state, more = {}) => ({ id: `pck_${n}`, state, tenant: TENANTS[0].id, sites: SITES.map((s) => s.id), from: iso(now - 91 * DAY), to: iso(now), seed: "KPMG-2026-Q4", sample: null, named: [], by: "Grace Weber", asked_at: iso(now - n * 3_600_000), ended_at: null, bytes: null, figures: null, check: null, error: null, hint: null, ...more });
  const packs = [
    pack(1, "ready", { bytes: 4_810_000, figures: FIGURES, check: CHECK, ended_at: iso(now) }),
    pack(30, "failed", { from: "2019-01-01T00:00:00Z", to: "2019-03-01T00:00:00Z", error: "acme-emea has no data from 2019-01-01T00:00:00Z up to 2019-03-01T00:00:00Z: nobody had an account, and nothing changed", hint: "the first complete comparison was at 2026-08-02T02:00:00Z; choose a period after it" }),
  ];
  const finish = (made) => {
    made.progress = [{ what: "plans", done: 400, total: 1_000 }];
    setTimeout(() => (made.progress = [{ what: "plans", done: 1_000, total: 1_000 }, { what: "holdings", done: 9_200, total: 18_000 }]), 700);
    setTimeout(() => Object.assign(made, { state: "ready", bytes: 4_700_000, figures: FIGURES, check: CHECK }), 2_500);
  };
  const people = world.people.slice(0, 12);
  const late = [
    { person: `${people[3].tenant}/${people[3].id}`, name: people[3].name, site: "london", since: iso(now - 12 * DAY), verified_at: iso(now - 12 * DAY + 1_460_000), seconds: 1_460, answer: { owner: "Omar Patel", compensation: "iOffice was down; the badge was blocked by hand", by: "Grace Weber", at: iso(now - 11 * DAY) } },
    { person: `${people[7].tenant}/${people[7].id}`, name: people[7].name, site: "london", since: iso(now - 4 * DAY), verified_at: iso(now - 4 * DAY + 420_000), seconds: 420, answer: null },
  ];
  const reviews = [
    { id: "rev_2", title: "Q4 2026, roles and administrators", tenant: TENANTS[0].id, sites: ["london"], kinds: ["role", "item", "site_admin"], owner: "Omar Patel", reviewers: ["demo", "Grace Weber"], provisioners: [], opened_at: iso(now - 9 * DAY), due_at: iso(now + 5 * DAY), closed_at: null, statement: null, snapshot: "9be1c0…".padEnd(64, "0"), lines: 26, flags: [] },
    { id: "rev_1", title: "Q3 2026, roles", tenant: TENANTS[0].id, sites: ["london"], kinds: ["role"], owner: "Omar Patel", reviewers: ["Grace Weber"], provisioners: [], opened_at: iso(now - 110 * DAY), due_at: iso(now - 90 * DAY), closed_at: iso(now - 92 * DAY), statement: "Looked at line by line.", snapshot: "77aa19".padEnd(64, "0"), lines: 18, flags: ["hasty"] },
  ];
  const lines = people.flatMap((p, i) => ["Bishopsgate Reservations", "Bishopsgate Visitors"].map((what, j) => ({ id: `rev_2:${String(i * 2 + j).padStart(6, "0")}`, campaign: "rev_2", person: `${p.tenant}/${p.id}`, name: p.name, own_names: [], site: "london", account: 1_000 + i, kind: "role", key: "5", value: "CUSTOMER", what, since: iso(now - (i + 1) * 20 * DAY), reviewer: i % 3 === 2 ? "Grace Weber" : "demo", decision: i === 0 ? "keep" : null, reason: i === 0 ? "still needed" : null, decided_at: i === 0 ? iso(now - DAY) : null, removed_at: null, flags: [] })));
  lines.push({ ...lines[0], id: "rev_2:000030", person: "", name: "", account: 77, kind: "site_admin", what: "site administrator", reviewer: "demo", decision: null, reason: null, decided_at: null });
  const keys = (i) => [["employee number", String(40_000 + i)], ["e-mail", people[i]?.email ?? "x@acme.example"]].map(([kind, value]) => ({ kind, value }));
  const listed = (query) => {
    const text = (query.get("search") ?? "").toLowerCase();
    const shown = reviews.filter((r) => (!query.get("tenant") || r.tenant === query.get("tenant")) && (!query.get("open") || !r.closed_at) && (query.get("reviewer") !== "me" || r.reviewers.includes("demo")) && `${r.title} ${r.owner} ${r.reviewers}`.toLowerCase().includes(text));
    return { status: 200, body: { reviews: shown, next: null, total: shown.length } };
  };
  return (method, path, query, body) => {
    const ok = (answer) => ({ status: 200, body: answer });
    if (path === "/evidence") return ok({ tenants: TENANTS.map((t) => ({ tenant: t.id, lines: 18_044, kept_from: 0, key: "lanyard", fingerprint: FINGER, checkpoints_total: 2_011, retention_problem: null, checkpoints: Array.from({ length: 12 }, (_, i) => ({ at: iso(now - i * 3_600_000), lines: 18_044 - i * 31, state: "holds", outside: i === 3 ? null : `/mnt/worm/${t.id}/x.checkpoint` })) })), sites: SITES.map((s) => s.id), leaver_bound_seconds: 300, outside: "/mnt/worm", packs, late });
    if (method === "POST" && path === "/evidence/packs") {
      const made = pack(Date.now(), "making", { ...body, to: iso(now), seed: body.seed ?? iso(now), by: "demo", asked_at: iso(Date.now()), sites: ["london"] });
      packs.unshift(made);
      finish(made);
      return ok(made);
    }
    if (method === "POST" && path === "/evidence/late") {
      const one = late.find((l) => l.person === body.person && l.site === body.site);
      if (one) one.answer = { owner: body.owner, compensation: body.compensation, by: "demo", at: iso(now) };
      return ok(one ?? {});
    }
    if (path === "/evidence/checkpoints") return ok({ signed: 2 });
    const one = path.match(/^\/evidence\/packs\/([^/]+)(\/verify)?$/);
    if (one) return one[2] ? ok(CHECK) : ok(packs.find((p) => p.id === one[1]));
    if (path === "/reviews") return method === "POST" ? ok({ review: reviews[0] }) : listed(query);
    const decided = path.match(/^\/reviews\/lines\/(.+)\/decision$/);
    if (decided) {
      const line = lines.find((l) => l.id === decided[1]);
      Object.assign(line, { decision: body.decision, reason: body.reason, decided_at: iso(Date.now()) });
      return ok({ line });
    }
    const review = path.match(/^\/reviews\/([^/]+)$/);
    if (review) {
      const count = (d) => lines.filter((l) => l.decision === d).length;
      const fits = lines.filter((l) => (!query.get("reviewer") || l.reviewer === query.get("reviewer")) && (!query.get("open") || l.decision === null) && `${l.name} ${l.what}`.toLowerCase().includes((query.get("search") ?? "").toLowerCase()));
      return ok({ review: reviews.find((r) => r.id === review[1]), counts: { undecided: count(null), keep: count("keep"), remove: count("remove"), ask: count("ask"), removed: 0 }, hasty: [], lines: fits, next: null, total: fits.length });
    }
    if (path === "/connections/probe") return ok({ ok: body.password !== "wrong", checks: [{ name: "ioffice.credentials", ok: body.password !== "wrong", detail: body.password === "wrong" ? "401: the user name or password is not accepted" : "accepted", fix: "check user name and password; a single-sign-on user cannot use the API" }, { name: "ioffice.right.users", ok: true, detail: "readable and writable" }, { name: "ioffice.right.visitors", ok: false, warning: true, detail: "not readable: announced visits are to-dos", fix: "give the service account the visitor module" }] });
    if (path === "/connections/sample") return ok({ total: 1_240, rows: people.slice(0, 5).map((p, i) => ({ id: String(1_000 + i), name: p.name, state: "active", keys: keys(i) })), keys: [{ kind: "employee number", attribute: "employeeNumber", field: "employeeId", rows: 1_240, with: 1_212, found: 1_190, collisions: 2, colliding: [{ value: "40412", names: [people[0].name, people[1].name] }] }, { kind: "e-mail", attribute: "email", field: "email", rows: 1_240, with: 1_238, found: 1_201, collisions: 0, colliding: [] }] });
    if (path === "/connections") return ok({ id: body.id, live: true });
    if (/^\/sites\/[^/]+\/match$/.test(path)) return ok({ site: "london", writes: false, observe_only: false, people: 1_240, accounts: 1_231, matched: 1_199, unsure: 14, unsure_pairs: people.slice(0, 4).map((p, i) => ({ identity: { tenant: p.tenant, user: p.id }, person: p.name, account: {}, account_name: p.name, confidence: 60 + i * 5, evidence: ["e-mail agrees"], against: ["employee number differs"] })), disputed: 2, disputes: [{ identity: { tenant: people[5].tenant, user: people[5].id }, person: people[5].name, why: "two accounts have the same employee number", candidates: [{ confidence: 80, account_name: "A. Chen", evidence: ["employee number agrees"], against: [] }] }], unlinked: 39, unlinked_people: people.slice(6, 10).map((p) => p.name), orphans: 30, orphan_accounts: ["svc-kiosk (london/77)"], first_writes: { accounts_kept_as_they_are: 1_120, accounts_made: 39, records_changed: 80, seats_kept: 900, seats_moved: 12, seats_taken: 3, roles_kept: 1_100, roles_added: 40, roles_taken: 6, accounts_ended: 4 }, doubts: [], limits: { max_people: 25, max_percent: 5, window_seconds: 86_400, shrink_percent_max: 5, certificate_required: true, second_person: false } });
    if (/^\/sites\/[^/]+\/sign-off$/.test(path)) return ok({ site: "london", writes: true });
    if (path === "/messages") return ok({ items: [], next: null, total: 0 });
    if (path === "/dead-letters") return ok({ items: [{ identity: { tenant: people[2].tenant, id: people[2].id }, person: people[2].name, error: "iOffice refused: the user name is taken by an inactive account", fix: "rename or reactivate it in iOffice, then try again" }], next: null, total: 1 });
    return undefined;
  };
}

/** A draft tried on somebody, and counts by flow. */
export function tried(path, body, world) {
  const flows = body.document.rules.flow;
  if (path === "/policy/reach") return { people: 1_942, flows: Object.fromEntries(flows.map((f, i) => [f.id, { matched: [14, 1_210, 640, 88][i % 4], gain: [0, 12, 0, 3][i % 4], lose: [2, 0, 0, 0][i % 4] }])), tables: Object.fromEntries(Object.entries(body.document.tables).map(([name, table]) => [name, table.rows.map((_, i) => ({ matched: [310, 41, 0][i % 3], gain: [0, 2, 0][i % 3], lose: 0 }))])), unread_groups: [], unread: [] };
  const person = world.people.find((p) => p.id === body.id);
  const fate = (i) => ["fails", "gives", "gives", "outranked"][i % 4];
  return { identity: { tenant: body.tenant, user: body.id }, person: person.name, site: "london", flows: flows.map((f, i) => ({ flow: f.id, sentence: f.sentence, fate: fate(i), says: [["not a member of EXEC-Floor"], ["a free desk on 5 Bishopsgate / Level 4"], ["CUSTOMER in Bishopsgate Reservations"], []][i % 4] })), lines: [{ part: "standing", what: "active, site london", why: ["scope: member of APP-iOffice-Users"] }, { part: "place", what: "a free desk on 5 Bishopsgate / Level 4", why: ["own-desk, row 1 of places: officeLocation is LON"] }], unread: [] };
}
