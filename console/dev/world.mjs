// A made-up company for the mock server: people, accounts, plans and activity from a fixed seed.

let state = 20261123;
/** mulberry32: the same numbers on every start. */
export function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
export const pick = (list) => list[Math.floor(random() * list.length)];
const below = (n) => Math.floor(random() * n);

const FIRST = "Ana Anton Astrid Bilal Carla Chidi Chloé Daniel Dilara Elif Emeka Eva Farid Femke Grace Hana Henrik Ines Ivan Jana Javier Jonas Kaito Katya Lena Liam Lucía Maja Marco Mei Mila Nadia Noah Olga Omar Petra Priya Quentin Rania Ravi Rosa Samir Sofia Tariq Theo Uma Viktor Wanda Yara Zoe".split(" ");
const LAST = "Abbott Adeyemi Becker Bianchi Castro Chen Dubois Eriksson Fischer Garcia Haddad Hoffmann Ibrahim Jansen Kaya Keller Kowalski Larsen Lopez Martin Meyer Moreau Nakamura Novak Okafor Olsen Patel Petrov Rossi Sato Schmidt Silva Singh Tanaka Torres Vogel Weber Wójcik Yilmaz Zhang".split(" ");
const TEAMS = [
  ["Engineering", ["Software Engineer", "Staff Engineer", "Engineering Manager"], "Floor 4 / North"],
  ["Design", ["Product Designer", "Researcher"], "Floor 4 / South"],
  ["Sales", ["Account Executive", "Sales Manager"], "Floor 2 / West"],
  ["Finance", ["Analyst", "Controller"], "Floor 6 / East"],
  ["People", ["Recruiter", "People Partner"], "Floor 3 / East"],
  ["Facilities", ["Workplace Coordinator", "Facilities Manager"], "Ground / Hub"],
  ["Support", ["Support Engineer", "Team Lead"], "Floor 2 / North"],
];

export const TENANTS = [
  { id: "acme-emea", name: "Acme EMEA", okta_url: "http://127.0.0.1:4101", place: "5 Bishopsgate", site: "london" },
  { id: "acme-amer", name: "Acme Americas", okta_url: "http://127.0.0.1:4102", place: "200 Hudson", site: "newyork" },
];
export const SITES = [
  { id: "london", name: "London", ioffice_url: "http://127.0.0.1:4201" },
  { id: "newyork", name: "New York", ioffice_url: "http://127.0.0.1:4202" },
];

const iso = (ms) => new Date(ms).toISOString();

function makePerson(tenant, n, now) {
  const name = `${pick(FIRST)} ${pick(LAST)}`;
  const [department, titles, zone] = pick(TEAMS);
  const draw = random();
  const status = draw < 0.93 ? "ACTIVE" : draw < 0.95 ? "SUSPENDED" : draw < 0.97 ? "DEPROVISIONED" : draw < 0.985 ? "STAGED" : "PASSWORD_EXPIRED";
  const gone = status === "DEPROVISIONED";
  const odd = random();
  return {
    tenant: tenant.id,
    id: `00u${(n * 7919 + 104729).toString(36).padStart(6, "0")}${tenant.id.slice(-2)}`,
    name,
    email: `${name.toLowerCase().normalize("NFD").replace(/[^a-z ]/g, "").replace(" ", ".")}${n % 9 === 0 ? n : ""}@acme.example`,
    department,
    title: pick(titles),
    status,
    situation: gone ? "deleted" : odd < 0.97 ? "linked" : odd < 0.985 ? "unmatched" : odd < 0.995 ? "unlinked" : "disputed",
    seat: gone || status === "STAGED" ? null : `${tenant.place} / ${zone} / ${100 + below(90)}`,
    sites: [tenant.site],
    last_change_at: iso(now - below(20 * 86_400_000)),
    zone,
    place: tenant.place,
  };
}

/** The whole world at `now` (milliseconds since the epoch). */
export function makeWorld(now) {
  const people = TENANTS.flatMap((tenant, t) => Array.from({ length: t === 0 ? 1240 : 760 }, (_, i) => makePerson(tenant, t * 2000 + i, now)));
  people.sort((a, b) => a.name.localeCompare(b.name));
  const spark = Array.from({ length: 60 }, (_, i) => ({ at: iso(now - (59 - i) * 60_000), applied: Math.round(9 + 5 * Math.sin(i / 7) + random() * 7), failed: random() < 0.06 ? 1 + below(2) : 0 }));
  return { born: now, people, spark, activity: [], plans: [], seq: 0, steps: 0, stopped: false, counts: { applied: 1318, failed: 6 } };
}

const KINDS = [
  ["operation", "ok", () => "update: done", (p) => `~ title: Trainee -> ${p.title}; + phone: +44 20 7946 0${100 + below(90)}`],
  ["verified", "ok", () => "read back: as wanted", () => ""],
  ["operation", "ok", () => "update: done", (p) => `> seat: ${p.place} / Floor 2 / West / 131 -> ${p.seat ?? p.place}`],
  ["signal", "info", (p) => `Okta told us about ${p.name}`, () => "user.account.update_profile by event hook, 0.2 s after it happened"],
  ["group_added", "info", (p) => `${p.name} joined ${p.department} ${p.place}`, () => "group.user_membership.add, seen by hook and feed"],
  ["operation", "ok", () => "set_roles: done", (p) => `+ role in Reservations ${p.place}: CUSTOMER`],
  ["hold", "held", () => "seat change held", () => "settle window: 4 min left, in case the rest of the move arrives"],
  ["operation", "warning", () => "update: throttled", () => "429, again in 8 s; nothing was written"],
  ["decision", "info", () => "looked at: nothing to do", () => "a sweep"],
];

/** Lets one believable thing happen at `at`. */
export function happen(world, at, wanted) {
  const p = wanted?.person ?? pick(world.people);
  const [kind, severity, title, detail] = wanted?.row ?? KINDS[Math.floor(random() * random() * KINDS.length)];
  const item = { seq: ++world.seq, at: iso(at), tenant: p.tenant, site: p.sites[0], identity: { tenant: p.tenant, id: p.id }, person: p.name, kind, title: title(p), detail: detail(p), severity: severity === "ok" ? "info" : severity };
  world.activity.unshift(item);
  world.activity.length = Math.min(world.activity.length, 2000);
  p.last_change_at = item.at;
  if (severity === "ok") {
    if (at > world.born) world.counts.applied += 1;
    if (at > world.born) world.spark.at(-1).applied += 1;
    if (item.title === "update: done") world.plans.unshift(makePlan(p, `pln_${(900_000 + world.seq).toString(36)}`, at, "applied"));
  } else if (severity === "held") {
    world.plans.unshift(makePlan(p, `pln_${(900_000 + world.seq).toString(36)}`, at, "held"));
  }
  world.plans.length = Math.min(world.plans.length, 300);
  return item;
}

export function makePlan(p, id, at, planState) {
  const steps = [];
  const because = [`group "${p.department} ${p.place}"`, `flow "Group change", priority 40`];
  const add = (symbol, what, detail, why = because) => steps.push({ symbol, what, detail, because: why });
  const shape = Math.floor(random() * 3);
  if (shape === 0) {
    add(">", `Seat to ${p.seat ?? p.place}`, `from ${p.place} / Floor 2 / West / 131`);
    add("+", `Permission: CUSTOMER in Reservations ${p.place}`, "room booking in the seat's building");
    add("-", "Permission: CUSTOMER in Reservations Canary Wharf", "the last reason for it is gone: no group names that building");
  }
  if (shape <= 1) add("~", "Job title", `"${p.title}" instead of "Trainee"`, ["attribute mapping title → jobTitle"]);
  if (shape === 1) add("~", "Cost center", `${p.department} (4120) instead of Unassigned`, ["mapping table cost_centers, row 12"]);
  if (shape === 2) {
    add("+", `Desk for the first day: ${p.place} / ${p.zone}`, "booked 09:00 to 18:00 local time", ['flow "New user"']);
    add("+", `Permission: CUSTOMER in Reservations ${p.place}`, "room booking in the seat's building");
  }
  if (planState === "held") add("=", "Take back Executive floor", "settle window of 5 min, until the rest of the move has arrived", ['flow "Group change", hold']);
  const count = (symbol) => steps.filter((s) => s.symbol === symbol).length;
  return { id, at: iso(at), tenant: p.tenant, site: p.sites[0], identity: { tenant: p.tenant, id: p.id }, person: p.name, lane: p.status === "DEPROVISIONED" ? "leaver" : "routine", state: planState, steps, notes: [], operations: planState === "applied" ? [{ id: `op_${id.slice(4)}`, step: 0, operation: { op: "update" }, at: iso(at), outcome: { at: iso(at + 140), outcome: { outcome: "done" } } }] : [], summary: { add: count("+"), change: count("~"), remove: count("-"), move: count(">"), held: count("=") } };
}

/** Everything about one person, as the person page asks for it. */
export function detailOf(p, world, now) {
  const linked = p.situation === "linked";
  const leaver = p.status === "DEPROVISIONED";
  const leave = p.status === "SUSPENDED";
  const team = { id: "00g1", name: `${p.department} ${p.place}` };
  const items = leaver ? [] : [
    { kind: "seat", label: "", value: p.seat ?? `${p.place} / ${p.zone}`, because: [`group "${team.name}"`, 'flow "New user", table places.csv row 7'] },
    { kind: "section", label: "neighborhood", value: p.zone, because: [`department is ${p.department}`] },
    { kind: "cost center", label: "", value: `${p.department} (4120)`, because: ["mapping table cost_centers, row 12"] },
    ...(leave ? [] : [{ kind: "permission", label: "room booking", value: `CUSTOMER in Reservations ${p.place}`, because: ["building of the seat", 'flow "New user"'] }]),
    ...[["jobTitle", p.title], ["department", p.department], ["phone", "+44 20 7946 0123"]].map(([label, value]) => ({ kind: "field", label, value, because: [`attribute mapping ${label}`] })),
  ];
  const not_given = leaver
    ? [{ label: "Everything", because: ["status DEPROVISIONED: a leaver has nothing"] }]
    : [
        { label: "Visitor management", because: ['not in group "Visitor hosts"'] },
        ...(leave ? [{ label: "Room booking", because: ["SUSPENDED without another mark is leave: permissions pause, the seat stays"] }] : []),
        { label: "Door badge", because: ["cannot be done via the iOffice API; the door feed of this site is off"] },
      ];
  const mine = world.activity.filter((a) => a.identity.id === p.id).slice(0, 6);
  const base = now - 3 * 3_600_000;
  const row = (n, after, kind, title, detail, data) => ({ seq: -n, at: iso(base + after), tenant: p.tenant, site: p.sites[0], identity: { tenant: p.tenant, id: p.id }, person: p.name, kind, title, detail, severity: kind === "finding" ? "warning" : "info", data });
  const timeline = [
    ...mine,
    row(1, 2_410, "verified", "read back: as wanted", "", {}),
    row(2, 1_790, "operation", "set_roles: done", `+ role in Reservations ${p.place}: CUSTOMER`, { ms: 118, outcome: { outcome: "done" } }),
    row(3, 1_650, "operation", "update: done", `~ title: Trainee -> ${p.title}; > seat: ${p.place} / Floor 2 / West / 131 -> ${p.seat ?? "none"}`, { ms: 143, outcome: { outcome: "done" } }),
    row(4, 900, "plan", "1 to add, 1 to change, 1 to move", "", { plan: world.plans[0].id }),
    row(5, 640, "decision", "settled: 300 s without another event", 'policy version 7, flows "New user" and "Profile update"', {}),
    row(6, 0, "signal", "user.account.update_profile", "by event hook; the log feed brought it 11 s later", {}),
    row(7, -42 * 86_400_000, "operation", "create: done", "3 days before the start date", { ms: 212, outcome: { outcome: "done" } }),
  ];
  return {
    person: { ...p, groups: [{ id: "00g0", name: "Everyone" }, team, { id: "00g2", name: "Employees" }], profile: [["costCenter", "4120"], ["countryCode", p.tenant.endsWith("emea") ? "GB" : "US"], ["department", p.department], ["employeeNumber", String(10_000 + p.name.length * 37)], ["login", p.email], ["manager", "Grace Okafor"], ["startDate", "2025-02-03"], ["title", p.title]] },
    account: linked || leave ? { site: p.sites[0], id: 10_482, user_name: p.email, active: !leaver, seat: p.seat, section: leaver ? null : p.zone, cost_center: `${p.department} (4120)`, permissions: leave || leaver ? [] : [{ center: `Reservations ${p.place}`, role: "CUSTOMER" }, { center: `Facilities ${p.place}`, role: "CUSTOMER" }] } : null,
    desired: { lifecycle: leaver ? "leaver" : leave ? "on_leave" : p.status === "STAGED" ? "pre_hire" : "employee", items, not_given, review_at: p.status === "STAGED" ? iso(now + 4 * 86_400_000) : null },
    timeline,
  };
}

/** The day's story; `start` is where it begins, an event comes every `gap` milliseconds. */
export function makeStory(world, start, gap) {
  const who = (n) => {
    const { tenant, id, name } = world.people.filter((p) => p.status === "ACTIVE")[n * 31];
    return { tenant, id, name };
  };
  const rows = [
    ["Four joiners, three days early", "Their start date is Thursday; Okta has them staged.", [who(1), who(2), who(3), who(4)], ["four accounts exist, each once", "no permissions before day one", "desks booked for Thursday"]],
    ["A move from Sales to Engineering", "Department, title and two groups change within a minute, in three events.", [who(5)], ["nothing is taken back while the move is half arrived", "seat is on Floor 4", "the Sales center is gone from the permissions"]],
    ["Parental leave", "Suspended in Okta, without any other mark.", [who(6)], ["account active", "seat kept", "permissions paused"]],
    ["A termination", "Deactivated at once, for cause.", [who(7)], ["permissions gone", "future bookings cancelled", "account inactive, read back"]],
    ["A contractor's last day", "The end date passes; iOffice has none, so our timer ends it.", [who(8)], ["account inactive", "IT and facilities were told"]],
    ["Two accounts are merged", "An old e-mail address comes back on another identity.", [who(9), who(10)], ["one live account", "nobody got the other's seat"]],
    ["The event hook goes silent", "Okta delivers nothing for ten minutes.", [], ["the log feed brought every event", "an alarm was raised"]],
    ["A 429 storm", "iOffice refuses four calls of five.", [], ["leavers went first", "no call was repeated blindly", "all is in step again"]],
  ];
  return rows.map(([title, detail, people, expects], i) => ({ at: iso(start + i * gap), title, detail, people, expects }));
}
