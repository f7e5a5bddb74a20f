// Forgets a draft: what it says is gone, what is in force stays.
import { Button, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { ApiError } from "../../api";
import { queryClient, useMay } from "../../queries";
import { RoleFor } from "../../ui/role";
import { local, policyApi } from "./calls";

export function ForgetDraft({ id, etag, done }: { id: string; etag: string; done?: () => void }) {
  const may = useMay("edit_policy", true);
  const [asking, modal] = useDisclosure(false);
  const forget = useMutation({
    mutationFn: () => policyApi.forget(id, etag),
    onSuccess: async () => {
      local.clear(id);
      modal.close();
      await queryClient.invalidateQueries({ queryKey: ["policy"], exact: true });
      done?.();
    },
    // Whoever was refused sees how the draft is now.
    onError: () => queryClient.invalidateQueries({ queryKey: ["policy"], exact: true }),
  });
  if (may === false) return <RoleFor what="To forget it" role="policy editor" />;
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={modal.open} aria-label={`Forget draft ${id}`}>Forget</Button>
      <Modal opened={asking} onClose={() => { modal.close(); forget.reset(); }} title={`Forget draft ${id}`} closeButtonProps={{ "aria-label": "Close" }}>
        <div className="stack">
          <p>What the draft says is gone for good, for everybody. What is in force stays as it is.</p>
          {forget.error && <div className="failure" role="alert"><div><b>It was not forgotten.</b> {forget.error.message}{forget.error instanceof ApiError && forget.error.fix ? `. ${forget.error.fix}` : ""}</div></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={() => { modal.close(); forget.reset(); }} data-autofocus>Cancel</Button><Button loading={forget.isPending} onClick={() => forget.mutate()}>Forget the draft</Button></div>
        </div>
      </Modal>
    </>
  );
}
