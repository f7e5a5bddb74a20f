// A stand-in for the server's API, for working on the console alone: believable shapes, moving data, nothing real.
//   node dev/mock.mjs [--port 4180] [--dist dist]
// With --dist it also serves the built console, under the same policy as the real server.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { past } from "./past.mjs";
import { makeProof, tried } from "./proof.mjs";
import { makeFindings, makePolicy, makeRequests, makeRooms } from "./rooms.mjs";
import { sealed, whatif } from "./sealed.mjs";
import { detailOf, happen, makePlan, makeStory, makeWorld, pick, SITES, TENANTS } from "./world.mjs";

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : process.argv[at + 1];
};
const PORT = Number(argument("port", "4180"));
const DIST = argument("dist", undefined);
const CSRF = randomBytes(16).toString("hex");
const TICK_MS = 2_600;
const STORY_GAP_MS = 45_000;

const born = Date.now();
function iso0(ms) {
  return new Date(ms).toISOString();
}
const world = makeWorld(born);
for (let i = 160; i > 0; i -= 1) happen(world, born - i * 41_000);
const story = makeStory(world, born - 3.4 * STORY_GAP_MS, STORY_GAP_MS);
const rooms = makeRooms(world, born);
const findings = makeFindings(world, born);
const policy = makePolicy(born);
const proof = makeProof(world, born);
const tokens = [{ id: "tok_1", name: "prometheus", grants: [{ role: "metrics" }], created_at: iso0(born - 9e8), created_by: "Grace Weber", expires_at: iso0(born + 5e9), last_used_at: iso0(born - 60_000), expired: false }];
const requests = makeRequests(world, born);
const approvals = (done) => {
  const items = requests.filter((r) => (r.state !== "waiting") === done);
  return { items, total: items.length };
};
const listeners = new Set();
let hookOutUntil = 0;
let stormUntil = 0;

const iso = (ms) => new Date(ms).toISOString();
const tell = (event, data) => {
  for (const answer of listeners) answer.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
};

setInterval(() => {
  const now = Date.now();
  const last = world.spark.at(-1);
  if (now - Date.parse(last.at) > 60_000) {
    world.spark.push({ at: iso(now), applied: 0, failed: 0 });
    world.spark.shift();
  }
  if (!world.stopped) tell("activity", happen(world, now));
  tell("overview", {});
}, TICK_MS).unref();

const needs = () => {
  const disputed = world.people.find((p) => p.situation === "disputed");
  const unmatched = world.people.filter((p) => p.situation === "unmatched");
  const list = [
    { id: "n1", kind: "disputed", severity: "error", title: `Two accounts claim ${disputed.name}`, detail: `London has two accounts with employee id 10777; neither was touched.`, identity: { tenant: disputed.tenant, id: disputed.id }, since: iso(born - 5_100_000), fix: "Deactivate one of the two in iOffice, then press Look again on the person.", count: 1 },
    { id: "n2", kind: "unmatched", severity: "warning", title: "People without an account that policy expects", detail: "Their office attribute names no building that iOffice knows: “Bishopgate”.", since: iso(born - 7_900_000), fix: "Correct the spelling in Okta, or add it to buildings.csv.", count: unmatched.length },
    { id: "n3", kind: "todo", severity: "warning", title: "A visit cannot be cancelled via the API", detail: "Contractor Ivan Petrov left; his visit of tomorrow 10:00 is still expected at reception.", since: iso(born - 1_300_000), fix: "Cancel the visit in iOffice under Visitors, then tick it off here.", count: 1 },
  ];
  if (hookOutUntil > Date.now()) list.unshift({ id: "n0", kind: "hook_silent", severity: "error", title: "The event hook of Acme EMEA is silent", detail: "The log feed sees events that the hook did not bring. Changes still arrive, a few seconds later.", since: iso(hookOutUntil - 60_000), fix: "Okta, Workflow, Event Hooks: check that the hook is active.", count: 1 });
  return list;
};

const minutes = (now, n, throttled) => Array.from({ length: 50 }, (_, i) => ({ at: iso(now - i * 60_000), answered: (n * (i * 7 + 3)) % 90, throttled: i < 3 ? throttled : 0, faulted: 0 })).reverse();

const overview = () => {
  const now = Date.now();
  const of = (tenant) => world.people.filter((p) => p.tenant === tenant.id).length;
  return {
    now: iso(now),
    version: "0.1.0",
    mode: "demo",
    state: world.stopped ? "stopped" : "running",
    tenants: TENANTS.map((t, i) => ({
      id: t.id, name: t.name, okta_url: t.okta_url,
      hook: { state: i === 0 && hookOutUntil > now ? "missing" : "live", last_delivery_at: iso(now - (i + 1) * 2_300) },
      feed: { last_poll_at: iso(now - 4_000 - i * 3_000), lag_seconds: 0.9 + i * 0.7, events_total: 18_211 + world.seq * (i + 1), hook_only: 3 + i, feed_only: 21 - i * 9 },
      people: of(t), budget: { answered: 4_100, throttled: 0, faulted: 0 }, calls: minutes(now, i + 2, 0),
      quotas: [{ bucket: "users", limit: 600, remaining: 540 - i * 420, resets_at: iso(now + 30_000) }, { bucket: "logs", limit: 120, remaining: 96, resets_at: iso(now + 30_000) }],
    })),
    sites: SITES.map((s, i) => ({
      id: s.id, name: s.name, ioffice_url: s.ioffice_url, accounts: of(TENANTS[i]) - 9,
      writes: true, budget: { calls: 8_200 + world.seq * (i + 3), throttled: stormUntil > now ? 41 : i, faulted: i, per_second: 10 }, calls: minutes(now, i + 5, stormUntil > now ? 12 : 0),
      last_sweep: { at: iso(now - 8_100_000 - i * 600_000), state: i === 0 ? "complete" : "partial", certified: i === 0, drift: i === 0 ? 4 : 11 },
    })),
    environments: TENANTS.map((t, i) => ({ tenant: t.id, site: SITES[i].id, people: of(t), state: stormUntil > now ? "throttled" : i === 0 ? "in_step" : "unproven", why: i === 0 ? "the last full comparison was complete, and all answers come" : "the last full comparison was not proven complete", changes: 140, lag_p50_ms: 840 + i * 300, lag_p95_ms: 3_900 + i * 800, open: i * 3 })),
    work: { due: world.seq % 4, leased: 1 + (world.seq % 3), waiting: 57, dead: 0 },
    needs_person: needs(),
    rates: { applied_24h: world.counts.applied, failed_24h: world.counts.failed, held: world.plans.filter((p) => p.state === "held").length },
    leaver_seconds_p99: 6.8,
    spark: world.spark,
  };
};

/** Of one tenant alone. */
function only(all, tenant) {
  if (!tenant) return all;
  const environments = all.environments.filter((e) => e.tenant === tenant);
  return { ...all, tenants: all.tenants.filter((t) => t.id === tenant), environments, sites: all.sites.filter((s) => environments.some((e) => e.site === s.id)), needs_person: all.needs_person.filter((n) => !n.identity || n.identity.tenant === tenant), rates: { ...all.rates, applied_24h: Math.round(all.rates.applied_24h / 3) } };
}

const demo = () => {
  const now = Date.now();
  return {
    clock: iso(now),
    speed: 1,
    story: story.map((item) => {
      const age = now - Date.parse(item.at);
      const state = age < 0 ? "upcoming" : age < STORY_GAP_MS ? "happening" : "done";
      return { ...item, state, expects: item.expects.map((text, i) => ({ text, ok: state === "upcoming" ? null : state === "done" || age > (i + 1) * 12_000 ? true : null })) };
    }),
  };
};

const health = () => ({
  checks: [
    { name: "Okta Acme EMEA: credentials", ok: true, detail: "private_key_jwt, all 6 scopes granted, token ends in 41 min" },
    { name: "Okta Acme EMEA: event hook", ok: hookOutUntil < Date.now(), detail: hookOutUntil < Date.now() ? "verified, last delivery seconds ago" : "nothing delivered, though the log has events", fix: "Okta, Workflow, Event Hooks: check that the hook is active." },
    { name: "Okta Acme Americas: credentials", ok: true, detail: "SSWS token of svc-lanyard, a group administrator" },
    { name: "Okta Acme Americas: admin role", ok: false, detail: "The role sees 748 of 760 people: lists may be short, so nothing is removed on their word.", fix: "Give svc-lanyard the Read-only Administrator role, then press Look again on any person." },
    { name: "iOffice London: rights", ok: true, detail: "site administrator; users, permissions, places, reservations readable and writable" },
    { name: "iOffice New York: rights", ok: true, detail: "site administrator; visitors readable" },
    { name: "Store", ok: true, detail: "SQLite, full durability, 212 MB, last commit took 3 ms" },
    { name: "Journal", ok: true, detail: `tree of ${18_000 + world.seq} leaves, last checkpoint 12 min ago` },
    { name: "Clock", ok: true, detail: "0.04 s from Okta's" },
  ],
});

const ACT_ROWS = {
  hire: ["joiner", "info", (p) => `${p.name} was hired`, (p) => `${p.title} in ${p.department}; account and seat follow`],
  move: ["move", "info", (p) => `${p.name} moves to Engineering`, () => "settle window started: 300 s"],
  leave: ["leave", "held", (p) => `${p.name} goes on leave`, () => "permissions pause, seat and account stay"],
  terminate: ["leaver", "warning", (p) => `${p.name} was terminated`, () => "everything is taken back, leavers first"],
};

function act(kind) {
  if (kind === "hook_outage") hookOutUntil = Date.now() + 60_000;
  else if (kind === "storm") stormUntil = Date.now() + 60_000;
  else {
    const person = pick(world.people.filter((p) => p.status === "ACTIVE"));
    if (kind === "terminate") Object.assign(person, { status: "DEPROVISIONED", seat: null });
    if (kind === "leave") person.status = "SUSPENDED";
    tell("activity", happen(world, Date.now(), { person, row: ACT_ROWS[kind] }));
    return { person: { tenant: person.tenant, id: person.id, name: person.name } };
  }
  return {};
}

const problem = (status, title, detail) => ({ status, body: { type: "about:blank", title, status, detail } });
const ok = (body) => ({ status: 200, body });
const bare = ({ zone: _z, place: _p, ...p }) => p;

const EVERY = ["see", "operate", "edit_policy", "approve", "audit", "own", "metrics"];

function route(method, path, query, body, headers) {
  if (path === "/policy/try" || path === "/policy/reach") return ok(tried(path, body, world));
  const told = sealed(method, path, query, world);
  if (told) return told;
  const before = past(method, path, query, body, world);
  if (before) return before;
  const proven = proof(method, path, query, body);
  if (proven) return proven;
  if (path.startsWith("/policy")) return policy(method, path, query, body, headers) ?? problem(404, "No such path", path);
  const floor = path.match(/^\/places\/([^/]+)\/floors\/([^/]+)$/);
  if (floor) {
    const found = rooms.floor(floor[1], floor[2]);
    return found ? ok(found) : problem(404, "No such floor", path);
  }
  const token = path.match(/^\/tokens\/(.+)$/);
  if (token) {
    tokens.splice(tokens.findIndex((t) => t.id === token[1]), 1);
    return { status: 204, body: null };
  }
  const limit = Math.min(200, Number(query.get("limit") ?? 50));
  const tenant = query.get("tenant");
  const mine = (item) => !tenant || item.tenant === tenant;
  const one = path.match(/^\/people\/([^/]+)\/([^/]+)(\/plan|\/look|\/explain)?$/);
  if (one) {
    const person = world.people.find((p) => p.tenant === one[1] && p.id === one[2]);
    if (!person) return problem(404, "No such person", `${one[1]} has nobody with the id ${one[2]}.`);
    if (one[3] === "/plan") {
      const steady = person.name.length % 3 === 0;
      return ok(steady ? { id: "pln_dry_run", steps: [] } : { ...makePlan(person, "pln_dry_run", Date.now(), "proposed"), notes: ["The seat was set by hand in iOffice on 3 Nov; no rule owns it, so it stays."] });
    }
    if (one[3] === "/explain") {
      const at = iso(Date.now());
      return ok({ person: bare(person), at, since: at, groups: 4, lines: [{ part: "standing", what: "active, site london", why: ["scope: member of APP-iOffice-Users"] }, { part: "place", what: "a free desk on 5 Bishopsgate / Level 4", why: ["own-desk, row 1 of places: officeLocation is LON"] }], ways: query.get("thing") ? [{ rule: "own-desk", sentence: "Everybody has a desk.", gives: true, why: "officeLocation is LON", change: ["set officeLocation to something else"], by_itself: { at, on: at.slice(0, 10) }, rests_on: [] }] : [], made: [] });
    }
    if (one[3] === "/look") {
      tell("activity", happen(world, Date.now(), { person, row: ["look", "info", (p) => `${p.name} is looked at again`, () => "asked in the console"] }));
      return { status: 202, body: {} };
    }
    const detail = detailOf(person, world, Date.now());
    return ok({ ...detail, person: bare(detail.person) });
  }
  const plan = path.match(/^\/plans\/([^/]+)$/);
  if (plan) {
    const found = world.plans.find((p) => p.id === plan[1]);
    return found ? ok(found) : problem(404, "No such plan", `Nothing is known under ${plan[1]}.`);
  }
  switch (`${method} ${path}`) {
    case "GET /session": return ok({ csrf: CSRF, user: "demo", names: ["demo"], subject: "demo", grants: [{ role: "owner" }], permits: EVERY, permits_everywhere: EVERY, demo: true, can_sign_out: false });
    case "GET /sign-in": return ok({ provider: "acme.okta.com", signed_in: false });
    case "POST /whatif": {
      return ok(whatif(world, body.draft, "wif_2c41d09be7a1f350"));
    }
    case "GET /approvals": return ok(approvals(query.get("done") === "true"));
    case "GET /delegations": return ok({ items: [{ id: "dlg_1", from: "mia@acme.example", to: "bob@acme.example", starts: iso(Date.now()), until: iso(Date.now() + 86_400_000), reason: "on holiday", given_by: "demo", given_at: iso(Date.now()) }] });
    case "POST /approvals": for (const r of requests) if (body.ids.includes(r.id)) Object.assign(r, { state: body.say === "approve" ? "granted" : "declined", votes: [{ by: "demo", at: iso(Date.now()), yes: body.say === "approve", reason: body.reason }] }); return ok({ items: [] });
    case "GET /places": return ok(rooms.list());
    case "GET /journal": return ok({ trees: TENANTS.map((t, i) => ({ tenant: t.id, size: 18_000 + i, root: "mI0dHx5cVZ0P9q1W1c0QJ9tYJt6Vq8m9c1C5b7QJk3E=" })), damage: null });
    case "GET /roles": return ok({ provider: "acme.okta.com", items: [{ group: "Lanyard Owners", grant: { role: "owner" } }, { group: "Facilities London", grant: { role: "approver", sites: ["london"] } }] });
    case "GET /tokens": return ok({ items: tokens });
    case "POST /tokens": {
      if (!body.name?.trim()) return { status: 422, body: { title: "give the token a name", errors: [{ path: "name", message: "give the token a name" }] } };
      const made = { id: `tok_${tokens.length + 1}`, name: body.name, grants: body.grants, created_at: iso(Date.now()), created_by: "demo", expires_at: iso(Date.now() + body.days * 86_400_000), last_used_at: null };
      tokens.push({ ...made, expired: false });
      return ok({ token: made, text: `lanyard_${randomBytes(24).toString("base64url")}` });
    }
    case "GET /findings": {
      const fitting = findings.filter((f) => mine(f) && (!query.get("search") || f.title.toLowerCase().includes(query.get("search").toLowerCase())));
      const kinds = {};
      for (const f of fitting) kinds[f.kind] = (kinds[f.kind] ?? 0) + 1;
      const found = fitting.filter((f) => !query.get("kind") || f.kind === query.get("kind"));
      return ok({ items: found.slice(0, limit), next: null, total: found.length, kinds });
    }
    case "GET /drift": {
      const share = (site, tenant, people, have, because) => ({ site, tenant, people, have, because, example: world.people[0].id ?? { tenant: "acme", user: "00u1" } });
      const place = (site, own) => ({ site, tenant: "acme", people: 800, policy: "harborlight", seal: "5f2c1e9a77b0", version: 12, published_at: iso(born - 86_400_000), parameters: { "quiet floor": own ?? "Level 2" }, own: own ? ["quiet floor"] : [], reactions: { linked: "repair", unlinked: "adopt", unmatched: "report", disputed: "report", deleted: "end" } });
      return ok({
        at: iso(born), people: 1_600, kinds: 42, not_compared: 0, found: 1,
        differences: [{ kind: ["department Design", "in EXEC-Floor"], what: "Access policy / Executive floor", people: 31, have: [share("london", "acme", 24, 24, "executive-floor (in EXEC-Floor)")], lack: [share("berlin", "acme", 31, 0, "executive-floor (the site is Berlin, not London)")] }],
        in_force: [place("berlin", "Ground floor"), place("london")],
        roll_out: { seal: "wif_5f2c1e9a", people: 1_600, waves: ["5%", "berlin", "everybody else"], begun: 2, began_at: iso(born - 3_600_000), next_at: null, halted: "the limit on removals in berlin is reached" },
      });
    }
    case "GET /sweeps": return ok({ items: [0, 1, 2, 3].map((n) => ({ id: `s${n}`, scope: "all", started_at: iso(born - n * 86_400_000 - 8_100_000), ended_at: iso(born - n * 86_400_000 - 8_088_000), certified: n !== 2, doubts: n === 2 ? ["The list of London was 9 accounts shorter than its count."] : [], people: world.people.length, accounts: world.people.length - 18, drift: n * 4, findings: n })) });
    case "GET /overview": return ok(only(overview(), tenant));
    case "GET /health": return ok(health());
    case "GET /demo": return ok(demo());
    case "GET /plans": return ok({ next: null, items: world.plans.filter((p) => mine(p) && (!query.get("effect") || p.summary[query.get("effect")] > 0)).slice(0, limit).map(({ steps: _, ...rest }) => rest) });
    case "GET /activity": {
      const after = Number(query.get("cursor") || Infinity);
      const found = world.activity.filter((a) => mine(a) && a.seq < after && (!query.get("problems") || a.severity !== "info") && (!query.get("search") || `${a.title} ${a.person}`.toLowerCase().includes(query.get("search").toLowerCase())));
      return ok({ items: found.slice(0, limit), next: found.length > limit ? found[limit - 1].seq : null });
    }
    case "GET /people": {
      const search = (query.get("search") ?? "").toLowerCase();
      const from = Number(query.get("cursor") || 0);
      const found = world.people.filter((p) => mine(p) && (!search || `${p.name} ${p.email} ${p.department} ${p.title}`.toLowerCase().includes(search)));
      return ok({ items: found.slice(from, from + limit).map(bare), next: from + limit < found.length ? String(from + limit) : null, total: found.length, more_than: null });
    }
    case "POST /stop": world.stopped = true; tell("overview", {}); return ok({});
    case "POST /resume": world.stopped = false; tell("overview", {}); return ok({});
    case "POST /demo/act": return ok(act(body.kind));
    default: return problem(404, "No such path", path);
  }
}

const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".html": "text/html" };

function serveFile(path, answer) {
  const file = DIST && join(DIST, normalize(path));
  if (file && path !== "/" && existsSync(file) && statSync(file).isFile()) {
    answer.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    return answer.end(readFileSync(file));
  }
  if (!DIST || path.startsWith("/assets/")) return answer.writeHead(404).end();
  const nonce = randomBytes(16).toString("base64");
  answer.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  });
  return answer.end(readFileSync(join(DIST, "index.html"), "utf8").replaceAll("__CSP_NONCE__", nonce));
}

createServer(async (request, answer) => {
  const at = new URL(request.url, "http://localhost");
  if (!at.pathname.startsWith("/api/v1/")) return serveFile(decodeURIComponent(at.pathname), answer);
  const path = at.pathname.slice("/api/v1".length);
  if (path === "/events") {
    answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    answer.write(": open\n\n");
    listeners.add(answer);
    return request.on("close", () => listeners.delete(answer));
  }
  let text = "";
  for await (const chunk of request) text += chunk;
  let outcome;
  if (request.method !== "GET" && request.headers["x-lanyard-csrf"] !== CSRF) outcome = problem(403, "Missing or old token", "Ask GET /session for one.");
  else outcome = route(request.method, decodeURIComponent(path), at.searchParams, text ? JSON.parse(text) : {}, request.headers);
  answer.writeHead(outcome.status, { "content-type": outcome.status < 400 ? "application/json" : "application/problem+json", ...outcome.headers });
  return answer.end(outcome.body === null ? undefined : JSON.stringify(outcome.body));
}).listen(PORT, "127.0.0.1", () => console.log(`mock: http://127.0.0.1:${PORT}`));
