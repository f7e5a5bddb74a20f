import { Link, useNavigate } from "@tanstack/react-router";
import { usePlans } from "../queries";
import { Ago } from "../time";
import { Summary } from "../ui/marks";
import { PageHead } from "../ui/panel";
import { useReturnFocus } from "../ui/return_focus";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { words } from "../words";

export function Plans() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const query = usePlans(tenant);
  useReturnFocus(query.data !== undefined);
  return (
    <>
      <PageHead title="Plans" sub="What Lanyard proposed to change, newest first" />
      <div className="panel">
        <Loaded query={query} what="plans" rows={12}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No plans yet">A plan is made when a look finds something to change. See Health if you expected one.</Empty>
            ) : (
              <div className="scroll">
                <table className="table">
                  <thead><tr><th>Person</th><th>Changes</th><th>Lane</th><th>Tenant</th><th className="r">Made</th></tr></thead>
                  <tbody>
                    {data.map((plan) => (
                      <tr key={plan.id} data-link onClick={() => void navigate({ to: "/$tenant/plans/$planId", params: { tenant, planId: plan.id } })}>
                        <td>
                          <Link data-row style={{ color: "var(--text)", fontWeight: 560 }} to="/$tenant/plans/$planId" params={{ tenant, planId: plan.id }} onClick={(e) => e.stopPropagation()}>
                            {plan.person ?? plan.identity?.id ?? plan.id}
                          </Link>
                          <div className="dim mono">{plan.id}</div>
                        </td>
                        <td><Summary summary={plan.summary} short /></td>
                        <td className="dim">{plan.lane ? words(plan.lane) : "–"}</td>
                        <td className="dim">{[plan.tenant, plan.site].filter(Boolean).join(" → ") || "–"}</td>
                        <td className="r dim"><Ago at={plan.at} /></td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Loaded>
      </div>
    </>
  );
}
