// People of a what-if: what each would gain and lose, why, and a tick before what shall be done.
import { Checkbox } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Tag } from "../../ui/marks";
import type { Tone } from "../../words";
import { isOut, leftOutOf, textsOf, type Affected, type LeftOut } from "./left_out";

export const KINDS: [key: "loses" | "gains" | "moves" | "changes" | "waits", total: "lose" | "gain" | "move" | "change" | "wait", word: string, tone: Tone, symbol: string][] = [
  ["loses", "lose", "lose", "failed", "−"], ["gains", "gain", "gain", "ok", "+"], ["moves", "move", "move", "info", ">"], ["changes", "change", "change", "info", "~"], ["waits", "wait", "wait", "held", "="],
];

/** Without the symbol that stands beside it. */
const bare = (text: string) => text.replace(/^[-+~>=] /, "");

export function Reasons({ of }: { of: string[] }) {
  if (of.length === 0) return null;
  return <div className="because">{of.join("; ")}</div>;
}

export function AffectedRow({ p, tenant, out, change, why }: {
  p: Affected;
  tenant: string;
  out: LeftOut;
  /** Nothing can be left out without it. */
  change?: (people: Affected[], on: boolean, text?: string) => void;
  why: (text: string) => string[];
}) {
  const texts = textsOf(p);
  const gone = leftOutOf(out, p);
  return (
    <li style={{ paddingBlock: 7 }}>
      {change && <Checkbox className="no-print" size="xs" aria-label={`Apply for ${p.person}`} disabled={texts.length === 0} checked={texts.length > 0 && gone.size === 0} indeterminate={gone.size > 0 && !isOut(out, p)} onChange={(e) => change([p], e.currentTarget.checked)} style={{ paddingTop: 3 }} />}
      <div className="grow">
        <Link data-row className="title" to="/$tenant/people/$home/$id" params={{ tenant, home: p.identity.tenant, id: p.identity.user }}>{p.person}</Link>{gone.size > 0 && <> <Tag as="held" label={isOut(out, p) ? "left out" : `${gone.size} of ${texts.length} left out`} /></>}
        {KINDS.flatMap(([key, , word, tone, symbol]) => p[key].map((line) => (
          <div key={key + line}>
            <div className="row small" style={{ minHeight: 24, textDecoration: gone.has(line) ? "line-through" : undefined }}>
              {change && texts.length > 1 && (line in p.lines ? <Checkbox className="no-print" size="xs" aria-label={`${line} for ${p.person}`} checked={!gone.has(line)} onChange={(e) => change([p], e.currentTarget.checked, line)} /> : <span style={{ width: 16 }} />)}
              <span className="mark" data-fill={tone} style={{ width: 16, height: 16, fontSize: 11 }} role="img" aria-label={word}>{symbol}</span>{bare(line)}
            </div>
            <Reasons of={why(line)} />
          </div>
        )))}
        {p.no_longer.map((line) => <div key={line} className="small dim">no longer: {bare(line)}<Reasons of={why(line)} /></div>)}
      </div>
      <span className="small dim">{p.site}</span>
    </li>
  );
}
