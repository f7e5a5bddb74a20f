// What is taken back, and who held what at a moment, for the mock server.
const iso = (ms) => new Date(ms).toISOString();
const DAY = 86_400_000;
const STEPS = [
  { symbol: "-", what: "seat", detail: "5 Bishopsgate / Level 4 / 4.012", from: "5 Bishopsgate / Level 4 / 4.012", to: null, because: ["undone by demo"], gate: null },
  { symbol: "+", what: "role in Bishopsgate Visitors", detail: "OPERATOR", from: null, to: "OPERATOR", because: ["undone by demo"], gate: null },
];
const LOST = ["the booking of 3 Dec comes back under another number", "update of 2026-11-02 09:00 UTC: what was there before is not on record"];

/** Answers, or nothing for a path of somebody else. */
export function past(method, path, query, body, world) {
  const ok = (answer) => ({ status: 200, body: answer });
  const now = Date.now();
  if (method === "POST" && path === "/undo") {
    const named = body.identity ?? world.plans.find((p) => p.id === body.plan)?.identity;
    const people = named ? world.people.filter((p) => p.id === named.id) : world.people.slice(0, 4);
    return ok({
      applied: body.apply === true,
      people: people.map((p, i) => ({
        identity: { tenant: p.tenant, user: p.id }, person: p.name, site: p.sites[0], plan: { id: `undo_pln_${i}` }, steps: i === 2 ? [] : STEPS,
        lost: i === 0 ? LOST : [], moved: i < 2 ? ["jobTitle: “Lead” since, by hand"] : [], already: i === 2 ? ["the account is active"] : [],
        keep_away: [{ key: "seat", what: "+ seat: 5 Bishopsgate / Level 4 / 4.012" }], operations: 3, ...(body.apply ? { open: i === 1 ? ["~ seat: 4.012"] : [] } : {}),
      })),
    });
  }
  const at = query.get("as_of") ?? iso(now);
  const began = iso(now - 200 * DAY);
  const rows = (p, n) => {
    if (at < began) return [];
    const one = (kind, key, value, what, days) => ({ account: { site: p.sites[0] ?? "london", id: n }, kind, key, value, what, from: iso(now - days * DAY), to: days === 90 ? iso(now - 2 * DAY) : null });
    return [one("account", "", p.status === "DEPROVISIONED" ? "inactive" : "live", "live", 200), one("person", `${p.tenant}/${p.id}`, "", "", 200), one("role", "51", "CUSTOMER", "Bishopsgate Reservations", 120), one("role", "53", "OPERATOR", "Bishopsgate Visitors", 90), one("item", "7", "", "Access policy / Ground floor", 200), one("seat", "", "4012", p.seat ?? "5 Bishopsgate / Level 4 / 4.012", 31)];
  };
  const person = path.match(/^\/people\/([^/]+)\/([^/]+)\/access$/);
  if (person) {
    const found = world.people.find((p) => p.tenant === person[1] && p.id === person[2]);
    return ok({ person: { tenant: person[1], user: person[2] }, as_of: at, held: rows(found, 1_001).filter((one) => one.kind !== "person"), known_since: { [found.sites[0] ?? "london"]: began } });
  }
  const site = path.match(/^\/sites\/([^/]+)\/access$/);
  if (site) {
    const search = (query.get("search") ?? "").toLowerCase();
    const from = Number(query.get("cursor") ?? 0);
    const all = world.people.filter((p) => !search || p.name.toLowerCase().includes(search));
    const page = all.slice(from, from + 40);
    const held = page.flatMap((p, i) => rows(p, from + i + 1).filter((one) => one.kind !== "person" || i !== 3));
    return ok({
      site: site[1], as_of: at, known_since: began, held, next: from + 40 < all.length ? from + 40 : null, cut: false,
      people: Object.fromEntries(page.map((p) => [`${p.tenant}/${p.id}`, p.name])), accounts: Object.fromEntries(page.map((p, i) => [from + i + 1, p.email])),
    });
  }
  return undefined;
}
