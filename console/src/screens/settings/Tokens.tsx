// Tokens for programs: made here, shown once, revoked here.
import { Button, CopyButton, Modal, MultiSelect, NumberInput, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ApiError, type Role, type Token } from "../../api";
import { queryClient, useOverview } from "../../queries";
import { Ago, At } from "../../time";
import { Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Empty, Loaded } from "../../ui/states";
import { plural, words } from "../../words";
import { Grants } from "../Settings";
import "../../forms.css";

const ROLES: Role[] = ["viewer", "operator", "policy_editor", "approver", "auditor", "metrics", "owner"];
const again = () => queryClient.invalidateQueries({ queryKey: ["tokens"] });

export function Tokens() {
  const query = useQuery({ queryKey: ["tokens"], queryFn: api.tokens });
  const [making, make] = useDisclosure(false);
  const [revoking, setRevoking] = useState<Token>();
  return (
    <Panel title="API tokens" end={<Button size="compact-xs" onClick={make.open}>New token</Button>}>
      <Loaded query={query} what="the tokens">
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No tokens">Programs that ask Lanyard, Prometheus among them, each get one of their own.</Empty>
          ) : (
            <div className="scroll">
              <table className="table">
                <thead><tr><th>Name</th><th>Roles</th><th>Until</th><th>Last used</th><th><span className="hidden-text">Actions</span></th></tr></thead>
                <tbody>
                  {data.items.map((token) => (
                    <tr key={token.id}>
                      <td><div style={{ fontWeight: 560 }}>{token.name}</div><div className="dim small">by {token.created_by}</div></td>
                      <td><Grants grants={token.grants} /></td>
                      <td>{token.expired ? <Tag as="off" label="ended" /> : <At at={token.expires_at} seconds={false} />}</td>
                      <td className="dim">{token.last_used_at ? <Ago at={token.last_used_at} /> : "never"}</td>
                      <td className="r"><Button size="compact-xs" variant="default" onClick={() => setRevoking(token)} aria-label={`Revoke ${token.name}`}>Revoke</Button></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      <MakeToken opened={making} close={make.close} />
      <RevokeToken token={revoking} close={() => setRevoking(undefined)} />
    </Panel>
  );
}

function MakeToken({ opened, close }: { opened: boolean; close: () => void }) {
  const overview = useOverview().data;
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<string[]>(["viewer"]);
  const [tenants, setTenants] = useState<string[]>([]);
  const [sites, setSites] = useState<string[]>([]);
  const [days, setDays] = useState<number | string>(90);
  const making = useMutation({
    mutationFn: () => api.makeToken({ name, days: Number(days), grants: roles.map((role) => ({ role: role as Role, tenants, sites })) }),
    onSuccess: again,
  });
  const wrong = (field: string) => (making.error instanceof ApiError ? making.error.fields.find((f) => f.path.startsWith(field) || f.path.includes(field))?.message : undefined);
  const done = () => {
    close();
    if (making.data) setName("");
    making.reset();
  };
  return (
    <Modal opened={opened} onClose={done} title={making.data ? "Copy the token now" : "New API token"} closeButtonProps={{ "aria-label": "Close" }}>
      {making.data ? (
        <div className="stack">
          <p>It is shown this once; only its digest is kept.</p>
          <code className="mono secret">{making.data.text}</code>
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <CopyButton value={making.data.text}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? "Copied" : "Copy"}</Button>}</CopyButton>
            <Button onClick={done}>Done</Button>
          </div>
        </div>
      ) : (
        <form onSubmit={(e) => { e.preventDefault(); making.mutate(); }}>
          <div className="stack">
            <TextInput label="Name" description="Who uses it, for what" value={name} onChange={(e) => setName(e.currentTarget.value)} error={wrong("name")} data-autofocus autoComplete="off" />
            <MultiSelect label="Roles" data={ROLES.map((role) => ({ value: role, label: words(role) }))} value={roles} onChange={setRoles} error={roles.length === 0 ? "Give at least one role" : undefined} />
            <MultiSelect label="Only in these tenants" placeholder={tenants.length === 0 ? "All tenants" : undefined} data={overview?.tenants.map((t) => t.id) ?? []} value={tenants} onChange={setTenants} error={wrong("tenants")} />
            <MultiSelect label="Only in these sites" placeholder={sites.length === 0 ? "All sites" : undefined} data={overview?.sites.map((s) => s.id) ?? []} value={sites} onChange={setSites} error={wrong("sites")} />
            <NumberInput label="Days it lives" min={1} max={366} value={days} onChange={setDays} error={wrong("days")} />
            {making.error && !(making.error instanceof ApiError && making.error.fields.length > 0) && <div role="alert" className="failure">{making.error.message}. Nothing was made.</div>}
            <div className="row" style={{ justifyContent: "flex-end" }}>
              <Button variant="default" onClick={done}>Cancel</Button>
              <Button type="submit" disabled={roles.length === 0} loading={making.isPending}>Make the token</Button>
            </div>
          </div>
        </form>
      )}
    </Modal>
  );
}

function RevokeToken({ token, close }: { token?: Token; close: () => void }) {
  const revoking = useMutation({
    mutationFn: () => api.revokeToken(token!.id),
    onSuccess: async () => {
      await again();
      close();
    },
  });
  return (
    <Modal opened={token !== undefined} onClose={close} title={`Revoke ${token?.name ?? ""}`} closeButtonProps={{ "aria-label": "Close" }}>
      <div className="stack">
        <p>Whoever uses it is refused from the next request on. It had {plural(token?.grants.length ?? 0, "role")}{token?.last_used_at ? <>, and was used <Ago at={token.last_used_at} /></> : " and was never used"}.</p>
        {revoking.error && <div role="alert" className="failure">{revoking.error.message}. The token still works.</div>}
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={close}>Keep it</Button>
          <Button color="red.9" loading={revoking.isPending} onClick={() => revoking.mutate()} data-autofocus>Revoke the token</Button>
        </div>
      </div>
    </Modal>
  );
}
