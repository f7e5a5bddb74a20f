// Why, why not, what would turn it round: by the policy in force, now or as of a past moment, from memory alone.
import { Autocomplete } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { calls, type PersonDetail, type Schemas } from "../../api";
import { At, absolute, useZone } from "../../time";
import { Mark, Tag } from "../../ui/marks";
import { Moment } from "../../ui/moment";
import { Panel } from "../../ui/panel";
import { Empty, Loaded } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { plural, words } from "../../words";
import "../../forms.css";

type Explained = Schemas["Explained"];

const ASKED = ["seat", "role", "cost center", "booking", "visit"];

/** What can be asked about this person: by name, what policy gives or does not. */
function things(data: PersonDetail): string[] {
  const centers = data.desired.items.filter((item) => item.kind === "role").map((item) => `role:${(item.label ?? "").replace(/^role in /, "")}`);
  const items = data.desired.items.filter((item) => item.kind === "item").map((item) => `item:${item.value}`);
  return [...new Set([...ASKED, ...centers, ...items, ...data.desired.not_given.map((item) => item.label)])];
}

export function Explain({ data, home, id }: { data: PersonDetail; home: string; id: string }) {
  const { thing, at } = useSearch({ from: "/$tenant/people/$home/$id" });
  const navigate = useNavigate({ from: "/$tenant/people/$home/$id" });
  const [zone] = useZone();
  const ask = (next: { thing?: string; at?: string }) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  const search = useDebouncedCallback((text: string) => ask({ thing: text.trim() || undefined }), 250);
  const query = useQuery({
    queryKey: ["person", "explain", home, id, thing, at],
    queryFn: () => calls.get<Explained>(`/people/${encodeURIComponent(home)}/${encodeURIComponent(id)}/explain`, { thing, as_of: at }),
    placeholderData: keepPreviousData,
  });
  return (
    <div className="stack">
      <Panel title="Ask" end="From what was read; no call is made">
        <div className="body fields">
          <Autocomplete label="About" description="A seat, role:CENTER, item:NAME, or a rule's id" placeholder="everything" data={things(data)} defaultValue={thing ?? ""} onChange={search} limit={12} clearable clearButtonProps={{ "aria-label": "Ask about everything" }} />
          <Moment label="As of" at={at} ask={(moment) => ask({ at: moment })} empty="now" />
        </div>
      </Panel>
      <Loaded query={query} what="the explanation" rows={8}>
        {(told) => (
          <div className="cols main">
            <div className="stack">
              {thing && <Ways told={told} thing={thing} />}
              <Lines told={told} />
            </div>
            <div className="stack">
              <Panel title={at ? "As known then" : "As known now"}>
                <div className="body small">{at && <div>{absolute(told.at, zone)}</div>}{words(told.person.status)} in Okta since <At at={told.since} seconds={false} />, {plural(told.groups, "group")}{told.person.department && `, ${told.person.department}`}.{at && <div className="dim">Judged by the policy that is in force today.</div>}</div>
              </Panel>
              <Made told={told} />
            </div>
          </div>
        )}
      </Loaded>
    </div>
  );
}

/** Each rule that could give it: whether it does, why, and the smallest change that turns it round. */
function Ways({ told, thing }: { told: Explained; thing: string }) {
  return (
    <Panel title={`What could give “${thing}”`} end={plural(told.ways.length, "rule")}>
      {told.ways.length === 0 ? <Empty title="No rule could give that">No flow of the policy in force names it, for anybody.</Empty> : (
        <ul className="list">
          {told.ways.map((way) => (
            <li key={way.rule} data-way={way.gives ? "gives" : "not"}>
              <Mark as={way.gives ? "ok" : "off"} label={way.gives ? "Gives it" : "Does not give it"} />
              <div className="grow">
                <div><span className="title">{way.sentence || way.rule}</span> {way.sentence && <span className="mono dim">{way.rule}</span>}</div>
                <div style={{ fontSize: 13 }}>{way.gives ? "gives it" : "does not give it"}: {way.why}</div>
                {way.change !== null && <div className="small dim">{turned(way)} if you <b>{way.change.join(" and ")}</b>: tried on this person.</div>}
                {way.change === null && way.rests_on.length === 0 && <div className="small dim">No change of attributes or groups alone turns it round.</div>}
                {way.rests_on.map((one) => (
                  <div key={one.expression} className="small dim">It rests on <span className="mono">{one.expression}</span>, which is evaluated, so what would turn it is not guessed. It reads {one.inputs.length === 0 ? "nothing of the person" : one.inputs.map((input) => `${input.name}: ${input.now ?? "empty"}`).join(", ")}.</div>
                ))}
                {way.by_itself && <div className="small dim">{turned(way)} by itself on <b>{way.by_itself.on}</b>, if nothing changes before.</div>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

const turned = (way: Explained["ways"][number]) => way.gives ? "It would stop" : "It would be given";

function Lines({ told }: { told: Explained }) {
  const parts = [...new Set(told.lines.map((line) => line.part))];
  return (
    <Panel title="The whole decision">
      {told.lines.length === 0 && <Empty title="Nothing to decide">No site is known yet for which something could be given.</Empty>}
      {parts.map((part) => (
        <div key={part}>
          <div className="subhead">{words(part)}</div>
          <ul className="list">{told.lines.filter((line) => line.part === part).map((line, i) => <li key={i} style={{ display: "block", paddingBlock: 6 }}><div style={{ fontSize: 13 }}>{line.what}</div>{line.why.map((why) => <div key={why} className="because">{why}</div>)}</li>)}</ul>
        </div>
      ))}
    </Panel>
  );
}

function Made({ told }: { told: Explained }) {
  const tenant = useTenant();
  return (
    <Panel title="Written, and read back" end={told.made.length > 0 ? plural(told.made.length, "thing") : undefined}>
      {told.made.length === 0 ? <Empty title="Nothing was written">Until then Lanyard changed nothing of this person in iOffice.</Empty> : (
        <ul className="list">
          {told.made.map((made) => (
            <li key={made.site + made.line} style={{ paddingBlock: 7 }}>
              <div className="grow"><Link to="/$tenant/plans/$planId" params={{ tenant, planId: made.plan }}>{made.what}</Link><div className="dim small">{made.site}, <At at={made.at} /></div></div>
              {made.read_back_at ? <Tag as="ok" label="read back" /> : <Tag as="off" label="not read back" />}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
