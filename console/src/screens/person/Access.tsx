// What somebody held at a moment, as reads showed it: the answer to "what could they do on that day".
import { IconPrinter } from "@tabler/icons-react";
import { Button } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { calls, type Schemas } from "../../api";
import { absolute, useZone } from "../../time";
import { useInUrl } from "../../ui/in_url";
import { Moment } from "../../ui/moment";
import { Panel } from "../../ui/panel";
import { PrintLine } from "../../ui/print";
import { Empty, Loaded } from "../../ui/states";
import { plural } from "../../words";
import { byAccount, HeldTable, readable, StateTag } from "./held";
import "../../forms.css";

type PersonAccess = Schemas["PersonAccess"];

export function Access({ home, id, name }: { home: string; id: string; name: string }) {
  const [on, setOn] = useInUrl("on");
  const [zone] = useZone();
  const query = useQuery({
    queryKey: ["person", "access", home, id, on],
    queryFn: () => calls.get<PersonAccess>(`/people/${encodeURIComponent(home)}/${encodeURIComponent(id)}/access`, { as_of: on }),
    placeholderData: keepPreviousData,
  });
  return (
    <div className="stack">
      <PrintLine />
      <Panel title="At which moment" end={<Button className="no-print" size="compact-xs" variant="default" leftSection={<IconPrinter size={13} aria-hidden />} onClick={() => window.print()}>Print</Button>}>
        <div className="body fields"><Moment label="Access on" at={on} ask={setOn} empty="now" /></div>
      </Panel>
      <Loaded query={query} what="the access" rows={8}>
        {(data) => (
          <div className="stack">
            <Reach data={data} />
            {data.held.length === 0 ? (
              <div className="panel"><Empty title={`${name} held nothing that is on record`}>{Object.keys(data.known_since).length === 0 ? "No account of theirs is known in any site." : `At ${absolute(data.as_of, zone)} no account of theirs was known, in any site that you see.`}</Empty></div>
            ) : (
              byAccount(data.held).map(([key, held]) => (
                <Panel key={key} title={`Account ${held[0]!.account.id} in ${held[0]!.account.site}`} end={<span className="row">{plural(readable(held).length, "right")}<StateTag held={held} /></span>}>
                  <HeldTable held={held} caption={`What account ${held[0]!.account.id} held`} />
                </Panel>
              ))
            )}
          </div>
        )}
      </Loaded>
    </div>
  );
}

/** From when on it is known, site by site: silence before that is no proof that nothing was held. */
function Reach({ data }: { data: PersonAccess }) {
  const [zone] = useZone();
  const sites = Object.entries(data.known_since);
  if (sites.length === 0) return null;
  return (
    <ul className="small dim">
      {sites.map(([site, since]) => (
        <li key={site} data-before={since !== null && Date.parse(data.as_of) < Date.parse(since) ? "" : undefined}>
          {since === null ? <>No account of {site} was ever read: nothing is known of it.</> : Date.parse(data.as_of) < Date.parse(since) ? <b>{site} was first read at {absolute(since, zone)}: of the moment asked for nothing is known there.</b> : <>The record of {site} begins at {absolute(since, zone)}. What was held then already may have been held for longer.</>}
        </li>
      ))}
    </ul>
  );
}
