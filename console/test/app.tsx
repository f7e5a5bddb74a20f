// The whole console at one address, against answers given as a table. What is not in the table answers 404.
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRouter, RouterProvider } from "@tanstack/react-router";
import { cleanup, render } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { forgetProof, type Overview, type Session } from "../src/api";
import { queryClient } from "../src/queries";
import { routeTree } from "../src/router";
import { theme } from "../src/theme";

export type Answer = unknown | ((url: URL, init?: RequestInit) => Response | unknown);
export interface Sent {
  method: string;
  path: string;
  headers: Headers;
}

export const problem = (status: number, title: string) => new Response(JSON.stringify({ title, status }), { status });

afterEach(() => {
  cleanup();
  queryClient.clear();
  forgetProof();
  vi.unstubAllGlobals();
});

export function open(path: string, answers: Record<string, Answer>) {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (input: string, init?: RequestInit) => {
    const url = new URL(input);
    const method = init?.method ?? "GET";
    const at = url.pathname.replace("/api/v1", "");
    sent.push({ method, path: at + url.search, headers: new Headers(init?.headers) });
    const answer = answers[`${method} ${at}`];
    if (answer === undefined) return problem(404, "No such path");
    const body = typeof answer === "function" ? await answer(url, init) : answer;
    return body instanceof Response ? body : new Response(JSON.stringify(body), { status: 200 });
  });
  const router = createRouter({ routeTree, history: createMemoryHistory({ initialEntries: [path] }) });
  render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { sent, router };
}

export const OVERVIEW: Overview = {
  now: "2026-11-23T12:00:00Z",
  version: "0.1.0",
  mode: "serve",
  state: "running",
  policy: { name: "Test", seal: "p1" },
  tenants: [
    { id: "emea", name: "Acme EMEA", okta_url: "https://emea.example", hook: { state: "verified", last_delivery_at: "2026-11-23T11:59:50Z" }, feed: { last_poll_at: "2026-11-23T11:59:55Z", lag_seconds: 1.2, events_total: 10, hook_only: 0, feed_only: 1, both: 9 }, people: 1240, budget: { answered: 40, throttled: 0, faulted: 0 }, calls: [], quotas: [{ bucket: "users", limit: 600, remaining: 150, resets_at: null }] },
  ],
  sites: [{ id: "london", name: "London", ioffice_url: "https://ioffice.example", accounts: 1230, writes: true, budget: { calls: 60, throttled: 0, faulted: 0, per_second: 10 }, calls: [{ at: "2026-11-23T11:58:00Z", answered: 60, throttled: 2, faulted: 0 }], last_sweep: null }],
  environments: [{ tenant: "emea", site: "london", people: 1230, state: "throttled", why: "2 calls were asked to wait in the last minutes", changes: 12, lag_p50_ms: 840, lag_p95_ms: 3_900, open: 1 }],
  work: { due: 1, leased: 2, waiting: 5, dead: 0 },
  needs_person: [],
  rates: { applied_24h: 99, failed_24h: 1, held: 0 },
  leaver_seconds_p99: null,
  spark: [],
};

export const SESSION: Session = { csrf: "token-1", user: "ana", names: ["ana"], subject: "demo", grants: [{ role: "owner" }], permits: ["see", "operate", "edit_policy", "approve", "audit", "own", "metrics"], permits_everywhere: ["see", "operate", "edit_policy", "approve", "audit", "own", "metrics"], demo: false, can_sign_out: true };
export const PERSON = { tenant: "emea", id: "00u1", name: "Ana Chen", email: "ana@acme.example", department: "Design", title: "Researcher", status: "ACTIVE", situation: "linked", seat: null, sites: ["london"], last_change_at: null };
