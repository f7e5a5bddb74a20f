// Places, findings, tokens and the policy for the mock server.
import { readFileSync } from "node:fs";
import { pick, random, SITES, TENANTS } from "./world.mjs";

const iso = (ms) => new Date(ms).toISOString();

export function makeRooms(world, now) {
  const sites = SITES.map((site, s) => {
    const people = world.people.filter((p) => p.tenant === TENANTS[s].id && p.seat);
    const floors = ["Level 6", "Level 4", "Level 3", "Level 2", "Ground"].map((name, f) => {
      const capacity = [60, 96, 80, 120, 24][f];
      const here = people.filter((_, i) => i % 5 === f).slice(0, capacity - 6);
      const rooms = Array.from({ length: capacity }, (_, i) => ({
        id: `${f}${i}`, name: `${name.at(-1) === "d" ? "0" : name.at(-1)}-${String(i + 1).padStart(3, "0")}`, kind: i % 11 === 0 ? "Hot desk" : "Workstation", occupiable: true, reservable: i % 11 === 0, capacity: 1,
        people: here[i] ? [{ account: String(1000 + i), name: here[i].name, identity: { tenant: here[i].tenant, id: here[i].id }, how: i % 7 === 3 ? "hand" : "rule" }] : i === capacity - 2 && f < 3 ? [{ account: "77", name: "old.kiosk", identity: null, how: "orphaned" }] : [],
      }));
      if (f === 1) rooms[4].people.push({ account: "1999", name: pick(people).name, identity: null, how: "orphaned" });
      rooms.push({ id: `${f}m`, name: "Meeting A", kind: "Meeting room", occupiable: false, reservable: true, capacity: 8, people: [] });
      const seats = rooms.filter((r) => r.occupiable);
      return {
        id: `${s}${f}`, name, spaces: seats.length, capacity, taken: seats.reduce((n, r) => n + r.people.length, 0),
        orphaned: seats.flatMap((r) => r.people).filter((p) => p.how === "orphaned").length, over_capacity: seats.filter((r) => r.people.length > r.capacity).length,
        sections: f === 1 ? [{ id: "s1", name: "North", neighborhood: "Engineering" }] : [], site: site.id, building: TENANTS[s].place, read_at: iso(now), rooms,
      };
    });
    return { id: site.id, read_at: iso(now), buildings: [{ id: `b${s}`, name: TENANTS[s].place, code: TENANTS[s].place.slice(0, 3).toUpperCase(), floors }] };
  });
  const numbers = ({ site: _s, building: _b, read_at: _r, rooms: _o, ...rest }) => rest;
  return {
    list: () => ({ sites: sites.map((s) => ({ ...s, buildings: s.buildings.map((b) => ({ ...b, floors: b.floors.map(numbers) })) })) }),
    floor: (site, id) => sites.find((s) => s.id === site)?.buildings.flatMap((b) => b.floors).find((f) => f.id === id),
  };
}

export function makeFindings(world, now) {
  const kinds = [["orphan", "warning", "An account belongs to nobody", "Link it, or deactivate it in iOffice."], ["aside", "warning", "A person is set aside", "Correct the date in Okta."], ["todo", "info", "Something to do by hand", "Do it in iOffice, then tick it off."], ["disputed", "error", "Two accounts claim one person", "Deactivate one of the two."]];
  return Array.from({ length: 34 }, (_, i) => {
    const [kind, severity, title, fix] = kinds[Math.floor(random() * kinds.length)];
    const person = pick(world.people);
    return { key: `${kind}:${i}`, kind, severity, tenant: person.tenant, site: "london", identity: kind === "orphan" ? null : { tenant: person.tenant, user: person.id }, title: `${title}: ${kind === "orphan" ? `svc-${i}` : person.name}`, detail: "Seen in the last complete comparison.", fix, since: iso(now - i * 3_700_000) };
  });
}

const flow = (id, sentence, rest) => ({ id, sentence, ...rest });
const DOCUMENT = {
  rules: {
    format: 1,
    name: "Workplaces of Acme",
    groups: { "APP-iOffice-Users": { "acme-emea": "00gAPPUSERS" }, "EXEC-Floor": { "acme-emea": "00gEXECFLOOR" }, "ROOM-Booking": { "acme-emea": "00gROOMBOOK" } },
    scope: { if: [{ group: "APP-iOffice-Users" }] },
    notify: { it: { email: ["it@acme.example"] }, facilities: { email: ["facilities@acme.example"] } },
    flow: [
      flow("executive-desk", "Executives have a desk on the executive floor of their building.", { template: "new-user", priority: 200, if: [{ group: "EXEC-Floor" }, { not: { attribute: "workMode", is: "remote" } }], look_up: "places", then: [{ place: "desk", kind: "Executive", floor: "Level 6", otherwise: { field: "custom03", text: "{building} / {floor}" } }], but_first: { approval: ["manager"], hold: "24 hours" } }),
      flow("own-desk", "People who work at a desk of their own get a free one in their building.", { template: "new-user", priority: 100, if: [{ not: { attribute: "workMode", in: ["hybrid", "remote"] } }], look_up: "places", then: [{ place: "desk", otherwise: { field: "custom03", text: "{building}" } }] }),
      flow("room-booking", "Members of ROOM-Booking may book rooms in the building of their seat.", { template: "group-change", if: [{ group: "ROOM-Booking" }], then: [{ role: "customer", module: "reservation" }, { booking: "day one", title: "First day", from: "09:00", to: "17:00" }] }),
      flow("contractors-not-executive", "Contractors never get the executive floor, whatever their groups.", { template: "contractor-expiry", if: [{ attribute: "userType", is: "Contractor" }], never: [{ item: "Access policy / Executive floor" }] }),
    ],
  },
  tables: { places: { columns: ["site", "attribute:officeLocation", "attribute:division", "building", "floor", "section", "comment"], rows: [["london", "LON", "Engineering", "5 Bishopsgate", "Level 4", "North", "engineers sit together"], ["london", "LON", "", "5 Bishopsgate", "Level 2", "", ""], ["newyork", "NYC", "", "200 Hudsen", "Level 3", "", "everybody else"]] } },
};

/** Just enough of versions and drafts to work on the editor. */
export function makePolicy(now) {
  const versions = [
    { version: 2, name: "Workplaces of Acme", seal: "b71d0c…", author: "Grace Weber", approved_by: "Omar Patel", reason: "Executives moved to Level 6", at: iso(now - 86_400_000 * 3), back_to: null, changes: ["Flow executive-desk: floor is now Level 6, it was Level 5."], document: DOCUMENT },
    { version: 1, name: "Workplaces of Acme", seal: "0a44e9…", author: "Grace Weber", approved_by: null, reason: "First policy", at: iso(now - 86_400_000 * 20), back_to: null, changes: [], document: DOCUMENT },
  ];
  const drafts = new Map([["level-four", { tag: 3, based_on: 2, author: "Grace Weber", at: iso(now - 3_600_000), document: structuredClone(DOCUMENT) }]]);
  const head = ({ document: _, ...rest }) => rest;
  const shown = (id, d) => ({ id, etag: `"${d.tag}"`, based_on: d.based_on, author: d.author, at: d.at, asked: null, source: {}, document: d.document, problems: d.document.rules.flow.filter((f) => !f.id).map(() => ({ severity: "error", message: "a flow without an id", fix: "add id" })) });
  const text = (d) => JSON.stringify(d);
  return (method, path, query, body, headers) => {
    const ok = (answer, tag) => ({ status: 200, body: answer, headers: tag ? { etag: `"${tag}"` } : {} });
    if (path === "/policy") return ok({ in_force: head(versions[0]), running: { name: versions[0].name, seal: versions[0].seal }, second_person: false, applying: null, flows: [{ id: "executive-desk", sentence: "Executives sit on the executive floor." }], drafts: [...drafts].map(([id, d]) => ({ ...shown(id, d), document: undefined, source: undefined, problems: undefined })) });
    if (path === "/policy/versions") return ok({ versions: versions.map(head), total: versions.length });
    if (path.startsWith("/policy/versions/")) return ok({ ...head(versions[0]), source: {}, document: versions[0].document });
    if (path === "/policy/diff") {
      const draft = drafts.get((query.get("to") ?? "").replace("draft:", ""));
      const a = versions[0].document, b = draft?.document ?? a;
      const changes = b.rules.flow.filter((f) => !a.rules.flow.some((g) => text(g) === text(f))).map((f) => `Flow ${f.id} is new or changed: ${f.sentence}`);
      if (text(a.tables) !== text(b.tables)) changes.push("Table places has other rows.");
      return ok({ changes });
    }
    if (path === "/policy/schema") return ok(JSON.parse(readFileSync(new URL("../../crates/policy/src/policy.schema.json", import.meta.url), "utf8")));
    if (path === "/policy/lint") return ok({ ok: true, problems: [], document: body.document });
    if (path === "/policy/vocabulary")
      return ok({ groups: Object.entries(DOCUMENT.rules.groups).map(([name, ids]) => ({ tenant: "acme-emea", id: Object.values(ids)[0], name })), attributes: ["department", "division", "officeLocation", "userType", "workMode", "contractEndDate", "title"], channels: ["it"], templates: [], sites: SITES.map((s, i) => ({ site: s.id, buildings: [{ name: TENANTS[i].place, code: "B", floors: ["Level 6", "Level 4", "Level 3", "Level 2", "Ground"] }], sections: [{ neighborhood: "Engineering", name: "North", floor: "Level 4" }], kinds: ["Workstation", "Hot desk", "Executive"], items: [{ category: "Access policy", name: "Executive floor" }], centers: [{ module: "reservation", name: "Reservations" }], user_types: ["Employee", "Contractors"] })) });
    const one = path.match(/^\/policy\/drafts\/([^/]+)(\/publish)?$/);
    if (!one) return undefined;
    const draft = drafts.get(one[1]);
    const stale = { status: 412, body: { title: "somebody else changed it meanwhile", code: "policy_changed" } };
    if (method === "GET") return draft ? ok(shown(one[1], draft), draft.tag) : { status: 404, body: { title: "there is no such draft" } };
    if (headers["if-none-match"] === "*" ? draft : headers["if-match"] !== `"${draft?.tag}"`) return stale;
    if (method === "DELETE") return drafts.delete(one[1]), ok({ forgotten: one[1] });
    if (one[2]) {
      versions.unshift({ ...versions[0], version: versions[0].version + 1, author: "demo", approved_by: null, reason: body.reason, at: iso(Date.now()), changes: [], document: draft.document });
      drafts.delete(one[1]);
      return ok({ state: "published", version: head(versions[0]) });
    }
    const next = { tag: (draft?.tag ?? 0) + 1, based_on: body.based_on ?? draft?.based_on ?? versions[0].version, author: "demo", at: iso(Date.now()), document: body.document };
    drafts.set(one[1], next);
    return ok(shown(one[1], next), next.tag);
  };
}

export function makeRequests(world, now) {
  const rules = [["executive-desk", "+ desk on Level 6", "approval"], ["room-booking", "+ role in Reservations: CUSTOMER", "approval"], ["lifecycle.end", "- account deactivated", "hold"], ["guardrails.cap", "- all permissions", "cap"]];
  return Array.from({ length: 11 }, (_, i) => {
    const [rule, what, kind] = rules[i % rules.length];
    const person = pick(world.people);
    return { id: `clr_${i}`, kind, state: i === 10 ? "declined" : "waiting", over: false, tenant: person.tenant, identity: { tenant: person.tenant, id: person.id }, person: person.name, site: "london", rule, lines: [{ key: "l1", what }, { key: "l2", what: "+ badge role B" }], plan: world.plans[0].id, asked_at: iso(now - i * 1_900_000), until: iso(now + (i + 1) * 7_000_000), whom: kind === "approval" ? ["manager", "role approver"] : [], quorum: kind === "approval" ? 1 : null, votes: [], may_decide: i !== 10, why_not: i === 10 ? "it is declined" : null, ended: i === 10 ? { at: iso(now - 60_000), why: "declined by Grace Weber" } : null };
  });
}
