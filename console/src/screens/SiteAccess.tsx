// All accounts of a site at a moment: whose they were, and what each held. Read page by page, as it is on record.
import { Button, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconArrowLeft, IconPrinter, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { calls, type Schemas } from "../api";
import { useMay, useOverview } from "../queries";
import { absolute, useZone } from "../time";
import { useInUrl } from "../ui/in_url";
import { Mark } from "../ui/marks";
import { Moment } from "../ui/moment";
import { PageHead, Panel } from "../ui/panel";
import { PrintLine } from "../ui/print";
import { NeedsRole } from "../ui/role";
import { RowLink } from "../ui/row_link";
import { TableRows } from "../ui/rows";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, words } from "../words";
import { byAccount, KINDS, readable, stateOf, StateTag, type Held } from "./person/held";
import "../forms.css";

type Page = Schemas["SiteAccess"];

/** Rows of the record on a page: a good hundred accounts. */
const ROWS = 600;

export function SiteAccess() {
  const tenant = useTenant();
  const may = useMay("audit", true);
  const sites = useOverview().data?.sites.map((one) => one.id) ?? [];
  const [named, setSite] = useInUrl("site");
  const [on, setOn] = useInUrl("on");
  const [q = "", setQ] = useInUrl("q");
  const search = useDebouncedCallback((text: string) => setQ(text.trim()), 250);
  const site = named ?? sites[0];
  const query = useInfiniteQuery({
    queryKey: ["site-access", site, on, q],
    queryFn: ({ pageParam }) => calls.get<Page>(`/sites/${encodeURIComponent(site!)}/access`, { as_of: pageParam.at ?? on, cursor: pageParam.cursor, limit: ROWS, search: q }),
    initialPageParam: {} as { cursor?: number; at?: string },
    // All pages are of one moment, also where none was said.
    getNextPageParam: (last) => (last.next === null ? undefined : { cursor: last.next, at: last.as_of }),
    enabled: may === true && site !== undefined,
    staleTime: 60_000,
  });
  if (may === false) return <NeedsRole title="Access on a date" role="auditor, for all tenants and sites" />;
  return (
    <>
      <Link to="/$tenant/evidence" params={{ tenant }} className="row small no-print" style={{ width: "fit-content" }}><IconArrowLeft size={14} aria-hidden /> Evidence</Link>
      <PageHead title="Access on a date" sub="Every account of a site, whose it was and what it held, at one moment">
        <Button className="no-print" size="xs" variant="default" leftSection={<IconPrinter size={14} aria-hidden />} onClick={() => window.print()}>Print</Button>
      </PageHead>
      <PrintLine />
      <Panel title="Where and when">
        <div className="body fields no-print">
          <Select label="Site" description="Of iOffice" data={sites} value={site ?? null} onChange={(value) => setSite(value ?? undefined)} allowDeselect={false} />
          <Moment label="Access on" at={on} ask={setOn} empty="now" />
          <TextInput data-search label="Only of" description="Name, login or address of a person" defaultValue={q} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={15} aria-hidden />} autoComplete="off" />
        </div>
      </Panel>
      {site === undefined ? <div className="panel"><Empty title="No site here">None is set up yet: connect one under Connections.</Empty></div> : (
        <Loaded query={query} what={`the access in ${site}`} rows={10}>
          {(data) => <Accounts pages={data.pages} q={q} more={query.hasNextPage} />}
        </Loaded>
      )}
      {query.hasNextPage && <div className="no-print" style={{ textAlign: "center" }}><Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button></div>}
    </>
  );
}

function Accounts({ pages, q, more }: { pages: Page[]; q: string; more: boolean }) {
  const tenant = useTenant();
  const [zone] = useZone();
  const first = pages[0]!;
  const people = Object.assign({}, ...pages.map((page) => page.people)) as Page["people"];
  const names = Object.assign({}, ...pages.map((page) => page.accounts)) as Page["accounts"];
  const all = byAccount(pages.flatMap((page) => page.held));
  const before = first.known_since !== null && Date.parse(first.as_of) < Date.parse(first.known_since);
  return (
    <div className="stack">
      <div className="small dim">
        {first.known_since === null ? "No account of this site was ever read: nothing is known of it." : before ? <b>The site was first read at {absolute(first.known_since, zone)}: of the moment asked for nothing is known.</b> : <>At {absolute(first.as_of, zone)}. The record begins at {absolute(first.known_since, zone)}; what was held then already may have been held for longer.</>}
      </div>
      <div className="panel">
        {all.length === 0 ? (
          <Empty title={q ? `Nobody called “${q}” had an account then` : "No account is on record for that moment"}>{q ? "Searched in names, logins and addresses of people whom Okta knows." : before ? "It lies before the first read of this site." : ""}</Empty>
        ) : (
          <div className="scroll" tabIndex={0} role="region" aria-label="Accounts and what they held">
            <table className="table">
              <thead><tr><th>Whose</th><th>Account</th><th>State</th><th>What it held</th></tr></thead>
              <TableRows of={all}>{([key, held]) => <Row key={key} held={held} people={people} name={names[String(held[0]!.account.id)] ?? undefined} tenant={tenant} />}</TableRows>
            </table>
          </div>
        )}
      </div>
      <div className="small dim" role="status">{all.length > 0 && <>{number(all.length)} {all.length === 1 ? "account" : "accounts"}{more ? " so far, by number; Show more reads on" : ""}.</>}{first.cut && " More people are called so: say more of the name."}</div>
    </div>
  );
}

function Row({ held, people, name, tenant }: { held: Held[]; people: Page["people"]; name?: string; tenant: string }) {
  const owners = held.filter((one) => one.kind === "person").map((one) => one.key);
  const rights = readable(held);
  return (
    <tr style={{ verticalAlign: "top" }} data-state={stateOf(held)}>
      <td>
        {owners.length === 0 && <span className="row"><Mark as="drift" label="Of nobody in Okta" /><span className="dim">nobody in Okta</span></span>}
        {owners.map((who) => {
          const [home, id] = [who.slice(0, who.indexOf("/")), who.slice(who.indexOf("/") + 1)];
          return <div key={who}><RowLink data-row className="rowlink" to="/$tenant/people/$home/$id" params={{ tenant, home, id }} search={{ tab: "access" }}>{people[who] ?? who}</RowLink><div className="dim small">{home}</div></div>;
        })}
      </td>
      <td><span style={{ overflowWrap: "anywhere" }}>{name ?? <span className="dim">name not kept</span>}</span><div className="mono dim">{held[0]!.account.id}</div></td>
      <td><StateTag held={held} /></td>
      <td className="small">{rights.length === 0 ? <span className="dim">nothing</span> : rights.map((one) => <div key={`${one.kind} ${one.key} ${one.value}`}><span className="dim">{`${KINDS[one.kind] ?? words(one.kind)}: `}</span>{one.what}{one.kind === "role" && <span className="dim"> {one.value.toLowerCase()}</span>}</div>)}</td>
    </tr>
  );
}
