// Somebody else changed the draft meanwhile: theirs is taken, or one's own is kept beside it. Neither is overwritten.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ApiError } from "../../api";
import { queryClient } from "../../queries";
import { Mark } from "../../ui/marks";
import { local, policyApi } from "./calls";
import type { Document } from "./model";

const NAME_MAX = 64;
const TRIES = 50;

/** `NAME-mine`, `NAME-mine-2`, …: each fits, however long the name is. */
export function besideName(id: string, nth: number): string {
  const own = id.replace(/-mine(-\d+)?$/, "");
  const end = nth === 1 ? "-mine" : `-mine-${nth}`;
  return own.slice(0, NAME_MAX - end.length) + end;
}

/** Makes a draft of the first name that is free. */
export async function keepBeside(id: string, doc: Document): Promise<string> {
  for (let nth = 1; ; nth += 1) {
    const name = besideName(id, nth);
    if (name === id) continue;
    try {
      await policyApi.create(name, doc);
      return name;
    } catch (error) {
      const taken = error instanceof ApiError && error.status === 412;
      if (!taken || nth >= TRIES) throw error;
    }
  }
}

export function Conflict({ id, tenant, doc }: { id: string; tenant: string; doc: Document }) {
  const navigate = useNavigate();
  const beside = useMutation({
    mutationFn: () => keepBeside(id, doc),
    onSuccess: async (name) => {
      local.clear(id);
      await queryClient.invalidateQueries({ queryKey: ["policy"], exact: true });
      await navigate({ to: "/$tenant/policies/$draftId", params: { tenant, draftId: name } });
    },
  });
  return (
    <div className="failure" role="alert">
      <Mark as="failed" label="Changed meanwhile" />
      <div className="grow">
        <b>Somebody else changed this draft.</b> Nothing of theirs was overwritten, and yours is kept in this browser. Take theirs and redo your change, or keep yours as a draft of its own.
        {beside.error && <div><b>Yours was not kept on the server:</b> {beside.error.message}{beside.error instanceof ApiError && beside.error.fix ? `. ${beside.error.fix}` : ""}. It is still in this browser.</div>}
      </div>
      <Button size="xs" variant="default" onClick={() => { local.clear(id); void queryClient.invalidateQueries({ queryKey: ["policy-draft", id] }).then(() => location.reload()); }}>Take theirs</Button>
      <Button size="xs" loading={beside.isPending} onClick={() => beside.mutate()}>Keep mine beside it</Button>
    </div>
  );
}
