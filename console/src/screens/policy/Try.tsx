// The draft tried on one real person, flow by flow: what each gives, or the first condition that stops it.
import { Combobox, Loader, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, calls, type PersonSummary, type Schemas } from "../../api";
import { useMay } from "../../queries";
import { Mark } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty, Loaded } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { words, type Tone } from "../../words";
import { nameOf } from "./calls";
import type { Document } from "./model";
import "../../forms.css";

type Tryout = Schemas["Tryout"];
const FATES: Record<Tryout["flows"][number]["fate"], [Tone, string]> = { gives: ["ok", "gives"], outranked: ["info", "fits, but another flow wins"], fails: ["off", "does not fit"], not_asked: ["off", "not asked"] };

export function Try({ doc, select }: { doc: Document; select: (flow: string) => void }) {
  const tenant = useTenant();
  const may = useMay("edit_policy", true);
  const [who, setWho] = useState<Pick<PersonSummary, "tenant" | "id" | "name">>();
  const [settled] = useDebouncedValue(doc, 500);
  const query = useQuery({
    queryKey: ["policy", "try", who?.tenant, who?.id, nameOf(settled)],
    queryFn: () => calls.post<Tryout>("/policy/try", { document: settled, tenant: who!.tenant, id: who!.id }),
    enabled: who !== undefined && may === true,
    retry: false,
    gcTime: 60_000,
  });
  if (may === false) return <div className="panel"><Empty title="Only a policy editor can try a draft">The role policy editor sees, flow by flow, what a draft gives a person.</Empty></div>;
  return (
    <div className="stack">
      <Panel title="Try it on a person" end="From what both sides last said; nothing is written"><div className="body"><PickPerson pick={setWho} /></div></Panel>
      {who && (
        <Loaded query={query} what={`what the draft means for ${who.name}`} rows={8}>
          {(data) => (
            <div className="cols main">
              <Panel title={`${data.person}, flow by flow`} end={<Link to="/$tenant/people/$home/$id" params={{ tenant, home: data.identity.tenant, id: data.identity.user }}>Open person</Link>}>
                <ol className="list">
                  {data.flows.map((flow, i) => {
                    const [tone, label] = FATES[flow.fate];
                    return (
                      <li key={flow.flow} style={{ paddingBlock: 7 }} data-fate={flow.fate}>
                        <Mark as={tone} label={label} />
                        <div className="grow">
                          <button type="button" data-row className="rowbutton title" onClick={() => select(flow.flow)}>{i + 1}. {flow.flow}</button> <span className="dim small">{label}</span>
                          {flow.says.map((text) => <div key={text} style={{ fontSize: 13 }} className={flow.fate === "fails" ? "dim" : undefined}>{flow.fate === "fails" ? "because " : ""}{text}</div>)}
                        </div>
                      </li>
                    );
                  })}
                </ol>
              </Panel>
              <Decision data={data} />
            </div>
          )}
        </Loaded>
      )}
      {!who && <div className="panel"><Empty title="Choose somebody">Each flow then says what it gives them, or the first condition that stops it. It follows your edits.</Empty></div>}
    </div>
  );
}

function Decision({ data }: { data: Tryout }) {
  const parts = [...new Set(data.lines.map((line) => line.part))].filter((part) => part !== "not_given");
  return (
    <Panel title="What they would have" end={data.site ?? undefined}>
      {data.unread.length > 0 && <div className="body small"><Mark as="held" label="Worth knowing" /> Not mirrored yet, so empty here: {data.unread.join(", ")}.</div>}
      {parts.length === 0 && <Empty title="Nothing" />}
      {parts.map((part) => (
        <div key={part}>
          <div className="subhead">{words(part)}</div>
          <ul className="list">{data.lines.filter((line) => line.part === part).map((line) => <li key={line.what} style={{ display: "block", paddingBlock: 6 }}><div style={{ fontSize: 13 }}>{line.what}</div>{line.why.map((why) => <div key={why} className="because">{why}</div>)}</li>)}</ul>
        </div>
      ))}
    </Panel>
  );
}

function PickPerson({ pick }: { pick: (who: PersonSummary) => void }) {
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 150);
  const found = useQuery({ queryKey: ["people", "try", asked], queryFn: () => api.people({ search: asked, limit: 8 }), enabled: asked.length > 0 });
  const people = found.data?.items ?? [];
  return (
    <Combobox store={box} onOptionSubmit={(value) => { const who = people.find((p) => `${p.tenant}/${p.id}` === value); if (who) { setText(who.name); pick(who); } box.closeDropdown(); }}>
      <Combobox.Target>
        <TextInput data-search label="Person" description="Beginnings of name, e-mail or login" value={text} maw={360} autoComplete="off" rightSection={found.isFetching ? <Loader size={14} /> : null} onChange={(e) => { setText(e.currentTarget.value); box.openDropdown(); box.updateSelectedOptionIndex(); }} onFocus={() => text && box.openDropdown()} onBlur={() => box.closeDropdown()} />
      </Combobox.Target>
      <Combobox.Dropdown hidden={asked === ""}>
        <Combobox.Options>
          {people.map((p) => <Combobox.Option key={`${p.tenant}/${p.id}`} value={`${p.tenant}/${p.id}`}><div style={{ fontWeight: 540 }}>{p.name}</div><div className="dim small">{[p.title, p.department].filter(Boolean).join(" · ")}</div></Combobox.Option>)}
          {people.length === 0 && <Combobox.Empty>{found.isFetching ? "Searching…" : "Nobody fits"}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
