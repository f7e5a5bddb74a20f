// A link that signs one person in as owner, once: for whoever cannot sign in with Okta.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { calls, type Schemas } from "../../api";
import { At } from "../../time";
import { Panel } from "../../ui/panel";

export function OwnerLink() {
  const making = useMutation({ mutationFn: () => calls.post<Schemas["OwnerLink"]>("/owner-links") });
  return (
    <Panel title="Owner link">
      <div className="body stack">
        <p className="small">Signs one person in as owner, once, without Okta. Whoever has it is an owner: hand it over yourself. The journal says that you made it.</p>
        {making.data ? (
          <>
            <div className="secret mono" data-owner-link style={{ overflowWrap: "anywhere" }}>{location.origin}{making.data.path}</div>
            <div className="row wrap"><Button size="xs" variant="default" onClick={() => void navigator.clipboard?.writeText(`${location.origin}${making.data.path}`)}>Copy</Button><Button size="xs" variant="default" onClick={() => making.reset()}>Done</Button><span className="dim small">Shown once; it works until <At at={making.data.expires_at} /></span></div>
          </>
        ) : <div className="row"><Button size="xs" variant="default" loading={making.isPending} onClick={() => making.mutate()}>Make an owner link</Button></div>}
        {making.error && <div role="alert" className="small" style={{ color: "var(--failed-fg)" }}>No link was made: {making.error.message}.</div>}
      </div>
    </Panel>
  );
}
