// The six templates, and an empty flow: what each adds to a policy.
import { flowsOf, freshId, withFlows, type Document, type Flow } from "./model";

export interface Template {
  id: string;
  title: string;
  says: string;
  flow?: Omit<Flow, "id">;
  /** Part of the ground rules that it is made of, where it is no flow. */
  section?: string;
}

export const TEMPLATES: Template[] = [
  { id: "new-user", title: "New user", says: "A place, and what a newcomer needs, before the first day.", flow: { template: "new-user", sentence: "Newcomers get a free desk in their building.", priority: 50, if: [], look_up: "places", then: [{ place: "desk" }] } },
  { id: "deactivation", title: "Deactivation", says: "Whoever is deactivated in Okta loses account, permissions, seat and bookings. Always on; its marks are in the lifecycle.", section: "lifecycle" },
  { id: "group-change", title: "Group change", says: "What membership of a group gives, and takes back when it ends.", flow: { template: "group-change", sentence: "Members of a group may book rooms in the building of their seat.", if: [{ group: "" }], then: [{ role: "customer", module: "reservation" }] } },
  { id: "reconciliation", title: "Scheduled reconciliation", says: "Everybody is compared at night; differences are repaired or reported. Its hours are in the schedule.", section: "schedules" },
  { id: "contractor-expiry", title: "Contractor expiry", says: "A contractor has things until the contract's last day, and the front desk knows of the first.", flow: { template: "contractor-expiry", sentence: "The front desk knows a contractor's first day; the manager is the host.", if: [{ attribute: "userType", is: "Contractor" }], then: [{ visit: "arrival", at: "09:00", notes: "First day of a contractor" }], until: "contractEndDate" } },
  { id: "profile-update", title: "Profile update", says: "Which Okta attribute fills which iOffice field. Only what differs is written.", section: "profile" },
  { id: "scratch", title: "Start from scratch", says: "An empty flow.", flow: { sentence: "", if: [], then: [] } },
];

/** A policy with a template's flow at its end, and where that is. Where there is no table to look up in, it looks up in none. */
export function withTemplate(doc: Document, template: Template): { doc: Document; flow?: number } {
  if (!template.flow) return { doc };
  const { look_up, ...rest } = template.flow;
  const table = typeof look_up === "string" ? (look_up in doc.tables ? look_up : Object.keys(doc.tables)[0]) : undefined;
  const flow = { id: freshId(doc, template.id === "scratch" ? "flow" : template.id), ...rest, ...(table === undefined ? {} : { look_up: table }) } as Flow;
  return { doc: withFlows(doc, [...flowsOf(doc), flow]), flow: flowsOf(doc).length };
}
