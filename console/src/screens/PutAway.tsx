import { Button, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api";
import { queryClient } from "../queries";

/** Puts away what no later read can end. The journal keeps who and why. */
export function PutAway({ id, title }: { id: string; title: string }) {
  const [opened, modal] = useDisclosure(false);
  const [reason, setReason] = useState("");
  const close = () => {
    modal.close();
    setReason("");
  };
  const put = useMutation({
    mutationFn: () => api.putAway(id, reason.trim()),
    onSuccess: () => {
      notifications.show({ message: "Put away; the journal says who and why." });
      close();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["overview"] }),
  });
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
            <TextInput label="Reason" description="It stays away until what it tells of is over." value={reason} onChange={(e) => setReason(e.currentTarget.value)} autoComplete="off" data-autofocus error={put.error?.message} />
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
