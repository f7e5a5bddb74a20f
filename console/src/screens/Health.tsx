import { Button } from "@mantine/core";
import { useHealth } from "../queries";
import { Mark } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { Empty, Loaded } from "../ui/states";
import { plural } from "../words";

export function Health() {
  const query = useHealth();
  const broken = query.data?.checks.filter((c) => !c.ok) ?? [];
  const well = query.data?.checks.filter((c) => c.ok) ?? [];
  return (
    <>
      <PageHead title="Health" sub={query.data && (broken.length === 0 ? "All checks pass" : `${broken.length} of ${plural(broken.length + well.length, "check")} ${broken.length === 1 ? "needs" : "need"} attention`)}>
        <Button size="xs" variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>Check again</Button>
      </PageHead>
      <Loaded query={query} what="the health checks">
        {(data) => (
          <div className="stack">
            {data.checks.length === 0 && <div className="panel"><Empty title="No checks yet">They run shortly after the start.</Empty></div>}
            {broken.length > 0 && (
              <Panel title="Needs attention" tone="failed">
                <ul className="list">
                  {broken.map((c) => (
                    <li key={c.name}>
                      <Mark as="failed" label="Fails" />
                      <div className="grow">
                        <div className="title">{c.name}</div>
                        <div className="dim" style={{ fontSize: 13 }}>{c.detail}</div>
                        {c.fix && <div className="fix"><span className="dim">Fix: </span>{c.fix}</div>}
                      </div>
                    </li>
                  ))}
                </ul>
              </Panel>
            )}
            {well.length > 0 && (
              <Panel title="In order" end={plural(well.length, "check")}>
                <ul className="list">
                  {well.map((c) => (
                    <li key={c.name} style={{ paddingBlock: 8 }}>
                      <Mark as="ok" label="Passes" />
                      <div className="grow row wrap" style={{ columnGap: 12, rowGap: 0 }}><span className="title">{c.name}</span><span className="dim" style={{ fontSize: 13 }}>{c.detail}</span></div>
                    </li>
                  ))}
                </ul>
              </Panel>
            )}
          </div>
        )}
      </Loaded>
    </>
  );
}
