// What else can be said of a request: to ask anew after it was declined or ran out, and to decide what only waits for a time.
import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, calls, type Schemas } from "../api";
import { queryClient, useMay } from "../queries";
import { Panel } from "../ui/panel";

type Request = Schemas["ApprovalRequest"];
type Say = "approve" | "decline" | "renew";

function useSay(id: string) {
  return useMutation({
    mutationFn: (what: { say: Say; reason: string }) => calls.post<unknown>("/approvals", { ids: [id], say: what.say, reason: what.reason.trim() }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["approvals"] }),
  });
}

function Refused({ error, what }: { error: Error | null; what: string }) {
  if (!error) return null;
  return <div className="failure" role="alert"><div><b>{what}</b> {error.message}{error instanceof ApiError && error.fix ? `. ${error.fix}` : ""}</div></div>;
}

/** Whether a request can be asked anew: what was declined by mistake, or ran out, and is still wanted by the rule. */
export const isRenewable = (r: Request) => r.kind === "approval" && !r.over && (r.state === "declined" || r.state === "expired");

export function AskAnew({ request }: { request: Request }) {
  const may = useMay("approve");
  const [reason, setReason] = useState("");
  const say = useSay(request.id);
  return (
    <Panel title="Ask anew">
      <form className="body stack" onSubmit={(e) => { e.preventDefault(); say.mutate({ say: "renew", reason }); }}>
        <p className="small">It was {request.state === "declined" ? "declined" : "not decided in time"}. If the rule still wants it, the next look asks those who may decide once more; this answer stays on record.</p>
        <Textarea label="Reason" description="Auditors read it" value={reason} onChange={(e) => setReason(e.currentTarget.value)} autosize minRows={1} />
        <Refused error={say.error} what="Nothing is asked anew." />
        <div className="row wrap"><Button type="submit" size="xs" variant="default" loading={say.isPending}>Ask anew</Button>{may === false && <span className="dim small">Whoever may decide on it may ask anew: {request.whom.length > 0 ? request.whom.join(", ") : "a role approver"}</span>}</div>
      </form>
    </Panel>
  );
}

/** A hold ends by itself; who may decide can let it happen now, or keep it from happening. */
export function DecideHold({ request }: { request: Request }) {
  const [reason, setReason] = useState("");
  const say = useSay(request.id);
  const busy = (what: Say) => say.isPending && say.variables.say === what;
  if (!request.may_decide) return <Panel title="Before its time"><div className="body"><span className="dim small">Not yours to end before its time: {request.why_not}.</span></div></Panel>;
  return (
    <Panel title="Before its time">
      <form className="body stack" onSubmit={(e) => e.preventDefault()}>
        <p className="small">It waits for a time, not for a person. Released, it is carried out now; declined, nothing changes, and it is not held anew unless its reason goes away and comes back.</p>
        <Textarea label="Reason" description="Needed to decline; auditors read it either way" value={reason} onChange={(e) => setReason(e.currentTarget.value)} autosize minRows={1} />
        <Refused error={say.error} what="Nothing was decided." />
        <div className="row wrap">
          <Button size="xs" loading={busy("approve")} onClick={() => say.mutate({ say: "approve", reason })}>Release now</Button>
          <Button size="xs" variant="default" disabled={reason.trim() === ""} loading={busy("decline")} onClick={() => say.mutate({ say: "decline", reason })}>Decline</Button>
        </div>
      </form>
    </Panel>
  );
}
