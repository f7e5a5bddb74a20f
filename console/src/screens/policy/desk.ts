// A document on the desk: undo and redo, kept in this browser as it is written, and on the server if it is a draft.
import { useDebouncedCallback, useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import { ApiError } from "../../api";
import { useMay } from "../../queries";
import { local, nameOf, policyApi, type Mistake } from "./calls";
import { history, type Document } from "./model";

const SAVE_AFTER_MS = 900;

export type Saving = { state: "saved" | "dirty" | "saving" } | { state: "failed"; why: string; conflict: boolean };

export interface Desk {
  doc: Document;
  edit: (to: Document) => void;
  undo?: () => void;
  redo?: () => void;
  mistakes: Mistake[];
  /** What was written before was kept in this browser, and is put back. */
  restored: boolean;
  locked: boolean;
}

/** A dialog's keys are its own, and a field's text is the browser's to take back unless it is a part of the document. */
function undoesItself(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const field = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  return target.closest("[role=dialog]") !== null || (field && target.closest("[data-desk]") === null);
}

/** Steps back and forth; `name` is what the browser keeps it under. */
function useHistory(name: string, first: Document, locked: boolean) {
  const kept = useRef(local.read(name));
  const restored = kept.current !== undefined && JSON.stringify(kept.current.doc) !== JSON.stringify(first);
  const [state, act] = useReducer(history, { past: restored ? [first] : [], now: restored ? kept.current!.doc : first, future: [] });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      if (undoesItself(event.target)) return;
      event.preventDefault();
      act({ type: event.shiftKey ? "redo" : "undo" });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return {
    restored,
    /** On top of what the restored was written; `undefined`: not noted. */
    on: kept.current?.etag,
    doc: state.now,
    edit: (to: Document) => !locked && act({ type: "edit", to }),
    undo: state.past.length > 0 && !locked ? () => act({ type: "undo" }) : undefined,
    redo: state.future.length > 0 && !locked ? () => act({ type: "redo" }) : undefined,
  };
}

export interface DraftDesk extends Desk {
  saving: Saving;
  save: () => void;
  /** The state that the server has. */
  stamp: string;
  /** The version that the server's stands on. */
  basedOn: number | null;
  /** Keeps another document, as put on top of this version. */
  putOn: (version: number, doc: Document) => void;
}

/** What the server told of the draft when it was opened. */
export interface Opened {
  etag: string;
  based_on: number | null;
  document: Document;
  problems: Mistake[];
}

const MEANWHILE = "somebody else changed it meanwhile";

/** A draft: every edit is kept on the server soon after, on top of what was read. */
export function useDraftDesk(id: string, { etag, based_on, document: first, problems }: Opened): DraftDesk {
  const locked = useMay("edit_policy", true) === false;
  const own = useHistory(id, first, locked);
  const { doc, restored } = own;
  // What was written on top of another state is not put over this one: whoever wrote it decides.
  const overtaken = restored && own.on !== etag;
  const [saving, setSaving] = useState<Saving>(overtaken ? { state: "failed", why: MEANWHILE, conflict: true } : { state: restored ? "dirty" : "saved" });
  const [mistakes, setMistakes] = useState(problems);
  const [stamp, setStamp] = useState(etag);
  const [basedOn, setBasedOn] = useState(based_on);
  const tag = useRef(overtaken ? (own.on ?? "") : etag);
  const onTopOf = useRef<number>(undefined);
  const busy = useRef(false);
  const newest = useRef(doc);
  newest.current = doc;
  const save = useDebouncedCallback(async () => {
    if (busy.current) return save();
    busy.current = true;
    const sent = newest.current;
    setSaving({ state: "saving" });
    try {
      const answer = await policyApi.keep(id, tag.current, sent, onTopOf.current);
      onTopOf.current = undefined;
      tag.current = answer.etag ?? answer.body.etag;
      setStamp(tag.current);
      setBasedOn(answer.body.based_on);
      setMistakes(answer.body.problems ?? []);
      if (newest.current === sent) {
        local.clear(id);
        setSaving({ state: "saved" });
      } else {
        local.write(id, newest.current, tag.current);
        save();
      }
    } catch (error) {
      const api = error instanceof ApiError ? error : undefined;
      // Another version is in force by now: what was put together is kept, and is put on top of that one next.
      if (api?.code === "policy_overtaken") onTopOf.current = undefined;
      setSaving({ state: "failed", why: api?.message ?? String(error), conflict: api?.status === 412 });
    } finally {
      busy.current = false;
    }
  }, SAVE_AFTER_MS);
  const before = useRef(doc);
  useEffect(() => {
    // What was kept and is the server's by now waits for nobody.
    if (before.current === doc && !restored) return local.clear(id);
    before.current = doc;
    local.write(id, doc, tag.current || undefined);
    setSaving((s) => (s.state === "failed" && s.conflict ? s : { state: "dirty" }));
    if (!(saving.state === "failed" && saving.conflict)) save();
  }, [doc]);
  const putOn = (version: number, to: Document) => {
    onTopOf.current = version;
    if (JSON.stringify(to) === JSON.stringify(doc)) save();
    else own.edit(to);
  };
  return { ...own, mistakes, locked, saving, save, stamp, basedOn, putOn };
}

/** A document that nobody keeps: only this browser has it until somebody says so. `seal` is what it changes: what was tried on
 * another policy is forgotten, since it would take back what was published meanwhile. */
export function useTrialDesk(trial: string, seal: string, first: Document): Desk & { forget: () => void } {
  const name = `${trial} on ${seal}`;
  useState(() => local.clearOthers(trial, name));
  const locked = useMay("edit_policy", true) === false;
  const own = useHistory(name, first, locked);
  const { doc } = own;
  const before = useRef(doc);
  useEffect(() => {
    if (before.current === doc) return;
    before.current = doc;
    local.write(name, doc);
  }, [doc]);
  const [settled] = useDebouncedValue(doc, 700);
  const may = useMay("edit_policy", true);
  const lint = useQuery({ queryKey: ["policy", "lint", nameOf(settled)], queryFn: () => policyApi.lint(settled), enabled: may === true, retry: false, gcTime: 60_000 });
  return { ...own, mistakes: lint.data?.problems ?? [], locked, forget: () => local.clear(name) };
}
