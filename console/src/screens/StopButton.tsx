import { Button, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api";
import { queryClient, useMay } from "../queries";
import { RoleFor } from "../ui/role";

/** Stopping and resuming touch every tenant, so both are confirmed by typing the word. */
export function StopButton({ state }: { state: "running" | "stopped" }) {
  const [opened, modal] = useDisclosure(false);
  const [typed, setTyped] = useState("");
  const may = useMay("operate", true);
  const running = state === "running";
  const word = running ? "stop" : "resume";
  const close = () => {
    modal.close();
    setTyped("");
  };
  const change = useMutation({
    mutationFn: running ? api.stop : api.resume,
    onSuccess: () => {
      notifications.show({ message: running ? "Stopped: nothing is written until you resume." : "Resumed." });
      close();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["overview"] }),
  });
  if (may === false) return <RoleFor what={running ? "To stop all writes" : "To resume writes"} role="operator, for all tenants and sites" />;
  return (
    <>
      <Button size="xs" variant="default" onClick={modal.open} leftSection={running ? <IconPlayerPause size={14} aria-hidden /> : <IconPlayerPlay size={14} aria-hidden />}>
        {running ? "Stop all writes" : "Resume writes"}
      </Button>
      <Modal opened={opened} onClose={close} title={running ? "Stop all writes to iOffice" : "Resume writes to iOffice"} closeButtonProps={{ "aria-label": "Close" }}>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (typed === word) change.mutate();
          }}
        >
          <div className="stack">
            <p>
              {running
                ? "Takes hold within one call, in every tenant. Events are still recorded, and nothing is lost: what is due waits. Leavers wait too."
                : "Everything that came due meanwhile is looked at again, leavers first."}
            </p>
            <TextInput label={`Type ${word} to confirm`} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} autoComplete="off" data-autofocus error={change.error?.message} />
            <div className="row" style={{ justifyContent: "flex-end" }}>
              <Button variant="default" onClick={close}>Cancel</Button>
              <Button type="submit" disabled={typed !== word} loading={change.isPending} color={running ? "red.9" : undefined}>
                {running ? "Stop all writes" : "Resume writes"}
              </Button>
            </div>
          </div>
        </form>
      </Modal>
    </>
  );
}
