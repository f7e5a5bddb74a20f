// What each alert rule would say now, and a template that is being written, tried on what is open. Nothing is sent or kept: the
// template itself is a file that lanyard.toml names.
import { Button, Select, Textarea } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api";
import { Panel } from "../../ui/panel";
import { Empty, Loaded } from "../../ui/states";
import { plural } from "../../words";
import "../../forms.css";

type Shown = Awaited<ReturnType<typeof api.previewAlerts>>["alerts"][number];

export function Alerts() {
  const query = useQuery({ queryKey: ["alerts"], queryFn: () => api.previewAlerts({}) });
  return (
    <Panel title="Alerts" end={query.data && plural(query.data.alerts.filter((one) => one.rule).length, "rule")}>
      <Loaded query={query} what="the alert rules">
        {(data) => {
          const rules = data.alerts.filter((one) => one.rule);
          return rules.length === 0 ? (
            <Empty title="Nobody is told anything">Add <span className="mono">[[alert]]</span> to lanyard.toml, then restart.</Empty>
          ) : (
            <Template rules={rules} />
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Template({ rules }: { rules: Shown[] }) {
  const [id, setId] = useState(rules[0]?.rule ?? "");
  const rule = rules.find((one) => one.rule === id) ?? rules[0];
  const [draft, setDraft] = useState<string>();
  const trying = useMutation({ mutationFn: (template: string) => api.previewAlerts({ rule: rule?.rule, template }) });
  if (!rule) return null;
  const text = draft ?? rule.template ?? "";
  const shown = trying.data?.alerts[0] ?? rule;
  const choose = (next: string | null) => {
    setId(next ?? "");
    setDraft(undefined);
    trying.reset();
  };
  return (
    <div className="body stack">
      <Select label="Rule" data={rules.map((one) => one.rule ?? "")} value={rule.rule} onChange={choose} allowDeselect={false} comboboxProps={{ withinPortal: false }} />
      <form onSubmit={(e) => { e.preventDefault(); trying.mutate(text); }}>
        <div className="stack">
          <Textarea label="Template" description={rule.template ? "As its file says. What you write here is only shown: put it into the file, and restart, to send it" : "It has none, and says the text below. What you write here is only shown: name a file as its template in lanyard.toml to send it"} value={text} onChange={(e) => setDraft(e.currentTarget.value)} error={trying.error?.message} autosize minRows={4} maxRows={16} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} spellCheck={false} />
          <div className="row" style={{ justifyContent: "flex-end" }}>
            {draft !== undefined && <Button variant="default" onClick={() => choose(rule.rule ?? null)}>Undo</Button>}
            <Button type="submit" loading={trying.isPending} disabled={text.trim() === ""}>Preview</Button>
          </div>
        </div>
      </form>
      <section aria-label="Preview">
        <div className="dim small">{rule.matching ? `${plural(rule.matching, "open finding matches", "open findings match")}` : trying.data ? "Nothing that it matches is open: with made-up findings" : "Nothing that it matches is open"}</div>
        <div style={{ fontWeight: 560 }}>{shown.subject}</div>
        <pre className="small" style={{ whiteSpace: "pre-wrap", margin: 0 }}>{shown.text}</pre>
      </section>
    </div>
  );
}
