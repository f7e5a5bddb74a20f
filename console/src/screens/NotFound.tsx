import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/states";
import { PageHead } from "../ui/panel";

export function NotFound() {
  return (
    <>
      <PageHead title="No such page" />
      <div className="panel">
        <Empty title="This address leads nowhere" action={<Link to="/$tenant/overview" params={{ tenant: "all" }}>Go to the overview</Link>}>
          It may be an old link. Nothing was changed.
        </Empty>
      </div>
    </>
  );
}
