// Made-up answers about sealed what-ifs, lines of the activity in full, and what helps to decide.
const iso = (ms) => new Date(ms).toISOString();

const WHY = ["own-desk, places row 1: officeLocation is LON", "zone: department is Design"];
const names = (texts) => Object.fromEntries(texts.map((text) => [text, [text]]));

/** Who a draft would affect; `because` in words, or as places in `reasons`. */
export function affected(world, inWords) {
  const effect = (p, i) => ({ identity: { tenant: p.tenant, user: p.id }, person: p.name, site: "london", gains: i % 3 === 0 ? ["+ seat: 5 Bishopsgate / Level 4 / 4.012"] : [], loses: i % 5 === 1 ? ["- role in Reservations: CUSTOMER"] : [], moves: i % 3 === 2 ? ["> section: Level 2 -> Level 4"] : [], changes: [], waits: i % 7 === 6 ? ["+ item: Executive floor (executive-desk asks a person)"] : [], no_longer: [] });
  return world.people.slice(0, 14).map(effect).filter((p) => p.gains.length + p.loses.length + p.moves.length + p.waits.length > 0).map((p) => {
    const texts = [...p.gains, ...p.loses, ...p.moves];
    return { ...p, lines: names(texts), because: Object.fromEntries([...texts, ...p.waits].map((text) => [text, inWords ? WHY : [0, 1]])) };
  });
}

export function whatif(world, draft, seal) {
  const people = affected(world, false);
  const count = (key) => people.filter((p) => p[key].length).length;
  return { seal, draft, draft_seal: "d1", in_force_seal: "p1", at: iso(Date.now()), totals: { people: world.people.length, affected: people.length, gain: count("gains"), lose: count("loses"), move: count("moves"), change: 0, wait: count("waits") }, people, reasons: WHY, floors: [{ site: "london", floor: "5 Bishopsgate / Level 4", seats: 96, today: 92, then: 99, short: 3 }, { site: "london", floor: "5 Bishopsgate / Level 2", seats: 120, today: 114, then: 107, short: 0 }], approvals: { "executive-desk": 2 }, cost: [{ site: "london", ioffice_calls: 41, okta_calls: 0, minutes: 2, removals: 3, removals_max: 100 }], out_of_scope: [], unmatched: [], disputed: [], aside: [], bookings_cancelled_for: 0, bookings_known: 0, rules: { dead: [], shadowed: ["own-desk"], idle_rows: [] }, doubts: ["Bookings are not mirrored."] };
}

const heads = (now) => [
  { seal: "wif_2c41d09be7a1f350", of: null, policy: "harborlight", draft: "d1", at: iso(now - 240_000), state: "open", people: 11, lines: 12, left_out: 0, started_at: null, ended_at: null },
  { seal: "wif_5f2c1e9a77b00d12", of: "wif_0aa1", policy: "harborlight", draft: "d0", at: iso(now - 3_700_000), state: "applying", people: 160, lines: 201, left_out: 4, started_at: iso(now - 3_600_000), ended_at: null },
  { seal: "wif_90e5b1d2c3f4a566", of: null, policy: "harborlight", draft: "c9", at: iso(now - 86_400_000), state: "applied", people: 44, lines: 44, left_out: 0, started_at: iso(now - 86_000_000), ended_at: iso(now - 85_000_000) },
];

/** Answers, or nothing for a path of somebody else. */
export function sealed(method, path, query, world) {
  const ok = (body) => ({ status: 200, body });
  const now = Date.now();
  if (method !== "GET") return undefined;
  if (path === "/whatif") return ok({ items: heads(now), next: null, total: 3 });
  const one = path.match(/^\/whatif\/([^/]+)(\/plan|\/people)?$/);
  if (one) {
    const head = heads(now).find((h) => h.seal === one[1]) ?? heads(now)[0];
    const progress = { seal: head.seal, started_at: head.started_at, ended_at: head.ended_at, people: head.people, left_out: head.left_out, lines: head.lines, to_look: head.state === "applying" ? 61 : 0, to_try_again: 0 };
    if (!one[2]) return ok(progress);
    if (one[2] === "/people") {
      const kind = query.get("kind");
      return ok({ items: affected(world, true).filter((p) => !kind || p[kind].length > 0).map((p) => ({ ...p, left_out: [] })), next: null });
    }
    const { people, reasons: _, ...rest } = whatif(world, "draft", head.seal);
    const report = head.state === "applied" ? { seal: head.seal, people: 44, left_out: 0, lines: 44, done: 43, refused: [{ identity: people[0].identity, site: "london", line: "seat+:4012", fate: "the world moved: it is not wanted any more" }], moved: [] } : null;
    return ok({ head, progress, shown: { ...rest, people: [], reasons: [], shown: people.length }, report, roll_out: null, second_person: false });
  }
  if (path === "/plans/reach") {
    const site = (name, people, used, max) => ({ site: name, plans: people + 9, people, of: 1_230, losing: used, floors: 7, summary: { add: people, change: 12, remove: used, move: 4, held: 3 }, removals_used: used, removals_max: max, window_seconds: 86_400 });
    return ok({ since: iso(now - 86_400_000), whole: true, sites: [site("london", 140, 31, 40), site("new-york", 18, 2, 40)] });
  }
  const line = path.match(/^\/activity\/([^/]+)\/(\d+)$/);
  if (line) {
    const found = world.activity.find((a) => a.tenant === line[1] && a.seq === Number(line[2])) ?? world.activity[0];
    const plan = world.plans.find((p) => p.person === found.person) ?? world.plans[0];
    const at = (n) => iso(Date.parse(found.at) - n * 1_000);
    const step = (seq, kind, title, detail, n) => ({ ...found, seq, kind, title, detail, at: at(n), severity: "info", data: kind === "operation" ? { ms: 212 } : null });
    return ok({ line: found, trail: [step(1, "plan", "planned: 1 added, 1 changed", "", 3), step(2, "operation", "update: done", "+ seat: 5 Bishopsgate / Level 4 / 4.012", 2), found], raised: { at: at(4), source: "hook" }, plan: { ...plan, operations: [] }, next: [{ code: "waits", text: "Waits for a decision asked by executive-desk", fix: null, at: iso(now + 3_600_000), approval: "clr_1" }, { code: "todo", text: "Hand the badge out by hand", fix: "iOffice cannot; the reception does it, then put this away", at: null, approval: null }] });
  }
  if (/^\/approvals\/[^/]+\/context$/.test(path)) return ok({ peers: [{ group: "DEPT-Design", members: 31, having: [{ line: "item+:7", what: "+ item: Executive floor", of: 30, have: 2 }] }], seats: [{ line: "seat+:4012", place: "5 Bishopsgate / Level 4 / 4.012", free: true, floor: "5 Bishopsgate / Level 4", floor_seats: 96, floor_taken: 92 }] });
  return undefined;
}
