import { ActionIcon, AppShell, Burger, Menu, SegmentedControl, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { openSpotlight } from "@mantine/spotlight";
import { IconActivity, IconAddressBook, IconArrowsDiff, IconBuilding, IconCheck, IconChecklist, IconCertificate, IconGauge, IconHeartbeat, IconListDetails, IconMoon, IconPlayerPlay, IconPlugConnected, IconRoute, IconSearch, IconSelector, IconSettings, IconShieldCheck, IconUserCheck, IconSun, IconUserCircle } from "@tabler/icons-react";
import { Link, Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, type ReactNode } from "react";
import { api, ApiError, forgetProof } from "../api";
import { ALL, queryClient, useHealth, useMay, useOverview, useOverviewOf, useSession } from "../queries";
import { useLive } from "../live";
import { ago, useTick, useZone, type Zone } from "../time";
import { useTenant } from "../ui/tenant";
import { number, words } from "../words";
import { useShortcuts } from "./Shortcuts";

// After the first paint is soon enough for what opens on a key.
const SignedOut = lazy(() => import("../screens/SignIn").then((m) => ({ default: m.SignedOut })));
const ShortcutHelp = lazy(() => import("./ShortcutHelp").then((m) => ({ default: m.ShortcutHelp })));
const Palette = lazy(() => import("./Palette").then((m) => ({ default: m.Palette })));

export function Shell() {
  const [navOpen, nav] = useDisclosure(false);
  const [helpOpen, help] = useDisclosure(false);
  // Not the whole address: a filter that changes draws the frame no more.
  const path = useRouterState({ select: (s) => s.location.pathname });
  const router = useRouter();
  const session = useSession();
  const signedOut = session.error instanceof ApiError && session.error.status === 401 && path !== "/sign-in";
  // Whoever was signed in has a page to come back to: it waits behind, with all that is written on it.
  const waits = session.data !== undefined;
  useShortcuts(help.toggle);
  useEffect(() => nav.close(), [path]);
  return (
    <AppShell header={{ height: 48 }} navbar={{ width: 200, breakpoint: "sm", collapsed: { mobile: !navOpen } }} padding={0}>
      <a className="skip" href="#main">Skip to content</a>
      <AppShell.Header withBorder={false}>
        <div className="header">
          <Burger opened={navOpen} onClick={nav.toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
          <Link className="brand" to="/$tenant/overview" params={{ tenant: useTenant() }}>
            <img src="/favicon.svg" alt="" />
            <span className="only-mid">Lanyard</span>
          </Link>
          <TenantPicker />
          <button type="button" className="search" onClick={openSpotlight} aria-label="Search people, screens and actions">
            <IconSearch size={15} aria-hidden />
            <span className="only-wide grow" style={{ textAlign: "left" }}>Search</span>
            <kbd className="only-wide">Ctrl K</kbd>
          </button>
          <div className="grow" />
          <LiveIndicator />
          <ZoneSwitch />
          <SchemeSwitch />
          <You />
        </div>
      </AppShell.Header>
      <AppShell.Navbar withBorder={false}><Nav /></AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <StoppedBanner />
        <div className="page">{signedOut && !waits ? <Suspense fallback={null}><SignedOut to={router.state.location.href} /></Suspense> : <Outlet />}</div>
      </AppShell.Main>
      {signedOut && waits && <Suspense fallback={null}><SignedOut over={session.data.subject} /></Suspense>}
      <Suspense fallback={null}><Palette /></Suspense>
      {helpOpen && <Suspense fallback={null}><ShortcutHelp opened={helpOpen} close={help.close} /></Suspense>}
    </AppShell>
  );
}

function Nav() {
  const tenant = useTenant();
  const overview = useOverview().data;
  const broken = useHealth().data?.checks.filter((c) => !c.ok).length ?? 0;
  const audit = useMay("audit");
  const own = useMay("own", true);
  const needs = useOverviewOf(tenant).data?.needs_person.length ?? 0;
  const item = (to: string, icon: ReactNode, label: string, count?: ReactNode) => (
    <Link to={to} params={{ tenant }} activeOptions={{ includeSearch: false }}>{icon}{label}{count}</Link>
  );
  const count = (n: number, fill: string, what: string) =>
    n > 0 ? <span className="count" data-fill={fill} title={`${n} ${what}`}>{n}<span className="hidden-text"> {what}</span></span> : null;
  return (
    <nav className="nav" aria-label="Screens">
      {item("/$tenant/overview", <IconGauge size={17} aria-hidden />, "Overview", count(needs, "held", "need a person"))}
      {overview?.mode === "demo" && item("/$tenant/story", <IconPlayerPlay size={17} aria-hidden />, "A day in the life")}
      {item("/$tenant/people", <IconAddressBook size={17} aria-hidden />, "People")}
      {item("/$tenant/places", <IconBuilding size={17} aria-hidden />, "Places")}
      {item("/$tenant/activity", <IconActivity size={17} aria-hidden />, "Activity")}
      {item("/$tenant/approvals", <IconChecklist size={17} aria-hidden />, "Approvals")}
      {item("/$tenant/plans", <IconListDetails size={17} aria-hidden />, "Plans")}
      {item("/$tenant/policies", <IconRoute size={17} aria-hidden />, "Policy")}
      {item("/$tenant/drift", <IconArrowsDiff size={17} aria-hidden />, "Drift")}
      <hr />
      {item("/$tenant/connections", <IconPlugConnected size={17} aria-hidden />, "Connections")}
      {item("/$tenant/health", <IconHeartbeat size={17} aria-hidden />, "Health", count(broken, "failed", "checks fail"))}
      {item("/$tenant/reviews", <IconUserCheck size={17} aria-hidden />, "Reviews")}
      {audit && item("/$tenant/evidence", <IconCertificate size={17} aria-hidden />, "Evidence")}
      {audit && item("/$tenant/audit", <IconShieldCheck size={17} aria-hidden />, "Audit log")}
      {own && item("/$tenant/settings", <IconSettings size={17} aria-hidden />, "Settings")}
      <div className="navfoot">
        {overview && <div className="num">Lanyard {overview.version}{overview.mode === "demo" ? " · demo" : ""}</div>}
        <div style={{ marginTop: 4 }}><kbd>?</kbd> shortcuts · <a className="plain" href="/licenses.md">licences</a></div>
      </div>
    </nav>
  );
}

function TenantPicker() {
  const tenant = useTenant();
  const navigate = useNavigate();
  const overview = useOverview().data;
  const tenants = overview?.tenants ?? [];
  const current = tenants.find((t) => t.id === tenant);
  const pick = (id: string) => void navigate({ to: ".", params: (old: Record<string, string>) => ({ ...old, tenant: id }), search: true } as never);
  const everyone = tenants.reduce((sum, t) => sum + t.people, 0);
  return (
    <Menu position="bottom-start" width={260} offset={10}>
      <Menu.Target>
        <button type="button" className="search" style={{ width: "auto", maxWidth: 190, color: "var(--text)", fontWeight: 540, justifyContent: "flex-start" }} aria-label={`Tenant: ${current?.name ?? "All tenants"}`}>
          <span className="ellipsis">{current?.name ?? (tenant === ALL ? "All tenants" : tenant)}</span>
          <IconSelector size={14} aria-hidden style={{ flexShrink: 0 }} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {[{ id: ALL, name: "All tenants", people: everyone }, ...tenants].map((t) => (
          <Menu.Item key={t.id} onClick={() => pick(t.id)} rightSection={t.id === tenant ? <IconCheck size={14} aria-label="chosen" /> : null}>
            <div style={{ fontWeight: 540 }}>{t.name}</div>
            <div className="dim small">{number(t.people)} people</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function LiveIndicator() {
  const { stream, updatedAt } = useLive();
  const now = useTick(1_000);
  const since = updatedAt === 0 ? "connecting" : `updated ${ago(Math.max(0, now - updatedAt))}`;
  return (
    <Tooltip label={stream === "lost" ? "The live stream is lost; asking again every few seconds" : "Live: changes appear as they happen"}>
      <span className="live" data-tone={stream === "lost" ? "held" : "ok"}>
        <span className="num">{stream === "lost" ? <><b>Not live</b><span className="only-mid">, {since}</span></> : <span className="only-mid">{since}</span>}</span>
      </span>
    </Tooltip>
  );
}

function ZoneSwitch() {
  const [zone, setZone] = useZone();
  return (
    <SegmentedControl
      className="only-mid"
      size="xs"
      value={zone}
      onChange={(value) => setZone(value as Zone)}
      data={[{ value: "utc", label: "UTC" }, { value: "local", label: "Local" }]}
      aria-label="Times in"
    />
  );
}

function SchemeSwitch() {
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <ActionIcon variant="default" size={30} onClick={() => setColorScheme(other)} aria-label={`Switch to ${other} colours`} title={`Switch to ${other} colours`}>
      {scheme === "dark" ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />}
    </ActionIcon>
  );
}

/** Who is signed in, as what; and the way out. */
function You() {
  const session = useSession().data;
  if (!session) return null;
  const roles = [...new Set(session.grants.map((grant) => words(grant.role)))].join(", ");
  const leave = async () => {
    await api.signOut();
    forgetProof();
    queryClient.clear();
    location.assign("/sign-in");
  };
  return (
    <Menu position="bottom-end" width={240} offset={10}>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label={`Signed in as ${session.user}`}><IconUserCircle size={17} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label><div style={{ color: "var(--text)", fontWeight: 560 }}>{session.user}</div>{roles}</Menu.Label>
        <Menu.Item disabled={!session.can_sign_out} onClick={() => void leave()}>{session.can_sign_out ? "Sign out" : "The demo needs no sign-in"}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function StoppedBanner() {
  const overview = useOverview().data;
  if (overview?.state !== "stopped") return null;
  return (
    <div className="banner" role="status">
      <b>Stopped.</b> Lanyard watches and plans, but writes nothing until it is resumed on the Overview.
    </div>
  );
}
