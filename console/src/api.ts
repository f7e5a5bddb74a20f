// The REST API as this console uses it: shapes by hand, one function for each call.

export type Severity = "info" | "ok" | "warning" | "error" | (string & {});

export interface Tenant {
  id: string;
  name: string;
  okta_url: string;
  hook: { state: string; last_delivery_at?: string | null };
  feed: { last_poll_at?: string | null; lag_seconds?: number | null; events_total: number; hook_only: number; feed_only: number };
  people: number;
}

export interface Site {
  id: string;
  name: string;
  ioffice_url: string;
  /** Null before the first certified list. */
  accounts?: number | null;
  /** Calls since the start: answered, refused for now by the site, failed on the way. */
  budget: { calls: number; throttled: number; faulted: number };
  last_sweep?: { at: string; state: string; certified: boolean; drift: number } | null;
}

/** A person's id, which only means something within a tenant. */
export interface Who {
  tenant: string;
  id: string;
}

export interface NeedsPerson {
  id: string;
  kind: string;
  severity: Severity;
  title: string;
  detail: string;
  identity?: Who | null;
  since: string;
  fix?: string | null;
  count: number;
}

export interface SparkBucket {
  at: string;
  applied: number;
  failed: number;
}

export interface Overview {
  now: string;
  version: string;
  mode: "demo" | "serve";
  state: "running" | "stopped";
  tenants: Tenant[];
  sites: Site[];
  work: { due: number; leased: number; waiting: number; dead: number };
  needs_person: NeedsPerson[];
  rates: { applied_24h: number; failed_24h: number; held: number };
  leaver_seconds_p99?: number | null;
  spark: SparkBucket[];
}

export interface ActivityItem {
  seq: number;
  at: string;
  tenant: string;
  site?: string | null;
  identity?: Who | null;
  person?: string | null;
  kind: string;
  title: string;
  detail: string;
  severity: Severity;
  data?: { plan?: string; ms?: number; outcome?: { outcome: string } } | null;
}

export interface Page<T> {
  items: T[];
  next?: string | number | null;
  total?: number;
}

export interface PersonSummary {
  tenant: string;
  id: string;
  name: string;
  email: string;
  department?: string | null;
  title?: string | null;
  status: string;
  situation: string;
  seat?: string | null;
  sites: string[];
  last_change_at?: string | null;
}

export interface Because {
  label: string;
  because?: string[] | string | null;
}

export interface DesiredItem extends Because {
  kind: string;
  value: string;
}

export interface PersonDetail {
  person: PersonSummary & { groups: { id: string; name: string }[]; /** Pairs of name and value, sorted by name. */
    profile: [string, unknown][];
  };
  account?: {
    site: string;
    id: string | number;
    user_name: string;
    active: boolean;
    seat?: string | null;
    section?: string | null;
    cost_center?: string | null;
    permissions: { center: string; role: string }[];
  } | null;
  desired: { lifecycle: string; items: DesiredItem[]; not_given: Because[]; because?: string[]; problems?: string[]; review_at?: string | null };
  timeline: ActivityItem[];
}

/** `*` is what a person must do by hand. */
export type Symbol = "+" | "~" | "-" | ">" | "=" | "*";

export interface PlanStep {
  symbol: Symbol;
  what: string;
  detail: string;
  because?: string[] | string | null;
  /** Why the step waits, if it does. */
  gate?: string | null;
}

export type PlanSummary = Record<"add" | "change" | "remove" | "move" | "held", number>;

export interface Plan {
  /** Null where a dry run found nothing to plan. */
  id: string | null;
  at?: string | null;
  tenant?: string | null;
  site?: string | null;
  identity?: Who | null;
  person?: string | null;
  /** Which queue it went through: leavers pass everything else. */
  lane?: string | null;
  summary?: PlanSummary;
  steps: PlanStep[];
  notes?: string[];
  operations?: { id: string; step: number; operation: { op: string }; at: string; outcome?: unknown }[];
}

export type PlanRow = Omit<Plan, "steps" | "id"> & { id: string; summary: PlanSummary };

export interface HealthCheck {
  name: string;
  ok: boolean;
  detail: string;
  fix?: string | null;
}

export interface StoryItem {
  at: string;
  title: string;
  detail: string;
  people: (Who & { name: string })[];
  state: "upcoming" | "happening" | "done";
  expects: { text: string; ok: boolean | null }[];
}

export interface Demo {
  clock: string;
  speed: number;
  story: StoryItem[];
}

export type DemoAct = "hire" | "move" | "leave" | "terminate" | "hook_outage" | "storm";

export interface Session {
  csrf: string;
  user?: string | null;
  role?: string | null;
  demo: boolean;
}

/** An answer that is not a success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly detail?: string,
    readonly id?: string,
    readonly fix?: string,
  ) {
    super(message);
  }
}

type Query = Record<string, string | number | null | undefined>;

function url(path: string, query: Query = {}): string {
  const full = new URL(`/api/v1${path}`, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") full.searchParams.set(name, String(value));
  }
  return full.toString();
}

async function call<T>(path: string, query?: Query, init?: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url(path, query), { credentials: "same-origin", ...init });
  } catch {
    throw new ApiError(0, "The server did not answer");
  }
  const text = await answer.text();
  const body = parse(text);
  if (answer.ok) return body as T;
  const problem = (body ?? {}) as { title?: string; detail?: string; id?: string; instance?: string; fix?: string | null };
  throw new ApiError(
    answer.status,
    problem.title ?? `The server answered ${answer.status}`,
    problem.detail,
    problem.id ?? problem.instance ?? answer.headers.get("x-request-id") ?? undefined,
    problem.fix ?? undefined,
  );
}

function parse(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

let csrf: string | undefined;

async function post<T>(path: string, body?: unknown): Promise<T> {
  csrf ??= (await api.session()).csrf;
  const send = () =>
    call<T>(path, undefined, {
      method: "POST",
      headers: { "content-type": "application/json", "x-lanyard-csrf": csrf ?? "" },
      body: JSON.stringify(body ?? {}),
    });
  try {
    return await send();
  } catch (error) {
    // The token dies with the server that gave it; a fresh one is tried once.
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    csrf = (await api.session()).csrf;
    return send();
  }
}

const person = (tenant: string, id: string) => `/people/${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`;

export const api = {
  session: () => call<Session>("/session"),
  overview: () => call<Overview>("/overview"),
  activity: (query: { after?: string | number; limit?: number; tenant?: string; all?: string }) =>
    call<Page<ActivityItem>>("/activity", query),
  people: (query: { search?: string; cursor?: string; limit?: number; tenant?: string }) =>
    call<Page<PersonSummary>>("/people", query),
  person: (tenant: string, id: string) => call<PersonDetail>(person(tenant, id)),
  personPlan: (tenant: string, id: string) => call<Plan>(`${person(tenant, id)}/plan`),
  look: (tenant: string, id: string) => post<unknown>(`${person(tenant, id)}/look`),
  plans: (query: { limit?: number }) => call<Page<PlanRow>>("/plans", query),
  plan: (id: string) => call<Plan>(`/plans/${encodeURIComponent(id)}`),
  health: () => call<{ checks: HealthCheck[] }>("/health"),
  demo: () => call<Demo>("/demo"),
  act: (kind: DemoAct) => post<{ person?: (Who & { name?: string }) | null }>("/demo/act", { kind }),
  stop: () => post<unknown>("/stop"),
  resume: () => post<unknown>("/resume"),
  eventsUrl: () => url("/events"),
};
