// The policy: what is in force, drafts, templates, versions.
import { Button, Modal, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, saidOf } from "../../api";
import { queryClient, useMay } from "../../queries";
import { Ago, At } from "../../time";
import { Tag } from "../../ui/marks";
import { PageHead, Panel } from "../../ui/panel";
import { Empty, Loaded } from "../../ui/states";
import { useTenant } from "../../ui/tenant";
import { plural } from "../../words";
import { changeText, policyApi, usePolicy, useVersions, type Show, type VersionHead } from "./calls";
import { ForgetDraft } from "./ForgetDraft";
import { Gallery } from "./Gallery";
import { NameDraft, published } from "./NameDraft";
import { withTemplate, type Template } from "./templates";
import "../../forms.css";
import "./policy.css";

export function Policies() {
  const query = usePolicy();
  const tenant = useTenant();
  const may = useMay("edit_policy", true);
  const navigate = useNavigate();
  const [naming, setNaming] = useState<{ template?: Template }>();
  return (
    <>
      <PageHead title="Policy" sub="Who gets what, where and why: rules as sentences, tables as sheets">
        <Button size="xs" disabled={may === false} title={may === false ? "needs the role policy editor for all tenants and sites" : undefined} onClick={() => setNaming({})}>New draft</Button>
      </PageHead>
      <Loaded query={query} what="the policy" rows={8}>
        {(show) => (
          <div className="cols main">
            <div className="stack">
              <Drafts show={show} tenant={tenant} />
              <Panel title="Templates"><div className="body"><Gallery trial disabled={may === false} take={(template) => setNaming({ template })} /></div></Panel>
            </div>
            <div className="stack">
              <InForce show={show} />
              <Versions show={show} may={may !== false} />
            </div>
          </div>
        )}
      </Loaded>
      {naming && <NameDraft title={naming.template ? `New draft: ${naming.template.title}` : "New draft"} wish={naming.template?.id} content={async () => { const doc = await published(); return naming.template ? withTemplate(doc, naming.template) : { doc }; }} close={() => setNaming(undefined)} done={(id, flow) => void navigate({ to: "/$tenant/policies/$draftId", params: { tenant, draftId: id }, search: { flow } as never })} />}
    </>
  );
}

function InForce({ show }: { show: Show }) {
  const version = show.in_force;
  return (
    <Panel title="In force" tone="ok">
      <div className="body stack" style={{ gap: 6 }}>
        <div><b>{show.running.name}</b></div>
        {version ? <div className="dim small">Version {version.version} by {version.author}{version.approved_by ? `, agreed by ${version.approved_by}` : ""}{version.at ? <>, <At at={version.at} /></> : null}</div> : <div className="dim small">From the policy folder; nothing was published here yet.</div>}
        {version?.reason && <div>“{version.reason}”</div>}
        <div className="mono dim">{show.running.seal}</div>
      </div>
    </Panel>
  );
}

function Drafts({ show, tenant }: { show: Show; tenant: string }) {
  return (
    <Panel title="Drafts">
      {show.drafts.length === 0 ? <Empty title="No drafts">A draft changes nothing until it is published.</Empty> : (
        <ul className="list">
          {show.drafts.map((draft) => (
            <li key={draft.id}>
              <div className="grow">
                <Link data-row className="title" to="/$tenant/policies/$draftId" params={{ tenant, draftId: draft.id }}>{draft.id}</Link>
                <div className="dim small">by {draft.author}, {draft.based_on ? `based on version ${draft.based_on}` : "based on the policy folder"}</div>
              </div>
              {draft.asked && <Tag as="held" label={`waits for a second person, asked by ${draft.asked.by}`} />}
              <span className="small dim"><Ago at={draft.at} /></span>
              <ForgetDraft id={draft.id} etag={draft.etag} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Versions({ show, may }: { show: Show; may: boolean }) {
  const query = useVersions();
  const [back, setBack] = useState<VersionHead>();
  return (
    <Panel title="Versions">
      <Loaded query={query} what="the versions">
        {({ pages }) => pages[0]?.versions.length === 0 ? <Empty title="Nothing published yet">Each publication is kept with its author, reason and changes.</Empty> : (
          <ul className="list">
            {pages.flatMap((page) => page.versions).map((version) => (
              <li key={version.version}>
                <div className="grow">
                  <div className="title">Version {version.version}{version.back_to ? ` (back to ${version.back_to})` : ""}</div>
                  <div className="dim small">{version.author}{version.at && <>, <Ago at={version.at} /></>}</div>
                  {version.reason && <div className="small">“{version.reason}”</div>}
                  {Array.isArray(version.changes) && version.changes.length > 0 && <details><summary>{plural(version.changes.length, "change")}</summary><ul className="small">{version.changes.map((c, i) => <li key={i}>{changeText(c)}</li>)}</ul></details>}
                </div>
                {version.version !== show.in_force?.version && <Button size="compact-xs" variant="default" disabled={!may} onClick={() => setBack(version)} aria-label={`Go back to version ${version.version}`}>Go back</Button>}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {query.hasNextPage && <div className="body"><Button size="compact-xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show older versions</Button></div>}
      {back && <RollBack version={back} show={show} close={() => setBack(undefined)} />}
    </Panel>
  );
}

function RollBack({ version, show, close }: { version: VersionHead; show: Show; close: () => void }) {
  const [reason, setReason] = useState("");
  const going = useMutation({
    mutationFn: () => policyApi.rollback(version.version!, reason.trim(), show.in_force?.version ?? null),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ["policy"] });
      close();
    },
  });
  const error = going.error instanceof ApiError ? going.error : undefined;
  const noReason = saidOf(error, "reason");
  return (
    <Modal opened onClose={close} title={`Go back to version ${version.version}`} closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stack" onSubmit={(e) => { e.preventDefault(); going.mutate(); }}>
        <p>What version {version.version} said becomes a new version{show.second_person ? ". A second person must agree: with this you ask, and a draft waits for them." : " and is in force at once."} Nothing is lost.</p>
        <Textarea label="Why" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} error={noReason} data-autofocus autosize minRows={2} />
        {going.error && !noReason && <div className="failure" role="alert">{going.error.message}. What is in force stays. {error?.fix}</div>}
        <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" disabled={reason.trim() === ""} loading={going.isPending}>{show.second_person ? "Ask to go back" : "Go back"}</Button></div>
      </form>
    </Modal>
  );
}
