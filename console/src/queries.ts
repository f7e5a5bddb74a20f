// What is asked of the server, under which key. A live event makes keys stale; nothing else keeps state.
import { keepPreviousData, QueryClient, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ApiError, type ActivityItem, type Page, type Permit } from "./api";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      placeholderData: keepPreviousData,
      // An answer of 4xx will not improve by asking again.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

/** What is read once, when its page opens: another answer would come under somebody's hands, or reads everybody anew. */
const READ_ONCE = new Set(["session", "policy-draft", "policy-trial", "site-match", "undo"]);
/** What follows from a document alone: the document is in its key. */
const OF_THE_DOCUMENT = new Set(["schema", "lint", "reach", "try"]);
export const isReadOnce = ([first, second]: readonly unknown[]) =>
  READ_ONCE.has(String(first)) || (first === "policy" && OF_THE_DOCUMENT.has(String(second)));

const PAGE_SIZE = 50;
export const ALL = "all";
const only = (tenant: string) => (tenant === ALL ? undefined : tenant);

export const useSession = () => useQuery({ queryKey: ["session"], queryFn: api.session, staleTime: Infinity });
/** Of all that the caller may see: what the frame of every page reads, the clock among it. */
export const useOverview = () => useQuery({ queryKey: ["overview"], queryFn: () => api.overview(), refetchInterval: 15_000 });
/** Of one tenant alone; of all, it is the one above. */
export const useOverviewOf = (tenant: string) =>
  useQuery({ queryKey: tenant === ALL ? ["overview"] : ["overview", tenant], queryFn: () => api.overview({ tenant: only(tenant) }), refetchInterval: 15_000 });
export const useHealth = () => useQuery({ queryKey: ["health"], queryFn: api.health, refetchInterval: 30_000 });
export const usePlan = (id: string) => useQuery({ queryKey: ["plan", id], queryFn: () => api.plan(id) });

export const useDemo = () => useQuery({ queryKey: ["demo"], queryFn: api.demo, refetchInterval: 2_000 });

export const usePlans = (tenant: string, options: { search?: string; effect?: string; sort?: string } = {}) =>
  useInfiniteQuery({
    queryKey: ["plans", tenant, options],
    queryFn: ({ pageParam }) => api.plans({ ...options, tenant: only(tenant), cursor: pageParam, limit: PAGE_SIZE }),
    initialPageParam: "",
    getNextPageParam: (last) => (last.next ? String(last.next) : undefined),
  });

export const useFindings = (tenant: string, options: { kind?: string; search?: string; sort?: string } = {}) =>
  useInfiniteQuery({
    queryKey: ["findings", tenant, options],
    queryFn: ({ pageParam }) => api.findings({ ...options, tenant: only(tenant), cursor: pageParam, limit: PAGE_SIZE }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 20_000,
  });

export const useSweeps = () => useQuery({ queryKey: ["sweeps"], queryFn: api.sweeps, refetchInterval: 20_000 });
export const useDrift = () => useQuery({ queryKey: ["drift"], queryFn: api.drift, refetchInterval: 60_000 });
export const usePlaces = () => useQuery({ queryKey: ["places"], queryFn: api.places, staleTime: 15_000, refetchInterval: 60_000 });
export const useFloor = (site: string, floor: string) =>
  useQuery({ queryKey: ["floor", site, floor], queryFn: () => api.floor(site, floor), staleTime: 15_000, refetchInterval: 60_000 });

/** Whether the one who is signed in may: roles hide actions, never facts. `undefined` until known. */
export function useMay(permit: Permit, everywhere = false): boolean | undefined {
  const session = useSession().data;
  return session && (everywhere ? session.permits_everywhere : session.permits).includes(permit);
}

export const usePerson = (tenant: string, id: string) =>
  useQuery({ queryKey: ["person", tenant, id], queryFn: () => api.person(tenant, id), placeholderData: undefined });

export const usePersonPlan = (tenant: string, id: string) =>
  useQuery({
    queryKey: ["person-plan", tenant, id],
    queryFn: () => api.personPlan(tenant, id),
    placeholderData: undefined,
    staleTime: 10_000,
  });

export const usePeople = (tenant: string, search: string, sort?: string) =>
  useInfiniteQuery({
    queryKey: ["people", tenant, search, sort],
    queryFn: ({ pageParam }) => api.people({ search, sort, tenant: only(tenant), cursor: pageParam, limit: PAGE_SIZE }),
    initialPageParam: "",
    getNextPageParam: (last) => (last.next ? String(last.next) : undefined),
    refetchInterval: 20_000,
  });

export const useActivity = (tenant: string, options: { all?: boolean; limit?: number; kinds?: string; people?: boolean; search?: string; problems?: boolean; sort?: string } = {}) =>
  useInfiniteQuery({
    queryKey: ["activity", tenant, options],
    queryFn: ({ pageParam }) =>
      api.activity({
        tenant: only(tenant),
        all: options.all ? "true" : undefined,
        kinds: options.kinds,
        people: options.people ? "true" : undefined,
        search: options.search,
        problems: options.problems ? "true" : undefined,
        sort: options.sort,
        limit: options.limit ?? PAGE_SIZE,
        cursor: pageParam,
      }),
    initialPageParam: "" as string | number,
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** All items of all pages, newest first, each once. */
export function newestFirst(pages: Page<ActivityItem>[] | undefined): ActivityItem[] {
  const bySeq = new Map<string, ActivityItem>();
  // Each tenant numbers its own journal.
  for (const page of pages ?? []) for (const item of page.items) bySeq.set(`${item.tenant}/${item.seq}`, item);
  return [...bySeq.values()].sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.seq - a.seq);
}
