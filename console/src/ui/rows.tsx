// Long lists come in steps: the first screenful with the touch that asked for it, the rest while no touch waits for an answer.
import { startTransition, useEffect, useState, type ReactNode } from "react";

const SCREENFUL = 12;
/** About what a row takes, in pixels: whoever comes back to where they were finds the page as long as it was. */
const ROW_PX = 58;

/** Of these rows the ones to draw now, and how many pixels to keep free for the others. */
export function useScreenful<T>(rows: readonly T[]): { shown: readonly T[]; room: number } {
  const [count, setCount] = useState(SCREENFUL);
  const more = count < rows.length;
  useEffect(() => {
    // Twice as many each time: thousands are there after a few steps, and are laid out as often.
    if (more) startTransition(() => setCount(count * 2));
  }, [more, count]);
  return more ? { shown: rows.slice(0, count), room: (rows.length - count) * ROW_PX } : { shown: rows, room: 0 };
}

/** Of what the rows are that a query shows: as long as it shows those of what was asked before, of that. As the key of a long list it
 * lets another list begin with a screenful, too. */
export function useAnswered(query: { isPlaceholderData: boolean }, asked: string): string {
  const [answered, setAnswered] = useState(asked);
  if (!query.isPlaceholderData && answered !== asked) setAnswered(asked);
  return answered;
}

/** What stands below the first screenful of a page. `room`: about how high it is, in pixels. */
export function Later({ room, children }: { room: number; children: ReactNode }) {
  const [due, setDue] = useState(false);
  useEffect(() => startTransition(() => setDue(true)), []);
  return due ? children : <div aria-hidden style={{ height: room }} />;
}

/** The body of a long table. */
export function TableRows<T>({ of, children }: { of: readonly T[]; children: (row: T) => ReactNode }) {
  const { shown, room } = useScreenful(of);
  return <tbody>{shown.map(children)}{room > 0 && <tr aria-hidden style={{ height: room }} />}</tbody>;
}
