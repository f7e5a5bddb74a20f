// The REST API as this console uses it: shapes from the OpenAPI document (`npm run api`), one function for each call.

import type { components } from "./generated/api";

export type Schemas = components["schemas"];

export type Tenant = Schemas["Tenant"];
export type Site = Schemas["Site"];
/** A person's id, which only means something within a tenant. */
export type Who = Schemas["Who"];
export type NeedsPerson = Schemas["NeedsPerson"];
export type Overview = Schemas["Overview"];
export type SparkBucket = Overview["spark"][number];
export type PersonSummary = Schemas["PersonSummary"];
export type PlanStep = Schemas["PlanLine"];
/** `*` is what a person must do by hand. */
export type Symbol = PlanStep["symbol"];
export type PlanRow = Schemas["PlanHead"];
export type PlanSummary = PlanRow["summary"];
export type HealthCheck = Schemas["Health"]["checks"][number];
export type Demo = Schemas["Demo"];
export type StoryItem = Demo["story"][number];
export type DemoAct = Schemas["DemoAct"]["kind"];
export type Session = Schemas["Session"];
export type Permit = Schemas["Permit"];
export type Role = Schemas["Role"];
export type Grant = Schemas["Grant"];
export type Token = Schemas["Token"];
export type NewToken = Schemas["NewToken"];
export type Finding = Schemas["Finding"];
export type Places = Schemas["Places"];
export type FloorNumbers = Schemas["FloorNumbers"];
export type Floor = Schemas["Floor"];
export type Sitter = Schemas["Sitter"];
export type Sweep = Schemas["Sweeps"]["items"][number];
export type Drift = Schemas["Drift"];
export type RollOut = Schemas["RollOut"];

/** A journal line; what its `data` holds goes by its kind. */
export type ActivityItem = Omit<Schemas["ActivityItem"], "data"> & { data?: { plan?: string; ms?: number; outcome?: { outcome: string } } | null };

export type PersonDetail = Omit<Schemas["PersonDetail"], "timeline" | "person"> & {
  person: Omit<Schemas["PersonDetail"]["person"], "profile"> & { /** Pairs, sorted by name. */ profile: [string, unknown][] };
  timeline: ActivityItem[];
};

export interface Because {
  label: string;
  because?: string[] | string | null;
}

/** A kept plan, or a dry run: one that found nothing to plan has no id. */
export type Plan = Partial<Omit<Schemas["PlanDetail"], "id" | "steps" | "operations">> & {
  id: string | null;
  steps: PlanStep[];
  operations?: { id: string; step: number; operation: { op: string }; at: string; outcome?: unknown }[];
};

export interface Page<T> {
  items: T[];
  next?: string | number | null;
  total?: number | null;
}

/** An answer that is not a success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly detail?: string,
    readonly id?: string,
    readonly fix?: string,
    /** What is wrong with which field of what was sent. */
    readonly fields: { path: string; message: string }[] = [],
    readonly code?: string,
    /** The whole refusal. */
    readonly body?: unknown,
  ) {
    super(message);
  }
}

/** What a refusal says of one field of what was sent. */
export function saidOf(error: unknown, field: string): string | undefined {
  return error instanceof ApiError ? error.fields.find(({ path }) => path === field)?.message : undefined;
}

type Query = Record<string, string | number | null | undefined>;

function url(path: string, query: Query = {}): string {
  const full = new URL(`/api/v1${path}`, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") full.searchParams.set(name, String(value));
  }
  return full.toString();
}

/** The session ended while the page stayed open: told once, by whoever found out first. */
let onSignedOut: () => void = () => undefined;
export function whenSignedOut(tell: () => void) {
  onSignedOut = tell;
}

/** A page that was not touched for so long asks by itself: longer than its shortest clock, so that each touch is told of. */
const PRESENT_MS = 20_000;
let touchedAt = Date.now();
for (const touch of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  window.addEventListener(touch, () => (touchedAt = Date.now()), { capture: true, passive: true });
}

/** What a page asks by itself says so: a session whose page was left open ends idle all the same. */
const presence = (): Record<string, string> => (Date.now() - touchedAt > PRESENT_MS ? { "x-lanyard-unattended": "1" } : {});

async function call<T>(path: string, query?: Query, init?: RequestInit): Promise<T> {
  return (await ask<T>(path, query, init)).body;
}

async function ask<T>(path: string, query?: Query, init?: RequestInit): Promise<{ body: T; etag: string | null }> {
  let answer: Response;
  try {
    answer = await fetch(url(path, query), { credentials: "same-origin", headers: presence(), ...init });
  } catch {
    throw new ApiError(0, "The server did not answer");
  }
  const text = await answer.text();
  const body = parse(text);
  if (answer.ok) return { body: body as T, etag: answer.headers.get("etag") };
  // Not for the question that this asks anew: it would be cancelled and asked again for ever.
  if (answer.status === 401 && path !== "/session") onSignedOut();
  const problem = (body ?? {}) as { title?: string; detail?: string; id?: string; instance?: string; fix?: string | null; errors?: { path: string; message: string }[]; code?: string };
  throw new ApiError(
    answer.status,
    problem.title ?? `The server answered ${answer.status}`,
    problem.detail,
    problem.id ?? problem.instance ?? answer.headers.get("x-request-id") ?? undefined,
    problem.fix ?? undefined,
    problem.errors ?? [],
    problem.code,
    body,
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

/** Forgets the proof of an old session. */
export function forgetProof() {
  csrf = undefined;
}

async function send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}, query?: Query): Promise<{ body: T; etag: string | null }> {
  csrf ??= (await api.session()).csrf;
  const once = () =>
    ask<T>(path, query, {
      method,
      headers: { "content-type": "application/json", "x-lanyard-csrf": csrf ?? "", ...headers },
      body: method === "DELETE" ? undefined : JSON.stringify(body ?? {}),
    });
  try {
    return await once();
  } catch (error) {
    // The proof dies with the session that gave it; a fresh one is tried once.
    if (!(error instanceof ApiError && error.status === 403 && (error.code === undefined || error.code === "csrf"))) throw error;
    csrf = (await api.session()).csrf;
    return once();
  }
}

const post = async <T>(path: string, body?: unknown): Promise<T> => (await send<T>("POST", path, body)).body;

const person = (tenant: string, id: string) => `/people/${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`;

export interface ActivityQuery {
  cursor?: string | number;
  limit?: number;
  tenant?: string;
  all?: string;
  kinds?: string;
  people?: string;
  search?: string;
  problems?: string;
  sort?: string;
}

export const api = {
  ways: () => call<Schemas["SignInWays"]>("/sign-in"),
  session: () => call<Session>("/session"),
  signOut: () => post<null>("/session/end"),
  tokens: () => call<Schemas["Tokens"]>("/tokens", { limit: 1000 }),
  makeToken: (wish: NewToken) => post<Schemas["MadeToken"]>("/tokens", wish),
  revokeToken: async (id: string) => (await send<null>("DELETE", `/tokens/${encodeURIComponent(id)}`)).body,
  roles: () => call<Schemas["RoleRules"]>("/roles"),
  overview: (query: { tenant?: string } = {}) => call<Overview>("/overview", query),
  activity: (query: ActivityQuery) => call<Page<ActivityItem>>("/activity", { ...query }),
  people: (query: { search?: string; sort?: string; cursor?: string; limit?: number; tenant?: string }) =>
    call<Schemas["PeoplePage"]>("/people", query),
  person: (tenant: string, id: string) => call<PersonDetail>(person(tenant, id)),
  personPlan: (tenant: string, id: string) => call<Plan>(`${person(tenant, id)}/plan`),
  look: (tenant: string, id: string) => post<unknown>(`${person(tenant, id)}/look`),
  plans: (query: { limit?: number; cursor?: string; tenant?: string; search?: string; effect?: string; sort?: string }) => call<Page<PlanRow>>("/plans", query),
  plan: (id: string) => call<Plan>(`/plans/${encodeURIComponent(id)}`),
  findings: (query: { limit?: number; cursor?: string; tenant?: string; kind?: string; search?: string; sort?: string }) => call<Schemas["FindingPage"]>("/findings", query),
  sweeps: () => call<Schemas["Sweeps"]>("/sweeps"),
  drift: () => call<Drift>("/drift"),
  resumeRollOut: () => post<unknown>("/rollout/resume"),
  endRollOut: () => post<unknown>("/rollout/end"),
  previewAlerts: (asked: { rule?: string; template?: string }) => post<Schemas["AlertPreview"]>("/alerts/preview", asked),
  places: () => call<Places>("/places"),
  floor: (site: string, floor: string) => call<Floor>(`/places/${encodeURIComponent(site)}/floors/${encodeURIComponent(floor)}`),
  journal: () => call<Schemas["Journal"]>("/journal"),
  health: () => call<{ checks: HealthCheck[] }>("/health"),
  demo: () => call<Demo>("/demo"),
  act: (kind: DemoAct) => post<{ person?: (Who & { name?: string }) | null }>("/demo/act", { kind }),
  putAway: (key: string, terms: Omit<Schemas["PutAway"], "key">) => post<unknown>("/findings/close", { key, ...terms }),
  stop: () => post<unknown>("/stop"),
  resume: () => post<unknown>("/resume"),
  eventsUrl: () => url("/events"),
};

/** For the calls of lazy screens, which live beside them. */
export const calls = { get: call, ask, send, post };
