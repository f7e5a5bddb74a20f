// Asks what a new draft is called, and keeps it.
import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, saidOf } from "../../api";
import { queryClient } from "../../queries";
import { policyApi } from "./calls";
import type { Document } from "./model";

interface Props {
  title: string;
  wish?: string;
  /** What the draft says, and the flow to begin with. */
  content: () => Promise<{ doc: Document; flow?: number }>;
  close: () => void;
  done: (id: string, flow?: number) => void;
}

/** The policy in force, as rules, and which it is. */
export async function inForce(): Promise<{ doc: Document; seal: string }> {
  const base = await policyApi.version("published");
  if (!base.document) throw new ApiError(0, "What is in force cannot be read as rules");
  return { doc: base.document, seal: base.seal };
}

export const published = async (): Promise<Document> => (await inForce()).doc;

export function NameDraft({ title, wish = "", content, close, done }: Props) {
  const [name, setName] = useState(wish);
  const making = useMutation({
    mutationFn: async () => {
      const { doc, flow } = await content();
      await policyApi.create(name, doc);
      await queryClient.invalidateQueries({ queryKey: ["policy"], exact: true });
      return flow;
    },
    onSuccess: (flow) => done(name, flow),
  });
  const fits = /^[a-z0-9-]{1,64}$/.test(name);
  const taken = making.error instanceof ApiError && making.error.status === 412;
  const wrong = saidOf(making.error, "id");
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stack" onSubmit={(e) => { e.preventDefault(); if (fits) making.mutate(); }}>
        <TextInput label="Name" description="Small letters, digits and hyphens" value={name} onChange={(e) => setName(e.currentTarget.value.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-"))} data-autofocus autoComplete="off" error={taken ? "There is a draft of this name already" : wrong} />
        {making.error && !taken && !wrong && <div className="failure" role="alert">{making.error.message}. Nothing was made.</div>}
        <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" disabled={!fits} loading={making.isPending}>Begin</Button></div>
      </form>
    </Modal>
  );
}
