// How far a what-if reaches: people, sites and their limits, floors, requests, and what is worth knowing.
import type { Schemas } from "../../api";
import { Mark, Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty } from "../../ui/states";
import { number, plural } from "../../words";
import { KINDS } from "./People";

type Told = Pick<Schemas["WhatIf"], "totals" | "cost" | "approvals" | "rules" | "doubts" | "out_of_scope" | "unmatched" | "bookings_cancelled_for">;

const share = (part: number, whole: number) => (whole > 0 ? `${((100 * part) / whole).toFixed(part * 100 < whole ? 1 : 0)} %` : "–");

export function Costs({ data }: { data: Told }) {
  const notes = [
    ...data.rules.dead.map((f) => `Nobody meets the conditions of ${f}.`),
    ...data.rules.shadowed.map((f) => `${f} gives nobody anything now, though somebody meets its conditions.`),
    ...(data.out_of_scope.length > 0 ? [`${plural(data.out_of_scope.length, "person is", "people are")} no longer concerned by any rule.`] : []),
    ...(data.unmatched.length > 0 ? [`${plural(data.unmatched.length, "person", "people")} would no longer be tied to their account.`] : []),
    ...(data.bookings_cancelled_for > 0 ? [`Future bookings of ${plural(data.bookings_cancelled_for, "person", "people")} would be cancelled.`] : []),
    ...data.doubts,
  ];
  return (
    <>
      <div className="row wrap">
        {KINDS.map(([key, total, word, tone, symbol]) => <span key={key} className="tag" data-fill={data.totals[total] > 0 ? tone : "off"}><span aria-hidden>{symbol}</span>{number(data.totals[total])} {word}</span>)}
        <span className="dim small">{plural(data.totals.affected, "person", "people")} of {number(data.totals.people)}, {share(data.totals.affected, data.totals.people)}</span>
      </div>
      {data.cost.map((cost) => (
        <div key={cost.site} className="small"><b>{cost.site}</b>: {number(cost.ioffice_calls)} calls{cost.minutes === null ? "" : `, about ${Math.max(1, Math.round(cost.minutes))} min`}; {plural(cost.removals, "person loses", "people lose")} something{cost.removals_max === null ? "" : `, ${number(cost.removals_max)} may within the window`}{cost.removals_max !== null && cost.removals > cost.removals_max && <> <Tag as="failed" label="over the limit: it would wait for a decision" /></>}</div>
      ))}
      {Object.entries(data.approvals).map(([rule, count]) => <div key={rule} className="small">{plural(count, "request")} would be made by {rule}</div>)}
      {notes.map((text) => <div key={text} className="small row"><Mark as="held" label="Worth knowing" />{text}</div>)}
    </>
  );
}

export function Floors({ floors }: { floors: Schemas["WhatIf"]["floors"] }) {
  const changed = floors.filter((f) => f.today !== f.then || f.short > 0);
  return (
    <Panel title="Floors">
      {changed.length === 0 ? <Empty title="No floor changes" /> : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Table of floors">
        <table className="table">
          <thead><tr><th>Floor</th><th className="r">Seats</th><th className="r">Today</th><th className="r">Then</th></tr></thead>
          <tbody>{changed.map((f) => <tr key={f.site + f.floor}><td>{f.floor}<div className="dim small">{f.site}</div>{f.short > 0 && <Tag as="failed" label={`${f.short} without a desk`} />}</td><td className="r num">{f.seats}</td><td className="r num">{f.today}</td><td className="r num">{f.then}</td></tr>)}</tbody>
        </table>
        </div>
      )}
    </Panel>
  );
}
