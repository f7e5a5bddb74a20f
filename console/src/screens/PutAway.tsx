import { Button, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ApiError, saidOf } from "../api";
import { queryClient, useMay } from "../queries";
import { RoleFor } from "../ui/role";

/** Why something is put away, who answers for it, and up to which day. */
export interface Terms {
  reason: string;
  owner: string;
  until: string;
}

export const NO_TERMS: Terms = { reason: "", owner: "", until: "" };

/** As the server takes them: what was left empty is not said. */
export function sent({ reason, owner, until }: Terms) {
  return { reason: reason.trim(), ...(owner.trim() === "" ? {} : { owner: owner.trim() }), ...(until === "" ? {} : { until: `${until}T00:00:00Z` }) };
}

export function TermsFields({ terms, change, error }: { terms: Terms; change: (to: Terms) => void; error?: Error | null }) {
  const said = (field: keyof Terms) => saidOf(error, field);
  return (
    <>
      <TextInput label="Reason" required value={terms.reason} onChange={(e) => change({ ...terms, reason: e.currentTarget.value })} autoComplete="off" data-autofocus error={said("reason")} />
      <TextInput label="Owner" description="Who answers for it; you, if nobody is named. Evidence packs list it." value={terms.owner} onChange={(e) => change({ ...terms, owner: e.currentTarget.value })} error={said("owner")} autoComplete="off" />
      <TextInput label="Until" type="date" description="From that day on (midnight UTC) it is shown again when a later read or look shows that it is still so. Without a day it stays away until it is over." value={terms.until} onChange={(e) => change({ ...terms, until: e.currentTarget.value })} error={said("until")} />
      {error && <div className="failure" role="alert"><div><b>Nothing was put away.</b> {error.message}{error instanceof ApiError && error.fix ? `. ${error.fix}` : ""}</div></div>}
    </>
  );
}

/** Puts away what no later read can end. The journal keeps who and why. */
export function PutAway({ id, title }: { id: string; title: string }) {
  const [opened, modal] = useDisclosure(false);
  const [terms, setTerms] = useState(NO_TERMS);
  const may = useMay("operate");
  const { reason } = terms;
  const close = () => {
    modal.close();
    setTerms(NO_TERMS);
  };
  const put = useMutation({
    mutationFn: () => api.putAway(id, sent(terms)),
    onSuccess: () => {
      notifications.show({ message: "Put away; the journal says who and why." });
      close();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["overview"] }),
  });
  if (may === false) return <div><RoleFor what="To put it away" role="operator" /></div>;
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={modal.open} aria-label={`Put away: ${title}`}>Put away</Button>
      <Modal opened={opened} onClose={close} title="Put away" closeButtonProps={{ "aria-label": "Close" }}>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (reason.trim() !== "") put.mutate();
          }}
        >
          <div className="stack">
            <p>{title}</p>
            <TermsFields terms={terms} change={setTerms} error={put.error} />
            <div className="row" style={{ justifyContent: "flex-end" }}>
              <Button variant="default" onClick={close}>Cancel</Button>
              <Button type="submit" disabled={reason.trim() === ""} loading={put.isPending}>Put away</Button>
            </div>
          </div>
        </form>
      </Modal>
    </>
  );
}
