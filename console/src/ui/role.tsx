import { PageHead } from "./panel";
import { Empty } from "./states";

/** Stands where an action would: who may do it. */
export function RoleFor({ what, role }: { what: string; role: string }) {
  return <span className="dim small">{what} needs the role {role}</span>;
}

/** A screen that the role does not open: says which role does. */
export function NeedsRole({ title, role }: { title: string; role: string }) {
  return (
    <>
      <PageHead title={title} />
      <div className="panel"><Empty title={`This needs the role ${role}`}>Roles come from your groups in Okta. Ask an owner.</Empty></div>
    </>
  );
}
