import { Link } from "@tanstack/react-router";
import type { ActivityItem } from "../../api";
import { absolute, clock, day, useZone } from "../../time";
import { CodeMark } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { lineCode, lineTitle, plural, words } from "../../words";

/** One person's journal: event, decision, plan, operations, read-back. */
export function Timeline({ entries }: { entries: ActivityItem[] }) {
  const [zone] = useZone();
  const tenant = useTenant();
  const newest = [...entries].sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.seq - a.seq);
  return (
    <Panel title="Timeline" end={newest.length > 0 ? `${plural(newest.length, "entry", "entries")}, newest first` : undefined}>
      {newest.length === 0 ? (
        <Empty title="Nothing has happened to this person yet">Events from Okta, decisions and calls to iOffice appear here.</Empty>
      ) : (
        <ol className="timeline">
          {newest.map((e) => (
            <li key={e.seq}>
              <time className="at num" dateTime={e.at} title={absolute(e.at, zone)}>
                {day(e.at, zone)}<br />{clock(e.at, zone)}
              </time>
              <CodeMark code={lineCode(e)} />
              <div style={{ minWidth: 0 }}>
                <div className="row wrap" style={{ rowGap: 2 }}>
                  <span style={{ fontWeight: 560 }}>{sentence(lineTitle(e))}</span>
                  <span className="dim small">{[words(e.kind), e.site, e.data?.ms === undefined ? null : `${e.data.ms} ms`].filter(Boolean).join(" · ")}</span>
                </div>
                {e.detail && <div className="dim" style={{ fontSize: 13 }}>{e.detail}</div>}
                {e.kind === "plan" && e.data?.plan && (
                  <Link className="small" to="/$tenant/plans/$planId" params={{ tenant, planId: e.data.plan }}>Open this plan</Link>
                )}
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

/** Event types of Okta stay as they are spelt. */
const sentence = (text: string) => /^\w+[._]\w/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
