import type { TimelineEntry } from "../../api";
import { absolute, clock, day, useZone } from "../../time";
import { Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty } from "../../ui/states";
import { MARK, plural, tone, words, type Tone } from "../../words";

const KIND_TONE: Record<string, Tone> = { event: "info", signal: "info", decision: "off", plan: "off", hold: "held", approval: "held", apply: "ok", call: "ok", verify: "ok", verified: "ok", alarm: "failed" };

const fill = (e: TimelineEntry): Tone => {
  const byOutcome = e.outcome ? tone(e.outcome) : undefined;
  return byOutcome && byOutcome !== "info" ? byOutcome : (KIND_TONE[e.kind] ?? "info");
};

export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const [zone] = useZone();
  const newest = [...entries].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <Panel title="Timeline" end={newest.length > 0 ? `${plural(newest.length, "entry", "entries")}, newest first` : undefined}>
      {newest.length === 0 ? (
        <Empty title="Nothing has happened to this person yet">Events from Okta, decisions and calls to iOffice appear here.</Empty>
      ) : (
        <ol className="timeline">
          {newest.map((e, i) => (
            <li key={`${e.at} ${i}`}>
              <time className="at num" dateTime={e.at} title={absolute(e.at, zone)}>
                {day(e.at, zone)}<br />{clock(e.at, zone)}
              </time>
              <span className="mark" data-fill={fill(e)} role="img" aria-label={words(e.kind)}>{MARK[fill(e)]}</span>
              <div style={{ minWidth: 0 }}>
                <div className="row wrap" style={{ rowGap: 2 }}>
                  <span style={{ fontWeight: 560 }}>{e.title}</span>
                  {e.outcome && <Tag code={e.outcome} />}
                  <span className="dim small">{words(e.kind)}</span>
                </div>
                {e.detail && <div className="dim" style={{ fontSize: 13 }}>{e.detail}</div>}
                {e.calls && e.calls.length > 0 && (
                  <details>
                    <summary>{plural(e.calls.length, "call")}, {e.calls.reduce((ms, c) => ms + c.ms, 0)} ms</summary>
                    <ul className="calls">
                      {e.calls.map((c, n) => (
                        <li key={n} className="mono"><span className="method">{c.method}</span><span className="grow">{c.path}</span><span>{c.status}</span><span className="dim num">{c.ms} ms</span></li>
                      ))}
                    </ul>
                  </details>
                )}
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
