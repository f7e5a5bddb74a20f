// The policy's part of the API.
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { calls, type Schemas } from "../../api";
import { useMay } from "../../queries";
import { keep } from "../../ui/kept";
import type { Document, Vocabulary } from "./model";
import type { PolicySchema } from "./schema";

export interface VersionHead {
  version: number | null;
  name: string;
  seal: string;
  author?: string;
  approved_by?: string | null;
  reason?: string;
  at?: string;
  back_to?: number | null;
  changes?: unknown;
}
export interface DraftHead {
  id: string;
  etag: string;
  based_on: number | null;
  /** It brings this version back, and says whole what shall be in force. */
  back_to?: number | null;
  author: string;
  at: string;
  asked?: { by: string; reason: string; at: string } | null;
}
export interface Mistake {
  severity?: string;
  message: string;
  fix?: string | null;
  file?: string;
  line?: number;
  column?: number;
  /** JSON pointer into the document. */
  path?: string | null;
}
export interface Content {
  document: Document | null;
  source: { rules?: string } & Record<string, unknown>;
  problems?: Mistake[];
}
export interface Show {
  in_force: VersionHead | null;
  running: { name: string; seal: string };
  second_person?: boolean;
  /** The seal that is being applied. */
  applying?: string | null;
  drafts: DraftHead[];
}

export const policyApi = {
  show: () => calls.get<Show>("/policy"),
  versions: (cursor?: string) => calls.get<{ versions: VersionHead[]; next: string | null; total: number }>("/policy/versions", { limit: 20, cursor }),
  version: (name: string) => calls.get<VersionHead & Content>(`/policy/versions/${name}`),
  draft: (id: string) => calls.ask<DraftHead & Content>(`/policy/drafts/${encodeURIComponent(id)}`),
  create: (id: string, document: Document) => calls.send<DraftHead & Content>("PUT", `/policy/drafts/${encodeURIComponent(id)}`, { document }, { "if-none-match": "*" }),
  /** `basedOn`: it was put on top of this version. */
  keep: (id: string, etag: string, document: Document, basedOn?: number) => calls.send<DraftHead & Content>("PUT", `/policy/drafts/${encodeURIComponent(id)}`, { document, based_on: basedOn }, { "if-match": etag }),
  forget: (id: string, etag: string) => calls.send<unknown>("DELETE", `/policy/drafts/${encodeURIComponent(id)}`, undefined, { "if-match": etag }),
  publish: (id: string, etag: string, reason: string, expected: number | null) =>
    calls.send<{ state: string; version?: VersionHead; asked_by?: string }>("POST", `/policy/drafts/${encodeURIComponent(id)}/publish`, { reason, expected }, { "if-match": etag }),
  rollback: (to: number, reason: string, expected: number | null) => calls.post<{ state: string }>("/policy/rollback", { to, reason, expected }),
  lint: (document: Document) => calls.post<{ ok: boolean; problems?: Mistake[] }>("/policy/lint", { document }),
  schema: () => calls.get<PolicySchema>("/policy/schema"),
  diff: (from: string, to: string) => calls.get<{ changes: unknown[] }>("/policy/diff", { from, to }),
  vocabulary: () => calls.get<Vocabulary>("/policy/vocabulary"),
};

/** A name for a document that lives as long as it does: each edit makes another one. Too long to be a key itself. */
const names = new WeakMap<Document, number>();
let named = 0;
export function nameOf(document: Document): number {
  const known = names.get(document) ?? (named += 1);
  names.set(document, known);
  return known;
}

/** How many people each flow and each row of a table concerns, computed from the mirrors as the draft is written. */
export function useReach(document: Document) {
  const may = useMay("edit_policy", true);
  const [settled] = useDebouncedValue(document, 700);
  return useQuery({
    queryKey: ["policy", "reach", nameOf(settled)],
    queryFn: () => calls.post<Schemas["PolicyReach"]>("/policy/reach", { document: settled }),
    enabled: may === true,
    retry: false,
    staleTime: 30_000,
    gcTime: 60_000,
  });
}

export const usePolicy = () => useQuery({ queryKey: ["policy"], queryFn: policyApi.show });
export const useVersions = () =>
  useInfiniteQuery({ queryKey: ["policy", "versions"], queryFn: ({ pageParam }) => policyApi.versions(pageParam), initialPageParam: "", getNextPageParam: (last) => last.next ?? undefined });
export function useVocabulary() {
  const may = useMay("edit_policy", true);
  return useQuery({ queryKey: ["policy", "vocabulary"], queryFn: policyApi.vocabulary, staleTime: 60_000, enabled: may === true });
}
/** What the server's policy.toml may say; it stays the same as long as the server does. */
export const useSchema = () => useQuery({ queryKey: ["policy", "schema"], queryFn: policyApi.schema, staleTime: Infinity });
export const useDiff = (from: string, to: string, stamp: string) => useQuery({ queryKey: ["policy", "diff", from, to, stamp], queryFn: () => policyApi.diff(from, to) });

/** A change as the server says it: a sentence, or an object that holds one. */
export function changeText(change: unknown): string {
  if (typeof change === "string") return change;
  const c = change as { sentence?: string; text?: string; what?: string; title?: string } | null;
  return c?.sentence ?? c?.text ?? c?.what ?? c?.title ?? JSON.stringify(change);
}

/** What this browser keeps: a document, and for a draft the state of the server's that it was written on top of. */
export interface Kept {
  doc: Document;
  etag?: string;
}

/** A draft is kept in this browser until the server has it. */
export const local = {
  key: (id: string) => `lanyard.draft.${id}`,
  read(id: string): Kept | undefined {
    try {
      const kept = JSON.parse(localStorage.getItem(local.key(id)) ?? "null") as Kept | Document | null;
      // Kept by an earlier version of this page, which did not note what it was on top of.
      return kept === null ? undefined : "doc" in kept ? (kept as Kept) : { doc: kept as Document };
    } catch {
      return undefined;
    }
  },
  /** A browser whose room is full keeps nothing: what is written stays on the page, and on the server where it is a draft. */
  write(id: string, doc: Document, etag?: string) {
    keep(local.key(id), JSON.stringify({ doc, etag }));
  },
  /** Forgets all of this beginning but one. */
  clearOthers(beginning: string, but: string) {
    const old = Object.keys(localStorage).filter((key) => (key === local.key(beginning) || key.startsWith(`${local.key(beginning)} on `)) && key !== local.key(but));
    for (const key of old) localStorage.removeItem(key);
  },
  clear(id: string) {
    localStorage.removeItem(local.key(id));
  },
};
