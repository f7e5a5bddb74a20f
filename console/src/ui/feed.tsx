import { memo, useCallback, useEffect, useLayoutEffect, useRef } from "react";
import type { ActivityItem } from "../api";
import { absolute, At, clock, day, useZone, type Zone } from "../time";
import { CodeMark } from "./marks";
import { RowLink } from "./row_link";
import { useScreenful } from "./rows";
import { lineCode, lineTitle } from "../words";
import { useTenant } from "./tenant";

/** Activity, newest first, with a break before each other day. `tight` leaves the day and the place out; with `choose` a line
 * can be opened, and `open` names the one that is. */
export function Feed({ items, tight, open, choose }: { items: ActivityItem[]; tight?: boolean; open?: string; choose?: (line: string) => void }) {
  const tenant = useTenant();
  const [zone] = useZone();
  const { shown, room } = useScreenful(items);
  const seen = useRef(new Set<string>());
  const first = seen.current.size === 0;
  useEffect(() => {
    for (const item of items) seen.current.add(key(item));
  }, [items]);
  const asked = useRef(choose);
  useLayoutEffect(() => {
    asked.current = choose;
  }, [choose]);
  const ask = useCallback((line: string) => asked.current?.(line), []);
  return (
    <ul className={tight ? "list feed tight" : "list feed"}>
      {shown.flatMap((item, i) => {
        const today = day(item.at, zone);
        const before = shown[i - 1];
        const newDay = !tight && (before === undefined || day(before.at, zone) !== today);
        return [
          newDay && <li key={`day before ${key(item)}`} className="daybreak">{today}</li>,
          <Row key={key(item)} item={item} tenant={tenant} zone={zone} tight={tight} chosen={open === key(item)} fresh={!first && !seen.current.has(key(item))} choose={choose && ask} />,
        ];
      })}
      {room > 0 && <li aria-hidden style={{ height: room }} />}
    </ul>
  );
}

/** Drawn once: a list of thousands is not drawn anew for each page that is added to it. */
const Row = memo(function Row({ item, tenant, zone, tight, chosen, fresh, choose }: { item: ActivityItem; tenant: string; zone: Zone; tight?: boolean; chosen: boolean; fresh: boolean; choose?: (line: string) => void }) {
  return (
    <li data-chosen={chosen || undefined} className={choose ? "choice" : undefined} data-new={fresh || undefined}>
      {tight ? <span className="at"><At at={item.at} /></span> : (
        <time className="at num" dateTime={item.at} title={absolute(item.at, zone)}>{clock(item.at, zone)}</time>
      )}
      <CodeMark code={lineCode(item)} />
      <div className="grow">
        <Title item={item} tenant={tenant} />
        <div className={tight ? "dim small ellipsis" : "dim"} style={{ fontSize: tight ? 12 : 13 }}>{item.detail}</div>
      </div>
      {!tight && <span className="only-wide small dim" style={{ flexShrink: 0 }}>{[item.tenant, item.site].filter(Boolean).join(" → ")}</span>}
      {choose && <button type="button" data-row className="details" aria-expanded={chosen} aria-label={`Details: ${lineTitle(item)}${item.person ? `, ${item.person}` : ""}`} onClick={() => choose(key(item))}>Details</button>}
    </li>
  );
});

/** The person's name leads to the person: inside the title if that names them, else before it. */
function Title({ item, tenant }: { item: ActivityItem; tenant: string }) {
  const title = lineTitle(item);
  const { identity, person } = item;
  if (!identity || !person) return <div className="title">{title}</div>;
  const link = <RowLink to="/$tenant/people/$home/$id" params={{ tenant, home: identity.tenant, id: identity.id }}>{person}</RowLink>;
  const at = title.indexOf(person);
  if (at < 0) return <div><span className="title">{link}</span> <span className="what"><span className="dim" aria-hidden>·</span> {title}</span></div>;
  return <div className="title">{title.slice(0, at)}{link}{title.slice(at + person.length)}</div>;
}

const key = (item: ActivityItem) => `${item.tenant}/${item.seq}`;
