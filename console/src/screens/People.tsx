import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { memo, useState } from "react";
import type { PersonSummary } from "../api";
import { usePeople } from "../queries";
import { Ago } from "../time";
import { Avatar, Tag } from "../ui/marks";
import { PageHead } from "../ui/panel";
import { useReturnFocus } from "../ui/return_focus";
import { RowLink, useGo } from "../ui/row_link";
import { TableRows, useAnswered } from "../ui/rows";
import { SortHead } from "../ui/sort";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number } from "../words";

const SEARCH_AFTER_MS = 180;

export function People() {
  const tenant = useTenant();
  const { q, sort } = useSearch({ from: "/$tenant/people" });
  const navigate = useNavigate({ from: "/$tenant/people" });
  const [text, setText] = useState(q ?? "");
  const search = useDebouncedCallback((value: string) => {
    void navigate({ search: { sort, q: value.trim() || undefined }, replace: true });
  }, SEARCH_AFTER_MS);
  const query = usePeople(tenant, q ?? "", sort);
  const answered = useAnswered(query, JSON.stringify([tenant, q, sort]));
  useReturnFocus(query.data !== undefined);
  const first = query.data?.pages[0];
  const total = first?.total;
  const clear = () => {
    setText("");
    search("");
  };
  return (
    <>
      <PageHead title="People" sub={<span aria-live="polite">{first?.more_than ? `more than ${number(first.more_than)} found` : total != null && (q ? `${number(total)} found` : `${number(total)} in all`)}</span>} />
      <TextInput
        data-search
        aria-label="Search people"
        placeholder="Name, e-mail, department or title"
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          search(e.currentTarget.value);
        }}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={<kbd>/</kbd>}
        maw={420}
      />
      <div className="panel">
        <Loaded query={query} what="people" rows={12}>
          {(data) => {
            const people = data.pages.flatMap((page) => page.items);
            // A role of some sites looks through people of others; what was not reached yet is not said to be nobody.
            if (people.length === 0 && query.hasNextPage) {
              return <Empty title={q ? `Nobody so far fits “${q}”` : "Nobody of your sites so far"} action={q && <Button size="xs" variant="default" onClick={clear}>Clear the search</Button>}>A part of the people was looked through; Show more looks further.</Empty>;
            }
            if (people.length === 0 && q) {
              return <Empty title={`Nobody fits “${q}”`} action={<Button size="xs" variant="default" onClick={clear}>Clear the search</Button>}>Searched in name, e-mail, department and title.</Empty>;
            }
            if (people.length === 0) return <Empty title="No people yet">They appear with the first list from Okta. See Health if that does not come.</Empty>;
            return (
              <div className="scroll">
                <table className="table">
                  <thead><tr><SortHead label="Name" sort={sort === "-name" ? "descending" : "ascending"} turn={() => void navigate({ search: { q, sort: sort === "-name" ? undefined : "-name" }, replace: true })} /><th>Department and title</th><th>Okta</th><th>iOffice</th><th>Seat</th><th className="r">Last change</th></tr></thead>
                  <TableRows key={answered} of={people}>{(p) => <Row key={`${p.tenant}/${p.id}`} p={p} tenant={tenant} />}</TableRows>
                </table>
              </div>
            );
          }}
        </Loaded>
      </div>
      {query.hasNextPage && (
        <div style={{ textAlign: "center" }}>
          <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button>
        </div>
      )}
    </>
  );
}

/** Drawn once: a list of thousands is not drawn anew for each page that is added to it. */
const Row = memo(function Row({ p, tenant }: { p: PersonSummary; tenant: string }) {
  const go = useGo();
  const target = { to: "/$tenant/people/$home/$id", params: { tenant, home: p.tenant, id: p.id } } as const;
  return (
    <tr data-link onClick={() => go(target)}>
      <td>
        <div className="row">
          <Avatar name={p.name} />
          <div style={{ minWidth: 0 }}>
            <RowLink {...target} data-row className="rowlink" style={{ color: "var(--text)", fontWeight: 560 }}>{p.name}</RowLink>
            <div className="dim small email ellipsis" title={p.email ?? undefined}>{p.email}</div>
          </div>
        </div>
      </td>
      <td>{p.department ?? "–"}<div className="dim small">{p.title ?? ""}</div></td>
      <td><Tag code={p.status} /></td>
      <td><Tag code={p.situation} /><div className="dim small">{p.sites.join(", ")}</div></td>
      <td>{p.seat ?? <span className="dim">none</span>}</td>
      <td className="r dim"><Ago at={p.last_change_at} /></td>
    </tr>
  );
});
