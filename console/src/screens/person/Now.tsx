import { IconArrowRight } from "@tabler/icons-react";
import type { PersonDetail } from "../../api";
import { Ago } from "../../time";
import { Facts, Panel } from "../../ui/panel";
import { Mark, Tag } from "../../ui/marks";
import { Empty } from "../../ui/states";
import { fieldName, listed, plural, shown, words } from "../../words";

/** Okta says, policy gives, iOffice has; then each thing given with its reason. */
export function Now({ data }: { data: PersonDetail }) {
  return (
    <div className="stack">
      <Chain data={data} />
      <div className="cols main">
        <div className="stack">
          <Problems data={data} />
          <Given data={data} />
          <Fields data={data} />
          <NotGiven data={data} />
        </div>
        <div className="stack">
          <Account data={data} />
          <Groups data={data} />
          <Profile data={data} />
        </div>
      </div>
    </div>
  );
}

function Chain({ data }: { data: PersonDetail }) {
  const { person, desired, account } = data;
  return (
    <div className="panel chain">
      <div>
        <h3 className="dim">Okta says</h3>
        <div>{words(person.status)}, {plural(person.groups.length, "group")}</div>
        <div className="dim small">{person.department ?? "no department"} in {person.tenant}</div>
      </div>
      <span><IconArrowRight size={18} aria-hidden /></span>
      <div>
        <h3 className="dim">Policy gives</h3>
        <div>{words(desired.lifecycle)}, {plural(desired.items.length, "item")}</div>
        {(desired.because ?? []).slice(0, 2).map((reason) => <div key={reason} className="because">{reason}</div>)}
        <div className="dim small">{desired.review_at ? <>looks again <Ago at={desired.review_at} /></> : "no date on which this changes by itself"}</div>
      </div>
      <span><IconArrowRight size={18} aria-hidden /></span>
      <div>
        <h3 className="dim">iOffice has</h3>
        <div>{account ? `${account.active ? "Active" : "Inactive"} account at ${account.site}` : "No account"}</div>
        <div className="dim small">{account?.seat ?? account?.section ?? "no seat"}</div>
      </div>
    </div>
  );
}

function Given({ data }: { data: PersonDetail }) {
  const items = data.desired.items.filter((item) => item.kind !== "field");
  return (
    <Panel title="What policy gives, and why" end={items.length > 0 ? plural(items.length, "item") : undefined}>
      {data.desired.items.length === 0 ? (
        <Empty title="Policy gives nothing">For a person in the state “{words(data.desired.lifecycle)}” no rule grants anything.</Empty>
      ) : (
        <ul className="list">
          {items.map((item, i) => (
            <li key={i}>
              <span className="dim small" style={{ width: 96, flexShrink: 0, lineHeight: "21px" }}>{words(item.kind)}</span>
              <div className="grow">
                <div><span style={{ fontWeight: 560 }}>{item.value}</span>{item.label && item.label !== item.value && <span className="dim"> {item.label}</span>}</div>
                {listed(item.because).map((reason) => <div key={reason} className="because">{reason}</div>)}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Problems({ data }: { data: PersonDetail }) {
  const problems = data.desired.problems ?? [];
  if (problems.length === 0) return null;
  return (
    <Panel title="Could not be decided" tone="failed">
      <ul className="list">{problems.map((text) => <li key={text}><Mark as="failed" label="Problem" /><span className="grow">{text}</span></li>)}</ul>
    </Panel>
  );
}

function Fields({ data }: { data: PersonDetail }) {
  const fields = data.desired.items.filter((item) => item.kind === "field");
  if (fields.length === 0) return null;
  return (
    <Panel title="Profile fields that policy owns" end={plural(fields.length, "field")}>
      <div className="scroll">
        <table className="table">
          <thead><tr><th>Field</th><th>Value</th><th>Because</th></tr></thead>
          <tbody>
            {fields.map((f) => <tr key={f.label}><td className="dim">{fieldName(f.label)}</td><td>{f.value}</td><td className="dim small">{listed(f.because).join("; ")}</td></tr>)}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function NotGiven({ data }: { data: PersonDetail }) {
  const missing = data.desired.not_given;
  if (missing.length === 0) return null;
  return (
    <Panel title="Not given, and why">
      <ul className="list">
        {missing.map((item, i) => (
          <li key={i}>
            <Mark as="off" label="Not given" />
            <div className="grow">
              <span className="title">{item.label}</span>
              {listed(item.because).map((reason) => <div key={reason} className="because">{reason}</div>)}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Account({ data }: { data: PersonDetail }) {
  const { account } = data;
  if (!account) {
    return <Panel title="In iOffice"><Empty title="No account">{words(data.person.situation)}: Lanyard has found none for this person.</Empty></Panel>;
  }
  return (
    <Panel title="In iOffice" end={<Tag code={account.active ? "active" : "inactive"} />}>
      <div className="body">
        <Facts
          rows={[
            ["Site", account.site],
            ["Account", <span className="mono" key="a">{account.user_name} · {account.id}</span>],
            ["Seat", account.seat ?? "none"],
            ["Section", account.section ?? "none"],
            ["Cost center", account.cost_center ?? "none"],
            ["Permissions", account.permissions.length === 0 ? "none" : (
              <ul key="p">{account.permissions.map((p) => <li key={p.center + p.role}>{p.center} <span className="dim">{words(p.role)}</span></li>)}</ul>
            )],
          ]}
        />
      </div>
    </Panel>
  );
}

function Groups({ data }: { data: PersonDetail }) {
  const { groups } = data.person;
  return (
    <Panel title="Okta groups" end={groups.length > 0 ? groups.length : undefined}>
      <div className="body row wrap" style={{ gap: 6 }}>
        {groups.length === 0 ? <span className="dim">In no group.</span> : groups.map((g) => <span key={g.id} className="tag" data-fill="off">{g.name}</span>)}
      </div>
    </Panel>
  );
}

function Profile({ data }: { data: PersonDetail }) {
  const rows = data.person.profile.filter(([, value]) => value !== null && value !== "");
  return (
    <Panel title="Okta profile">
      <div className="body">
        {rows.length === 0 ? <span className="dim">No attributes.</span> : <Facts rows={rows.map(([name, value]) => [fieldName(name), shown(value)])} />}
      </div>
    </Panel>
  );
}
