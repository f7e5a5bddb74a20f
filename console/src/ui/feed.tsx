import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { ActivityItem } from "../api";
import { absolute, At, clock, day, useZone } from "../time";
import { CodeMark } from "./marks";
import { useTenant } from "./tenant";

/** Activity, newest first, with a break before each other day. `tight` leaves the day and the place out. */
export function Feed({ items, tight }: { items: ActivityItem[]; tight?: boolean }) {
  const [zone] = useZone();
  const seen = useRef(new Set<string>());
  const first = seen.current.size === 0;
  useEffect(() => {
    for (const item of items) seen.current.add(key(item));
  }, [items]);
  return (
    <ul className={tight ? "list feed tight" : "list feed"}>
      {items.flatMap((item, i) => {
        const today = day(item.at, zone);
        const before = items[i - 1];
        const newDay = !tight && (before === undefined || day(before.at, zone) !== today);
        return [
          newDay && <li key={`day before ${key(item)}`} className="daybreak">{today}</li>,
          <li key={key(item)} data-new={(!first && !seen.current.has(key(item))) || undefined}>
            {tight ? <span className="at"><At at={item.at} /></span> : (
              <time className="at num" dateTime={item.at} title={absolute(item.at, zone)}>{clock(item.at, zone)}</time>
            )}
            <CodeMark code={item.severity} />
            <div className="grow">
              <Title item={item} />
              <div className={tight ? "dim small ellipsis" : "dim"} style={{ fontSize: tight ? 12 : 13 }}>{item.detail}</div>
            </div>
            {!tight && <span className="only-wide small dim" style={{ flexShrink: 0 }}>{[item.tenant, item.site].filter(Boolean).join(" → ")}</span>}
          </li>,
        ];
      })}
    </ul>
  );
}

/** The title with the person's name as a link in it; a title that does not name the person is a link itself. */
function Title({ item }: { item: ActivityItem }) {
  const tenant = useTenant();
  if (!item.identity) return <div className="title">{item.title}</div>;
  const at = item.person ? item.title.indexOf(item.person) : -1;
  const [before, name, after] = at < 0 ? ["", item.title, ""] : [item.title.slice(0, at), item.person!, item.title.slice(at + item.person!.length)];
  return (
    <div className="title">
      {before}
      <Link to="/$tenant/people/$home/$id" params={{ tenant, home: item.tenant, id: item.identity }}>{name}</Link>
      {after}
      {at < 0 && item.person && <span className="dim"> {item.person}</span>}
    </div>
  );
}

const key = (item: ActivityItem) => `${item.tenant}/${item.seq}`;
