// Lists whose order counts: one entry is open at a time, and each can be moved, copied, deleted.
import { ActionIcon } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconTrash } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useAround } from "./around";
import { parts, type Json, type Part } from "./json";
import { moved } from "./model";

interface Tools {
  up?: () => void;
  down?: () => void;
  copy?: () => void;
  remove?: () => void;
}

/** The entries of `value`, which of them is open (all, to whoever may not edit), and what can be done with each. */
export function useEntries(value: Json | undefined, change: (to: Json | undefined) => void) {
  const items = parts(value);
  const { locked } = useAround();
  const [open, setOpen] = useState<number>();
  const put = (to: Part[], at?: number) => {
    change(to.length === 0 ? undefined : to);
    setOpen(at);
  };
  const move = (i: number, to: number) => put(moved(items, i, to), open === i ? to : open);
  return {
    items,
    add: (part: Part) => put([...items, part], items.length),
    set: (i: number, to: Part) => change(items.map((old, j) => (j === i ? to : old))),
    isOpen: (i: number) => locked || open === i,
    toggle: (i: number) => setOpen(open === i ? undefined : i),
    tools: (i: number): Tools => ({
      up: i > 0 ? () => move(i, i - 1) : undefined,
      down: i < items.length - 1 ? () => move(i, i + 1) : undefined,
      copy: () => put([...items.slice(0, i + 1), items[i]!, ...items.slice(i + 1)], i + 1),
      remove: () => put(items.filter((_, j) => j !== i)),
    }),
  };
}

interface SentencesProps {
  title: string;
  value: Json | undefined;
  change: (to: Json | undefined) => void;
  text: (part: Part) => string;
  /** What an entry is called where it is moved or deleted. */
  name: (at: number) => string;
  form: (part: Part, change: (to: Part) => void) => ReactNode;
  /** How a new one comes. */
  adding: (add: (part: Part) => void) => ReactNode;
  none?: string;
}

/** Entries as sentences; the chosen one opens in place. */
export function Sentences({ title, value, change, text, name, form, adding, none }: SentencesProps) {
  const { items, add, set, isOpen, toggle, tools } = useEntries(value, change);
  return (
    <div className="stack" style={{ gap: 6 }}>
      <h3>{title}</h3>
      {none !== undefined && items.length === 0 && <p className="dim small">{none}</p>}
      <ul className="steplist">
        {items.map((item, i) => (
          <li key={i}>
            <button type="button" aria-expanded={isOpen(i)} onClick={() => toggle(i)}>{text(item)}</button>
            {isOpen(i) && (
              <div className="nested" style={{ marginTop: 6 }}>
                <StepTools what={name(i)} {...tools(i)} />
                {form(item, (to) => set(i, to))}
              </div>
            )}
          </li>
        ))}
      </ul>
      <div>{adding(add)}</div>
    </div>
  );
}

/** Move, copy, delete: the same for every step, and all by keyboard. */
export function StepTools({ what, up, down, copy, remove }: { what: string } & Tools) {
  const tool = (word: string, icon: ReactNode, act?: () => void) => <ActionIcon variant="default" size={28} aria-label={`${word} ${what}`} title={word} disabled={!act} onClick={act}>{icon}</ActionIcon>;
  return (
    <div className="row" style={{ gap: 4 }}>
      {tool("Move up", <IconArrowUp size={15} aria-hidden />, up)}
      {tool("Move down", <IconArrowDown size={15} aria-hidden />, down)}
      {tool("Copy", <IconCopy size={15} aria-hidden />, copy)}
      {tool("Delete", <IconTrash size={15} aria-hidden />, remove)}
    </div>
  );
}
