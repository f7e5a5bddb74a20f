// Who may do what: roles by group, and tokens for programs; and what alerts say.
import { useQuery } from "@tanstack/react-query";
import { api, type Grant } from "../api";
import { useMay, useSession } from "../queries";
import { Tag } from "../ui/marks";
import { Facts, PageHead, Panel } from "../ui/panel";
import { NeedsRole } from "../ui/role";
import { Empty, Loaded } from "../ui/states";
import { words } from "../words";
import { Alerts } from "./settings/Alerts";
import { OwnerLink } from "./settings/OwnerLink";
import { Tokens } from "./settings/Tokens";

const MAY: [string, string][] = [
  ["viewer", "sees people, places, plans, findings and what happened"],
  ["operator", "also asks for looks, and presses and releases the stop button"],
  ["policy_editor", "also writes drafts of the policy and publishes"],
  ["approver", "also decides on what waits for an approval"],
  ["auditor", "also reads the audit log and takes evidence away"],
  ["owner", "all of it, and settings, roles and tokens"],
];

export function Settings() {
  const session = useSession().data;
  const own = useMay("own", true);
  if (own === false) return <NeedsRole title="Settings" role="owner" />;
  return (
    <>
      <PageHead title="Settings" sub="Who may do what. Everything else is in lanyard.toml, which holds for the next start" />
      <div className="cols main">
        <div className="stack">
          <Tokens />
          <Roles />
          <OwnerLink />
          <Alerts />
        </div>
        <div className="stack">
          <Panel title="You">
            <div className="body">
              {session && <Facts rows={[["Signed in as", session.user], ["Roles", <Grants key="g" grants={session.grants} />]]} />}
            </div>
          </Panel>
          <Panel title="What each role may">
            <div className="body"><Facts rows={MAY.map(([role, may]) => [words(role), may])} /></div>
          </Panel>
        </div>
      </div>
    </>
  );
}

export function Grants({ grants }: { grants: Grant[] }) {
  return (
    <ul>
      {grants.map((grant, i) => {
        const where = [...(grant.tenants ?? []), ...(grant.sites ?? [])];
        return <li key={i} className="row wrap" style={{ minHeight: 24 }}><Tag as="info" label={words(grant.role)} /><span className="dim small">{where.length > 0 ? `in ${where.join(", ")}` : "everywhere"}</span></li>;
      })}
    </ul>
  );
}

function Roles() {
  const query = useQuery({ queryKey: ["roles"], queryFn: api.roles });
  return (
    <Panel title="Roles by group" end={query.data?.provider ?? undefined}>
      <Loaded query={query} what="the roles">
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={data.provider ? "No group gives a role" : "Nobody signs in with Okta yet"}>Add <span className="mono">[sign_in]</span> and <span className="mono">[[sign_in.role]]</span> to lanyard.toml, then restart.</Empty>
          ) : (
            <table className="table">
              <thead><tr><th>Group in Okta</th><th>Role</th></tr></thead>
              <tbody>{data.items.map((rule, i) => <tr key={i}><td style={{ fontWeight: 560 }}>{rule.group}</td><td><Grants grants={[rule.grant]} /></td></tr>)}</tbody>
            </table>
          )
        }
      </Loaded>
    </Panel>
  );
}
