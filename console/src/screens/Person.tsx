import { Button, Tabs } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconArrowLeft, IconEye } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { api, type PersonDetail } from "../api";
import { queryClient, useMay, usePerson, usePersonPlan } from "../queries";
import type { PersonSearch } from "../router";
import { useServerNow } from "../time";
import { Avatar, Summary, Tag } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { RoleFor } from "../ui/role";
import { Empty, Loaded } from "../ui/states";
import { Notes, Steps, summarise } from "../ui/steps";
import { Access } from "./person/Access";
import { Explain } from "./person/Explain";
import { Now } from "./person/Now";
import { Timeline } from "./person/Timeline";
import { UndoLink } from "./undo/UndoLink";

export function Person() {
  const { tenant, home, id } = useParams({ from: "/$tenant/people/$home/$id" });
  const { tab } = useSearch({ from: "/$tenant/people/$home/$id" });
  const navigate = useNavigate({ from: "/$tenant/people/$home/$id" });
  const query = usePerson(home, id);
  return (
    <>
      <Link to="/$tenant/people" params={{ tenant }} className="row small" style={{ width: "fit-content" }}>
        <IconArrowLeft size={14} aria-hidden /> People
      </Link>
      <Loaded query={query} what="this person" rows={8}>
        {(data) => (
          <div className="stack">
            <Head data={data} home={home} id={id} />
            <Tabs
              value={tab ?? "now"}
              onChange={(value) => void navigate({ search: { tab: value === "now" ? undefined : (value as PersonSearch["tab"]) }, replace: true })}
              keepMounted={false}
            >
              <Tabs.List>
                <Tabs.Tab value="now">Now</Tabs.Tab>
                <Tabs.Tab value="timeline">Timeline</Tabs.Tab>
                <Tabs.Tab value="access">Access on a date</Tabs.Tab>
                <Tabs.Tab value="explain">Explain</Tabs.Tab>
                <Tabs.Tab value="plan">Plan</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="now" pt={16}><Now data={data} /></Tabs.Panel>
              <Tabs.Panel value="timeline" pt={16}><Timeline entries={data.timeline} /></Tabs.Panel>
              <Tabs.Panel value="access" pt={16}><Access home={home} id={id} name={data.person.name} /></Tabs.Panel>
              <Tabs.Panel value="explain" pt={16}><Explain data={data} home={home} id={id} /></Tabs.Panel>
              <Tabs.Panel value="plan" pt={16}><DryRun home={home} id={id} name={data.person.name} /></Tabs.Panel>
            </Tabs>
          </div>
        )}
      </Loaded>
    </>
  );
}

/** What is shown first of what could be taken back. */
const DAY_MS = 86_400_000;

function Head({ data, home, id }: { data: PersonDetail; home: string; id: string }) {
  const { person } = data;
  const may = useMay("operate");
  const now = useServerNow(300_000);
  const lately = new Date(now - DAY_MS).toISOString();
  const look = useMutation({
    mutationFn: () => api.look(home, id),
    onSuccess: () => notifications.show({ message: `Looking at ${person.name} again.` }),
    onSettled: () => queryClient.invalidateQueries({ predicate: (q) => ["person", "person-plan"].includes(String(q.queryKey[0])) }),
  });
  return (
    <div>
      <div className="row wrap" style={{ gap: 14 }}>
        <Avatar name={person.name} big />
        <div className="grow">
          <PageHead title={person.name} sub={<span className="row wrap"><Tag code={person.status} /><Tag code={person.situation} /></span>}>
            <UndoLink search={{ home, id, since: lately }} />
            {may === false ? <RoleFor what="To have them looked at again" role="operator" /> : <Button size="xs" onClick={() => look.mutate()} loading={look.isPending} leftSection={<IconEye size={15} aria-hidden />}>Look again</Button>}
          </PageHead>
          <div className="dim" style={{ fontSize: 13 }}>{[person.title, person.department, person.email].filter(Boolean).join(" · ")}</div>
        </div>
      </div>
      {look.error && <div role="alert" className="small" style={{ color: "var(--failed-fg)", marginTop: 8 }}>Not asked: {look.error.message}. Nothing was changed.</div>}
    </div>
  );
}

function DryRun({ home, id, name }: { home: string; id: string; name: string }) {
  const query = usePersonPlan(home, id);
  return (
    <Panel
      title="What Lanyard would do now"
      end={<Button size="compact-xs" variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>Plan again</Button>}
    >
      <Loaded query={query} what="the plan" slow="Both sides are read afresh for this. While one of them throttles, it takes longer.">
        {(plan) =>
          plan.steps.length === 0 && (plan.notes ?? []).length === 0 ? (
            <Empty title="Nothing to change">What {name} has in iOffice is what policy says.</Empty>
          ) : (
            <>
              <div className="body row wrap" style={{ borderBottom: "1px solid var(--line)", rowGap: 4, columnGap: 16 }}>
                <Summary summary={summarise(plan)} />
                <span className="dim small">A dry run: looking writes nothing. <span className="mono">{plan.id}</span></span>
              </div>
              <Steps steps={plan.steps} />
              <Notes notes={plan.notes} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
