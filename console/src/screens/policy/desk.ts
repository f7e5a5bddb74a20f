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
  const restored = kept.current !== undefined && JSON.stringify(kept.current) !== JSON.stringify(first);
  const [state, act] = useReducer(history, { past: restored ? [first] : [], now: restored ? kept.current! : first, future: [] });
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
}

/** A draft: every edit is kept on the server soon after, on top of what was read. */
export function useDraftDesk(id: string, firstTag: string, first: Document, firstMistakes: Mistake[]): DraftDesk {
  const locked = useMay("edit_policy") === false;
  const own = useHistory(id, first, locked);
  const { doc, restored } = own;
  const [saving, setSaving] = useState<Saving>({ state: restored ? "dirty" : "saved" });
  const [mistakes, setMistakes] = useState(firstMistakes);
  const [stamp, setStamp] = useState(firstTag);
  const tag = useRef(firstTag);
  const busy = useRef(false);
  const newest = useRef(doc);
  newest.current = doc;
  const save = useDebouncedCallback(async () => {
    if (busy.current) return save();
    busy.current = true;
    const sent = newest.current;
    setSaving({ state: "saving" });
    try {
      const answer = await policyApi.keep(id, tag.current, sent);
      tag.current = answer.etag ?? answer.body.etag;
      setStamp(tag.current);
      setMistakes(answer.body.problems ?? []);
      if (newest.current === sent) {
        local.clear(id);
        setSaving({ state: "saved" });
      } else {
        save();
      }
    } catch (error) {
      const api = error instanceof ApiError ? error : undefined;
      setSaving({ state: "failed", why: api?.message ?? String(error), conflict: api?.status === 412 });
    } finally {
      busy.current = false;
    }
  }, SAVE_AFTER_MS);
  const before = useRef(doc);
  useEffect(() => {
    if (before.current === doc && !restored) return;
    before.current = doc;
    local.write(id, doc);
    setSaving((s) => (s.state === "failed" && s.conflict ? s : { state: "dirty" }));
    if (!(saving.state === "failed" && saving.conflict)) save();
  }, [doc]);
  return { ...own, mistakes, locked, saving, save, stamp };
}

/** A document that nobody keeps: only this browser has it until somebody says so. `seal` is what it changes: what was tried on
 * another policy is forgotten, since it would take back what was published meanwhile. */
export function useTrialDesk(trial: string, seal: string, first: Document): Desk & { forget: () => void } {
  const name = `${trial} on ${seal}`;
  useState(() => local.clearOthers(trial, name));
  const locked = useMay("edit_policy") === false;
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
