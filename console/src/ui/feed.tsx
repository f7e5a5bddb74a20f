import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { ActivityItem } from "../api";
import { At, clock, day, absolute, useZone } from "../time";
import { MARK, tone, words } from "../words";
import { useTenant } from "./tenant";

/** Activity, newest first, with a break before each other day. `tight` leaves the day and the place out. */
export function Feed({ items, tight }: { items: ActivityItem[]; tight?: boolean }) {
  const [zone] = useZone();
  const tenant = useTenant();
  const seen = useRef(new Set<string>());
  const first = seen.current.size === 0;
  useEffect(() => {
    for (const item of items) seen.current.add(key(item));
  }, [items]);
  let lastDay = "";
  return (
    <ul className={tight ? "list feed tight" : "list feed"}>
      {items.flatMap((item) => {
        const today = day(item.at, zone);
        const rows = [];
        if (!tight && today !== lastDay) rows.push(<li key={`day ${today} ${key(item)}`} className="daybreak">{today}</li>);
        lastDay = today;
        const fill = tone(item.severity);
        rows.push(
          <li key={key(item)} data-new={(!first && !seen.current.has(key(item))) || undefined}>
            {tight ? <span className="at"><At at={item.at} /></span> : (
              <time className="at num" dateTime={item.at} title={absolute(item.at, zone)}>{clock(item.at, zone)}</time>
            )}
            <span className="mark" data-fill={fill} role="img" aria-label={words(item.severity)}>{MARK[fill]}</span>
            <div className="grow">
              <div className="row wrap" style={{ columnGap: 8, rowGap: 0 }}>
                <span className="title">{item.title}</span>
                {item.person && item.identity && !item.title.includes(item.person) && (
                  <Link to="/$tenant/people/$home/$id" params={{ tenant, home: item.tenant, id: item.identity }}>{item.person}</Link>
                )}
              </div>
              <div className={tight ? "dim small ellipsis" : "dim"} style={{ fontSize: tight ? 12 : 13 }}>{item.detail}</div>
            </div>
            {!tight && (
              <div className="row only-wide small dim" style={{ flexShrink: 0 }}>
                {item.person && item.identity && item.title.includes(item.person) && (
                  <Link to="/$tenant/people/$home/$id" params={{ tenant, home: item.tenant, id: item.identity }} aria-label={`Open ${item.person}`}>open person</Link>
                )}
                <span>{[item.tenant, item.site].filter(Boolean).join(" → ")}</span>
              </div>
            )}
          </li>,
        );
        return rows;
      })}
    </ul>
  );
}

const key = (item: ActivityItem) => `${item.tenant}/${item.seq}`;
