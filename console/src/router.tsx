// Every view is a link: the tenant leads the path, filters and tabs are in the query.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { NotFound } from "./screens/NotFound";
import type { UndoSearch } from "./screens/undo/scope";
import { Shell } from "./shell/Shell";

export interface PeopleSearch {
  q?: string;
  sort?: "-name";
}
export interface PersonSearch {
  tab?: "timeline" | "access" | "explain" | "plan";
  thing?: string;
  /** As of when something is explained. */
  at?: string;
  /** The moment at which access is looked at. */
  on?: string;
}
export interface ActivitySearch {
  show?: "problems" | "changes" | "everything";
  q?: string;
  sort?: "oldest";
  /** `TENANT/SEQ` of the line that is open. */
  line?: string;
  /** What of it is shown; its steps, if nothing else. */
  tab?: "fields" | "next";
}

export interface PlansSearch {
  q?: string;
  effect?: "add" | "change" | "move" | "remove" | "held";
  sort?: "oldest";
}
/** Of a plan for everybody. */
export interface PlanSearch {
  kind?: string;
  q?: string;
}
export interface EvidenceSearch {
  /** The pack that a link is about. */
  pack?: string;
}
/** Who held what in a site, at a moment. */
export interface SiteAccessSearch {
  site?: string;
  on?: string;
  q?: string;
}
export interface PlacesSearch {
  full?: boolean;
}
export interface FloorSearch {
  q?: string;
  show?: "free" | "attention";
  /** The space that is chosen on the map. */
  space?: string;
}
export interface DriftSearch {
  kind?: string;
  q?: string;
  sort?: "newest" | "oldest" | "title";
}
export interface ApprovalsSearch {
  kind?: "approval" | "hold" | "cap" | "done";
  id?: string;
  q?: string;
}
export interface EditorSearch {
  view?: "table" | "flow" | "ground" | "try" | "changes" | "effect";
  flow?: number;
  /** The step of that flow: `if.0`, `look_up`. */
  step?: string;
  /** The mapping table that is open. */
  table?: string;
  /** Of the effect: which, and on whom. */
  kind?: string;
  q?: string;
  /** The part of the ground rules that is open. */
  section?: string;
}
export interface ReviewsSearch {
  show?: "open";
  mine?: boolean;
  q?: string;
}
export interface ReviewSearch {
  show?: "all";
  mine?: boolean;
  /** Only this reviewer's lines. */
  reviewer?: string;
  q?: string;
  /** The line that is open. */
  line?: string;
}
export interface NewConnectionSearch {
  kind?: "okta" | "ioffice";
}
export interface SignInSearch {
  problem?: string;
  to?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
/** An id may look like a number, and comes as one then. */
const id = (value: unknown) => (typeof value === "number" ? String(value) : text(value));
function oneOf<T extends string>(value: unknown, ...allowed: T[]): T | undefined {
  return allowed.find((a) => a === value);
}

const screens = {
  overview: () => import("./screens/Overview"),
  story: () => import("./screens/Story"),
  people: () => import("./screens/People"),
  person: () => import("./screens/Person"),
  activity: () => import("./screens/Activity"),
  plans: () => import("./screens/Plans"),
  plan: () => import("./screens/Plan"),
  undo: () => import("./screens/undo/Undo"),
  health: () => import("./screens/Health"),
  places: () => import("./screens/Places"),
  floor: () => import("./screens/FloorPage"),
  drift: () => import("./screens/Drift"),
  audit: () => import("./screens/Audit"),
  settings: () => import("./screens/Settings"),
  connections: () => import("./screens/Connections"),
  newConnection: () => import("./screens/NewConnection"),
  firstContact: () => import("./screens/FirstContact"),
  evidence: () => import("./screens/Evidence"),
  siteAccess: () => import("./screens/SiteAccess"),
  reviews: () => import("./screens/Reviews"),
  review: () => import("./screens/Review"),
  approvals: () => import("./screens/Approvals"),
  policies: () => import("./screens/policy/Policies"),
  editor: () => import("./screens/policy/Editor"),
  trial: () => import("./screens/policy/Trial"),
  signIn: () => import("./screens/SignIn"),
};

/** Fetches the code of every screen, so that going to one works even while the server is away. */
export function preloadScreens() {
  for (const load of Object.values(screens)) void load().catch(() => undefined);
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/$tenant/overview", params: { tenant: "all" } });
  },
});
const tenantHome = createRoute({
  getParentRoute: () => root,
  path: "/$tenant",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/$tenant/overview", params });
  },
});
const overview = createRoute({ getParentRoute: () => root, path: "/$tenant/overview", component: lazyRouteComponent(screens.overview, "Overview") });
const story = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/story",
  component: lazyRouteComponent(screens.story, "Story"),
});
const people = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/people",
  validateSearch: (search): PeopleSearch => ({ q: text(search.q), sort: oneOf(search.sort, "-name") }),
  component: lazyRouteComponent(screens.people, "People"),
});
const person = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/people/$home/$id",
  validateSearch: (search): PersonSearch => ({ tab: oneOf(search.tab, "timeline", "access", "explain", "plan"), thing: text(search.thing), at: text(search.at), on: text(search.on) }),
  component: lazyRouteComponent(screens.person, "Person"),
});
const activity = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/activity",
  validateSearch: (search): ActivitySearch => ({ show: oneOf(search.show, "problems", "changes", "everything"), q: text(search.q), sort: oneOf(search.sort, "oldest"), line: text(search.line), tab: oneOf(search.tab, "fields", "next") }),
  component: lazyRouteComponent(screens.activity, "Activity"),
});
const plans = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/plans",
  validateSearch: (search): PlansSearch => ({ q: text(search.q), effect: oneOf(search.effect, "add", "change", "move", "remove", "held"), sort: oneOf(search.sort, "oldest") }),
  component: lazyRouteComponent(screens.plans, "Plans"),
});
const plan = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/plans/$planId",
  validateSearch: (search): PlanSearch => ({ kind: text(search.kind), q: text(search.q) }),
  component: lazyRouteComponent(screens.plan, "PlanPage"),
});
const undo = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/undo",
  validateSearch: (search): UndoSearch => ({ plan: text(search.plan), operation: typeof search.operation === "number" && search.operation > 0 ? search.operation : undefined, seal: text(search.seal), home: id(search.home), id: id(search.id), since: text(search.since), until: text(search.until) }),
  component: lazyRouteComponent(screens.undo, "Undo"),
});
const health = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/health",
  component: lazyRouteComponent(screens.health, "Health"),
});

const places = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/places",
  validateSearch: (search): PlacesSearch => ({ full: search.full === true ? true : undefined }),
  component: lazyRouteComponent(screens.places, "Places"),
});
const floor = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/places/$site/$floor",
  validateSearch: (search): FloorSearch => ({ q: text(search.q), show: oneOf(search.show, "free", "attention"), space: id(search.space) }),
  component: lazyRouteComponent(screens.floor, "FloorPage"),
});
const drift = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/drift",
  validateSearch: (search): DriftSearch => ({ kind: text(search.kind), q: text(search.q), sort: oneOf(search.sort, "newest", "oldest", "title") }),
  component: lazyRouteComponent(screens.drift, "Drift"),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/audit",
  validateSearch: (search): PeopleSearch => ({ q: text(search.q) }),
  component: lazyRouteComponent(screens.audit, "Audit"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/settings",
  component: lazyRouteComponent(screens.settings, "Settings"),
});
const connections = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/connections",
  component: lazyRouteComponent(screens.connections, "Connections"),
});
const newConnection = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/connections/new",
  validateSearch: (search): NewConnectionSearch => ({ kind: oneOf(search.kind, "okta", "ioffice") }),
  component: lazyRouteComponent(screens.newConnection, "NewConnection"),
});
const firstContact = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/connections/$site",
  component: lazyRouteComponent(screens.firstContact, "FirstContact"),
});
const evidence = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/evidence",
  validateSearch: (search): EvidenceSearch => ({ pack: id(search.pack) }),
  component: lazyRouteComponent(screens.evidence, "EvidencePage"),
});
const siteAccess = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/evidence/access",
  validateSearch: (search): SiteAccessSearch => ({ site: id(search.site), on: text(search.on), q: id(search.q) }),
  component: lazyRouteComponent(screens.siteAccess, "SiteAccess"),
});
const reviews = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/reviews",
  validateSearch: (search): ReviewsSearch => ({ show: oneOf(search.show, "open"), mine: search.mine === true ? true : undefined, q: id(search.q) }),
  component: lazyRouteComponent(screens.reviews, "Reviews"),
});
const review = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/reviews/$reviewId",
  validateSearch: (search): ReviewSearch => ({ show: oneOf(search.show, "all"), mine: search.mine === true ? true : undefined, reviewer: id(search.reviewer), q: id(search.q), line: id(search.line) }),
  component: lazyRouteComponent(screens.review, "ReviewPage"),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/approvals",
  validateSearch: (search): ApprovalsSearch => ({ kind: oneOf(search.kind, "approval", "hold", "cap", "done"), id: text(search.id), q: text(search.q) }),
  component: lazyRouteComponent(screens.approvals, "Approvals"),
});
const policies = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/policies",
  component: lazyRouteComponent(screens.policies, "Policies"),
});
const editorSearch = (search: Record<string, unknown>): EditorSearch => ({ view: oneOf(search.view, "table", "flow", "ground", "try", "changes", "effect"), flow: typeof search.flow === "number" ? search.flow : undefined, step: text(search.step), table: text(search.table), kind: text(search.kind), q: text(search.q), section: text(search.section) });
const editor = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/policies/$draftId",
  validateSearch: editorSearch,
  component: lazyRouteComponent(screens.editor, "PolicyEditor"),
});
const trial = createRoute({
  getParentRoute: () => root,
  path: "/$tenant/templates/$template",
  validateSearch: editorSearch,
  component: lazyRouteComponent(screens.trial, "TemplateTrial"),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): SignInSearch => ({ problem: text(search.problem), to: text(search.to) }),
  component: lazyRouteComponent(screens.signIn, "SignInPage"),
});

export const routeTree = root.addChildren([
  home, tenantHome, overview, story, people, person, activity, plans, plan, undo, health, places, floor, drift, audit, settings, connections, newConnection, firstContact, evidence, siteAccess, reviews, review, approvals, policies, editor, trial, signIn,
]);
export const router = createRouter({ routeTree, defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
