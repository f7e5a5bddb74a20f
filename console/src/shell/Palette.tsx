import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight } from "@mantine/spotlight";
import { IconArrowRight, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type KeyboardEvent } from "react";
import { api } from "../api";
import { ALL, useOverview } from "../queries";
import { Avatar } from "../ui/marks";
import { useTenant } from "../ui/tenant";
import "@mantine/spotlight/styles.layer.css";

/** Enter opens the first row when none was chosen with the arrows. */
function openFirst(event: KeyboardEvent<HTMLInputElement>) {
  if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
  const rows = [...document.querySelectorAll<HTMLElement>(".mantine-Spotlight-action")];
  if (rows.some((row) => row.dataset.selected)) return;
  event.preventDefault();
  rows[0]?.click();
}

/** The list scrolls by keyboard too; its type does not name what it hands on to the scroll area. */
const SCROLLABLE = { viewportProps: { tabIndex: 0 } } as object;

/** To blur the page behind takes a machine without a graphics card a tenth of a second with each key. */
const NO_BLUR = { blur: 0, backgroundOpacity: 0.45 };

/** People by search on the server, screens and actions by name. */
export function Palette() {
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 150);
  const tenant = useTenant();
  const navigate = useNavigate();
  const demo = useOverview().data?.mode === "demo";
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const people = useQuery({
    queryKey: ["people", tenant, "palette", asked],
    queryFn: () => api.people({ search: asked, limit: 6, tenant: tenant === ALL ? undefined : tenant }),
    enabled: asked.length > 1,
  });
  const go = (screen: string) => () => void navigate({ to: `/${tenant}/${screen}` });
  const actions: [string, string, () => void][] = [
    ["Overview", "What needs a person, and how things stand", go("overview")],
    ...(demo ? ([["A day in the life", "The demo's story, and buttons to act", go("story")]] as [string, string, () => void][]) : []),
    ["People", "Everybody, what they have and why", go("people")],
    ["Activity", "Everything that happened, newest first", go("activity")],
    ["Plans", "What was proposed and applied", go("plans")],
    ["Approvals", "What waits for somebody", go("approvals")],
    ["Places", "Floors and seats, who sits where and why", go("places")],
    ["Policy", "Rules, drafts and versions", go("policies")],
    ["Drift", "Where the two sides differ", go("drift")],
    ["Connections", "Okta and iOffice: reach, rights, room", go("connections")],
    ["Reviews", "Who holds what, judged line by line", go("reviews")],
    ["Evidence", "Packs for auditors, checkpoints", go("evidence")],
    ["Access on a date", "Who held what in a site, at a moment", go("evidence/access")],
    ["Take back", "What was done within a time: shown first, then undone", go("undo")],
    ["Connect another org or site", "Credential, rights, five people, observe", go("connections/new")],
    ["Audit log", "Who did what to Lanyard", go("audit")],
    ["Settings", "Roles and tokens", go("settings")],
    ["Health", "Checks of both sides, with fixes", go("health")],
    [`Switch to ${scheme === "dark" ? "light" : "dark"} colours`, "Stored in this browser", () => setColorScheme(scheme === "dark" ? "light" : "dark")],
  ];
  const fitting = actions.filter(([label]) => label.toLowerCase().includes(text.trim().toLowerCase()));
  const found = asked.length > 1 && text.trim().length > 1 ? (people.data?.items ?? []) : [];
  return (
    <Spotlight.Root query={text} onQueryChange={setText} shortcut={["mod + K"]} tagsToIgnore={[]} scrollable maxHeight={420} overlayProps={NO_BLUR}>
      <Spotlight.Search placeholder="A person, a screen, an action" aria-label="Search" onKeyDown={openFirst} leftSection={<IconSearch size={16} aria-hidden />} />
      <Spotlight.ActionsList {...SCROLLABLE}>
        {found.length > 0 && (
          <Spotlight.ActionsGroup label="People">
            {found.map((p) => (
              <Spotlight.Action
                key={`${p.tenant}/${p.id}`}
                label={p.name}
                description={[p.title, p.department, p.email].filter(Boolean).join(" · ")}
                leftSection={<Avatar name={p.name} />}
                onClick={() => void navigate({ to: "/$tenant/people/$home/$id", params: { tenant, home: p.tenant, id: p.id } })}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {fitting.length > 0 && (
          <Spotlight.ActionsGroup label="Go and do">
            {fitting.map(([label, description, act]) => (
              <Spotlight.Action key={label} label={label} description={description} leftSection={<IconArrowRight size={16} aria-hidden />} onClick={act} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {found.length + fitting.length === 0 && <Spotlight.Empty>Nothing fits “{text}”.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
