import { notifications } from "@mantine/notifications";
import { IconArrowsExchange, IconBeach, IconCloudStorm, IconPlugOff, IconUserOff, IconUserPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { api, ApiError, type Demo, type DemoAct, type StoryItem } from "../api";
import { newestFirst, queryClient, useActivity, useDemo, useMay } from "../queries";
import { clock, day, useZone } from "../time";
import { Feed } from "../ui/feed";
import { PageHead, Panel } from "../ui/panel";
import { RoleFor } from "../ui/role";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { plural } from "../words";

const ACTS: { kind: DemoAct; label: string; what: string; icon: ComponentType<{ size?: number }> }[] = [
  { kind: "hire", label: "Hire somebody", what: "A new person in Okta, in a team's group", icon: IconUserPlus },
  { kind: "move", label: "Move somebody", what: "Another department, title and groups", icon: IconArrowsExchange },
  { kind: "leave", label: "Send somebody on leave", what: "Suspended: permissions pause, the seat stays", icon: IconBeach },
  { kind: "terminate", label: "Terminate somebody", what: "Everything is taken back, and verified gone", icon: IconUserOff },
  { kind: "hook_outage", label: "Cut the event hook", what: "The log feed has to notice by itself", icon: IconPlugOff },
  { kind: "storm", label: "Start a 429 storm", what: "iOffice throttles; the work slows, nothing is lost", icon: IconCloudStorm },
];

export function Story() {
  const query = useDemo();
  const absent = query.error instanceof ApiError && query.error.status === 404;
  return (
    <>
      <PageHead title="A day in the life" sub="A made-up company, kept in step while you watch" />
      {absent ? (
        <div className="panel"><Empty title="This server is not a demo">Start one with <span className="mono">lanyard demo</span>.</Empty></div>
      ) : (
        <Loaded query={query} what="the story" rows={10}>
          {(demo) => (
            <div className="cols day">
              <Day demo={demo} />
              <div className="stack">
                <Clock demo={demo} />
                <Acts />
                <Now />
              </div>
            </div>
          )}
        </Loaded>
      )}
    </>
  );
}

function Clock({ demo }: { demo: Demo }) {
  const [zone] = useZone();
  const done = demo.story.filter((s) => s.state === "done").length;
  const expects = demo.story.flatMap((s) => s.expects);
  const wrong = expects.filter((e) => e.ok === false).length;
  return (
    <div className="panel body">
      <div className="row" style={{ justifyContent: "space-between" }}>
        <div>
          <div className="bigclock">{clock(demo.clock, zone)}</div>
          <div className="dim small">{day(demo.clock, zone)}, the company's clock{demo.speed === 1 ? "" : `, ${demo.speed}× as fast as yours`}</div>
        </div>
        <div className="small dim num" style={{ textAlign: "right" }}>
          <div>{done} of {plural(demo.story.length, "event")} done</div>
          <div>{expects.filter((e) => e.ok).length} of {expects.length} as expected</div>
          {wrong > 0 && <div style={{ color: "var(--failed-fg)" }}>{wrong} not as expected</div>}
        </div>
      </div>
      <div className="track" style={{ marginTop: 10 }} aria-hidden><i style={{ width: `${(100 * done) / Math.max(1, demo.story.length)}%` }} /></div>
    </div>
  );
}

function Day({ demo }: { demo: Demo }) {
  return (
    <Panel title="The day" end="what happened, is happening, comes next">
      {demo.story.length === 0 ? (
        <Empty title="The day has no events">Make something happen with the buttons.</Empty>
      ) : (
        <ol className="story">{demo.story.map((item, i) => <Chapter key={`${item.at} ${i}`} item={item} />)}</ol>
      )}
    </Panel>
  );
}

const STATE = { done: { fill: "ok", mark: "✓", word: "Done" }, happening: { fill: "info", mark: "▸", word: "Happening now" }, upcoming: { fill: "off", mark: "○", word: "Comes next" } } as const;

export function Chapter({ item }: { item: StoryItem }) {
  const tenant = useTenant();
  const [zone] = useZone();
  const wrong = item.expects.some((e) => e.ok === false);
  const state = STATE[item.state];
  return (
    <li data-state={item.state}>
      <span className="at">{clock(item.at, zone, false)}</span>
      <span className="mark" data-fill={wrong ? "failed" : state.fill} role="img" aria-label={wrong ? `${state.word}, not as expected` : state.word}>{wrong ? "✕" : state.mark}</span>
      <div style={{ minWidth: 0 }}>
        <div className="row wrap" style={{ columnGap: 10, rowGap: 0 }}>
          <span className="title" style={{ fontWeight: 580 }}>{item.title}</span>
          {item.people.map((p) => <Link key={p.tenant + p.id} to="/$tenant/people/$home/$id" params={{ tenant, home: p.tenant, id: p.id }} style={{ fontSize: 13 }}>{p.name}</Link>)}
        </div>
        <div className="dim" style={{ fontSize: 13 }}>{item.detail}</div>
        {item.state !== "upcoming" && item.expects.length > 0 && <Expectations item={item} />}
      </div>
    </li>
  );
}

/** What should be seen; folded to one line once all of it was. */
function Expectations({ item }: { item: StoryItem }) {
  const seen = item.expects.filter((e) => e.ok).length;
  const list = (
    <ul className="expects">
      {item.expects.map((e) => (
        <li key={e.text}>
          <span className="mark" data-fill={e.ok === null ? "off" : e.ok ? "ok" : "failed"} role="img" aria-label={e.ok === null ? "Not yet" : e.ok ? "Seen" : "Not seen"}>{e.ok === null ? "…" : e.ok ? "✓" : "✕"}</span>
          <span className={e.ok === null ? "dim" : undefined}>{e.text}</span>
        </li>
      ))}
    </ul>
  );
  if (item.state !== "done" || seen < item.expects.length) return list;
  return <details><summary>{seen} of {item.expects.length} as expected</summary>{list}</details>;
}

function Acts() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const may = useMay("operate", true);
  const act = useMutation({
    mutationFn: (kind: DemoAct) => api.act(kind),
    onSuccess: (answer, kind) => {
      const { person } = answer ?? {};
      const label = ACTS.find((a) => a.kind === kind)?.label ?? kind;
      notifications.show({
        title: label,
        message: person ? (
          <button type="button" className="inline" onClick={() => void navigate({ to: "/$tenant/people/$home/$id", params: { tenant, home: person.tenant, id: person.id }, search: { tab: "timeline" } })}>
            Watch {person.name ?? "the person"}
          </button>
        ) : (
          "Done in the stand-ins. Watch the activity."
        ),
      });
    },
    onSettled: () => queryClient.invalidateQueries(),
  });
  return (
    <Panel title="Make something happen">
      {may === false && <div className="body"><RoleFor what="To make something happen" role="operator, for all tenants and sites" /></div>}
      <div className="body acts">
        {ACTS.map(({ kind, label, what, icon: Icon }) => (
          <button key={kind} type="button" className="act" disabled={act.isPending || may === false} onClick={() => act.mutate(kind)}>
            <Icon size={20} />
            <span><b>{label}</b><span className="dim small">{what}</span></span>
          </button>
        ))}
        {act.error && <div role="alert" className="small" style={{ color: "var(--failed-fg)" }}>It did not happen: {act.error.message}.</div>}
      </div>
    </Panel>
  );
}

function Now() {
  const tenant = useTenant();
  const query = useActivity(tenant, { limit: 14 });
  return (
    <Panel title="Just now" end={<Link to="/$tenant/activity" params={{ tenant }}>All activity</Link>}>
      <Loaded query={query} what="activity">{(data) => <Feed items={newestFirst(data.pages).slice(0, 8)} tight />}</Loaded>
    </Panel>
  );
}
