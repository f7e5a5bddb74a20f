// What an account held at a moment, in words: rows of the record, from when each is known.
import type { Schemas } from "../../api";
import { absolute, useZone } from "../../time";
import { Tag } from "../../ui/marks";
import { words } from "../../words";

export type Held = Schemas["Held"];

export const KINDS: Record<string, string> = { account: "Account", role: "Role", item: "Permission", cost_center: "Cost centre", seat: "Seat", section: "Section", user_type: "User type", site_admin: "Administrator", door: "Door" };
const ORDER = Object.keys(KINDS);

/** Whether the account was live then; nothing of it means that it was not known. */
export const stateOf = (held: Held[]) => held.find((one) => one.kind === "account")?.value;

/** Rows of one account in the order in which they are read; what names the account or its owner is told elsewhere. */
export function readable(held: Held[]): Held[] {
  const place = (one: Held) => (ORDER.includes(one.kind) ? ORDER.indexOf(one.kind) : ORDER.length);
  return held.filter((one) => one.kind !== "account" && one.kind !== "person").sort((a, b) => place(a) - place(b) || a.what.localeCompare(b.what, "en"));
}

/** By account, in the order of the rows. */
export function byAccount(held: Held[]): [string, Held[]][] {
  const all = new Map<string, Held[]>();
  for (const one of held) {
    const key = `${one.account.site}/${one.account.id}`;
    const known = all.get(key);
    if (known) known.push(one);
    else all.set(key, [one]);
  }
  return [...all];
}

/** `Desk booking, manager`; a door with the time within which it opens. */
function detail(one: Held): string {
  if (one.kind === "role") return words(one.value).toLowerCase();
  return one.kind === "door" && one.value !== "always" ? one.value : "";
}

export function HeldTable({ held, caption }: { held: Held[]; caption: string }) {
  const [zone] = useZone();
  const rows = readable(held);
  if (rows.length === 0) return <div className="body dim small">The account held nothing else.</div>;
  return (
    <div className="scroll">
      <table className="table">
        <caption className="hidden-text">{caption}</caption>
        <thead><tr><th style={{ width: 130 }}>Kind</th><th>What</th><th>Held since</th><th>Until</th></tr></thead>
        <tbody>
          {rows.map((one) => (
            <tr key={`${one.kind} ${one.key} ${one.value}`}>
              <td className="dim">{KINDS[one.kind] ?? words(one.kind)}</td>
              <td>{one.what}{detail(one) && <span className="dim"> {detail(one)}</span>}</td>
              <td className="num">{absolute(one.from, zone)}</td>
              <td className="num">{one.to ? absolute(one.to, zone) : <span className="dim">held now</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function StateTag({ held }: { held: Held[] }) {
  const state = stateOf(held);
  return state === "live" ? <Tag as="ok" label="live then" /> : state === "inactive" ? <Tag as="off" label="inactive then" /> : <Tag as="off" label="not read then" />;
}
