// Connecting another org or site: credential, probe, five people, matching keys, observed first. Credentials stay in this
// page's memory until they are kept on the server; they are never stored in the browser.
import { Button, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { ApiError, calls, type Schemas } from "../api";
import { queryClient, useMay } from "../queries";
import { Mark, Tag } from "../ui/marks";
import { PageHead, Panel } from "../ui/panel";
import { NeedsRole } from "../ui/role";
import { Empty, Waiting } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural } from "../words";
import { fittest, share, verdict, withFirst, type Key } from "./keys";
import { policyApi } from "./policy/calls";
import "../forms.css";

type Wish = Schemas["NewConnection"];
type Kind = "okta" | "ioffice";
interface Fields {
  id: string;
  url: string;
  way: "app" | "token";
  client_id: string;
  key_id: string;
  key_pem: string;
  token: string;
  user: string;
  password: string;
}
const EMPTY: Fields = { id: "", url: "", way: "app", client_id: "", key_id: "", key_pem: "", token: "", user: "", password: "" };

function wish(kind: Kind, f: Fields): Wish {
  if (kind === "ioffice") return { kind, id: f.id, url: f.url, user: f.user, password: f.password };
  return f.way === "app" ? { kind, id: f.id, url: f.url, client_id: f.client_id, key_id: f.key_id || null, key_pem: f.key_pem } : { kind, id: f.id, url: f.url, token: f.token };
}

/** As the policy spells it, with a capital. */
const titled = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const STEPS = ["Credential", "Rights", "Five people", "Observe"] as const;

export function NewConnection() {
  const tenant = useTenant();
  const may = useMay("own", true);
  const { kind = "ioffice" } = useSearch({ from: "/$tenant/connections/new" });
  const navigate = useNavigate({ from: "/$tenant/connections/new" });
  const [fields, setFields] = useState(EMPTY);
  const set = (part: Partial<Fields>) => {
    setFields((old) => ({ ...old, ...part }));
    probe.reset();
    sample.reset();
    keep.reset();
  };
  const probe = useMutation({ mutationFn: () => calls.post<Schemas["Probe"]>("/connections/probe", wish(kind, fields)) });
  const sample = useMutation({ mutationFn: () => calls.post<Schemas["Sample"]>("/connections/sample", wish(kind, fields)) });
  const keep = useMutation({
    mutationFn: () => calls.post<Schemas["KeptConnection"]>("/connections", wish(kind, fields)),
    onSuccess: () => Promise.all(["health", "overview", "places"].map((key) => queryClient.invalidateQueries({ queryKey: [key] }))),
  });
  if (may === false) return <NeedsRole title="New connection" role="owner" />;
  const at = keep.data ? 4 : sample.data ? 3 : probe.data?.ok ? 2 : probe.data ? 1 : 0;
  const refused = [probe.error, sample.error, keep.error].find((e): e is ApiError => e instanceof ApiError);
  const wrong = (field: string) => refused?.fields.find((f) => f.path === field)?.message;
  return (
    <>
      <Link to="/$tenant/connections" params={{ tenant }} className="row small" style={{ width: "fit-content" }}><IconArrowLeft size={14} aria-hidden /> Connections</Link>
      <PageHead title="New connection" sub="Tried first, observed first; nothing is written to it before you say so" />
      <ol className="stepper" aria-label="Steps">{STEPS.map((name, i) => <li key={name} data-state={i < at ? "done" : i === at ? "now" : "later"} aria-current={i === at ? "step" : undefined}><b className="num">{i < at ? "✓" : i + 1}</b>{name}</li>)}</ol>
      {keep.data ? <Kept kept={keep.data} kind={kind} tenant={tenant} /> : (
        <div className="stack">
          <Panel title="1. Credential" end={at > 0 ? "change it, and it is tried again" : undefined}>
            <form className="body stack" onSubmit={(e) => { e.preventDefault(); sample.reset(); keep.reset(); probe.mutate(); }}>
              <SegmentedControl size="sm" aria-label="What is connected" style={{ alignSelf: "flex-start" }} value={kind} onChange={(value) => { set({}); void navigate({ search: { kind: value as Kind }, replace: true }); }} data={[{ value: "ioffice", label: "An iOffice site" }, { value: "okta", label: "An Okta org" }]} />
              <div className="fields">
                <TextInput label="Name" description="In settings and policy: small letters, digits, hyphens" required value={fields.id} onChange={(e) => set({ id: e.currentTarget.value })} error={wrong("id")} autoComplete="off" />
                <TextInput label="Address" description={kind === "okta" ? "https://example.okta.com" : "https://example.iofficeconnect.com"} required value={fields.url} onChange={(e) => set({ url: e.currentTarget.value })} error={wrong("url")} autoComplete="off" />
              </div>
              {kind === "ioffice" ? (
                <div className="fields">
                  <TextInput label="User name" description="A local service account with site administrator rights" required value={fields.user} onChange={(e) => set({ user: e.currentTarget.value })} error={wrong("user")} autoComplete="off" />
                  <TextInput type="password" label="Password" description="Kept in a file of its own on the server" required value={fields.password} onChange={(e) => set({ password: e.currentTarget.value })} error={wrong("password")} autoComplete="new-password" />
                </div>
              ) : (
                <>
                  <SegmentedControl size="sm" aria-label="Way to sign in" style={{ alignSelf: "flex-start" }} value={fields.way} onChange={(way) => set({ way: way as "app" })} data={[{ value: "app", label: "Service app (better)" }, { value: "token", label: "API token" }]} />
                  {fields.way === "app" ? (
                    <>
                      <div className="fields">
                        <TextInput label="Client id" required value={fields.client_id} onChange={(e) => set({ client_id: e.currentTarget.value })} error={wrong("client_id")} autoComplete="off" />
                        <TextInput label="Key id" description="Of the public key in Okta; may stay empty" value={fields.key_id} onChange={(e) => set({ key_id: e.currentTarget.value })} autoComplete="off" />
                      </div>
                      <Textarea label="Private key" description="PEM, from BEGIN to END; kept in a file of its own on the server" required value={fields.key_pem} onChange={(e) => set({ key_pem: e.currentTarget.value })} error={wrong("key_pem")} minRows={3} autosize maxRows={6} spellCheck={false} />
                    </>
                  ) : (
                    <TextInput type="password" label="API token" description="It dies with the administrator who made it" required value={fields.token} onChange={(e) => set({ token: e.currentTarget.value })} error={wrong("token")} autoComplete="new-password" />
                  )}
                </>
              )}
              {probe.error && <Refused error={probe.error} what="Nothing was tried" />}
              <div className="row"><Button type="submit" loading={probe.isPending}>{probe.data ? "Try again" : "Try it"}</Button></div>
            </form>
          </Panel>
          {(probe.isPending || probe.data) && (
            <Panel title="2. Rights" tone={probe.data ? (probe.data.ok ? "ok" : "failed") : undefined} end={probe.data && (probe.data.ok ? "nothing stands in the way" : "what is missing is named, with where to give it")}>
              {probe.data ? <Checks checks={probe.data.checks} /> : <Waiting rows={4} />}
              {probe.data?.ok && !sample.data && <div className="body row" style={{ borderTop: "1px solid var(--line)" }}><Button loading={sample.isPending} onClick={() => sample.mutate()}>Read everybody there once</Button><span className="dim small">Reads, keeps nothing. A large {kind === "okta" ? "org" : "site"} takes a minute.</span></div>}
              {sample.error && <div className="body"><Refused error={sample.error} what="Not read" /></div>}
            </Panel>
          )}
          {sample.data && <Sampled sample={sample.data} kind={kind} id={fields.id} />}
          {sample.data && (
            <Panel title="4. Observe">
              <div className="body stack">
                <p>{kind === "ioffice" ? <>The site is added to <span className="mono">lanyard.toml</span> as observed only: everything is read, decided and planned, and nothing is written there before you have seen what the first writes would do and signed it off.</> : <>The org is added to <span className="mono">lanyard.toml</span>. Its people are read and compared; nothing is done for them before the policy has a route from it to a site.</>}</p>
                {keep.error && <Refused error={keep.error} what="Nothing was kept" />}
                <div className="row"><Button loading={keep.isPending} onClick={() => keep.mutate()}>Add it, observed only</Button></div>
              </div>
            </Panel>
          )}
        </div>
      )}
    </>
  );
}

function Refused({ error, what }: { error: Error; what: string }) {
  const api = error instanceof ApiError ? error : undefined;
  if (api && api.fields.length > 0) return <div className="small wrong" role="alert">{what}: look at the field marked above.</div>;
  return <div className="failure" role="alert"><div><b>{what}.</b> {error.message}. {api?.fix}</div></div>;
}

export function Checks({ checks }: { checks: Schemas["Check"][] }) {
  const order = (c: Schemas["Check"]) => (c.ok ? 2 : c.warning ? 1 : 0);
  return (
    <ul className="list">
      {[...checks].sort((a, b) => order(a) - order(b)).map((check) => (
        <li key={check.name} style={{ paddingBlock: 7 }}>
          <Mark as={check.ok ? "ok" : check.warning ? "held" : "failed"} label={check.ok ? "There" : check.warning ? "Works less well" : "Missing"} />
          <div className="grow">
            <span className="mono">{check.name}</span> <span className="dim" style={{ fontSize: 13 }}>{check.detail}</span>
            {!check.ok && check.fix && <div className="fix"><span className="dim">Fix: </span>{check.fix}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Sampled({ sample, kind, id }: { sample: Schemas["Sample"]; kind: Kind; id: string }) {
  const tenant = useTenant();
  const what = kind === "okta" ? "person" : "account";
  const many = kind === "okta" ? "people" : "accounts";
  const other = kind === "okta" ? "an account in a connected site" : "a person in Okta";
  const best = fittest(sample.keys);
  return (
    <Panel title="3. Five people, and the keys" end={`${number(sample.total)} ${many} read`}>
      <div className="scroll">
        <table className="table">
          <thead><tr><th>{titled(what)}</th><th>State</th>{sample.keys.map((key) => <th key={key.kind}>{titled(key.kind)}</th>)}</tr></thead>
          <tbody>{sample.rows.map((row) => <tr key={row.id}><td><b style={{ fontWeight: 560 }}>{row.name}</b><div className="mono dim">{row.id}</div></td><td><Tag code={row.state} /></td>{sample.keys.map((key) => <td key={key.kind}>{row.keys.find((k) => k.kind === key.kind)?.value ?? <span className="dim">none</span>}</td>)}</tr>)}</tbody>
        </table>
      </div>
      {sample.rows.length === 0 && <Empty title={`No ${many} there`}>The address and the credential work, and nobody is there yet.</Empty>}
      <div className="subhead">Which key finds whom</div>
      <div className="scroll">
        <table className="table">
          <thead><tr><th>Key, in the policy's order</th><th>How it fits</th><th className="r">Have it</th><th className="r">Find {other}</th><th>Shared by several</th></tr></thead>
          <tbody>
            {sample.keys.map((key, i) => (
              <tr key={key.kind}>
                <td><b style={{ fontWeight: 560 }}>{i + 1}. {titled(key.kind)}</b><div className="dim small">Okta <span className="mono">{key.attribute}</span> = iOffice <span className="mono">{key.field}</span></div></td>
                <td><Tag as={verdict(key).tone} label={verdict(key).label} />{key === best && <div className="small dim">finds most of all</div>}</td>
                <td className="r num">{number(key.with)} <span className="dim">of {number(key.rows)}</span></td>
                <td className="r num">{number(key.found)} <span className="dim">{key.rows > 0 && `${Math.round(100 * share(key))} %`}</span></td>
                <td>{key.collisions === 0 ? <Tag as="ok" label="no collisions" /> : <><Tag as="failed" label={plural(key.collisions, "collision")} />{key.colliding.map((c) => <div key={c.value} className="small dim">{c.value}: {c.names.join(", ")}</div>)}</>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="body small dim">The first key that fits decides. Where a key collides, nobody of those is touched until it is unique. Order and keys are in the <Link to="/$tenant/policies" params={{ tenant }} style={{ textDecoration: "underline" }}>policy</Link>, under <span className="mono">[correlation]</span>.</div>
      {sample.keys.length > 1 && <FirstKey keys={sample.keys} best={best} id={id} />}
    </Panel>
  );
}

/** Another order of the keys is a change of the policy: it becomes a draft, which says whom it concerns before it is published. */
function FirstKey({ keys, best, id }: { keys: Key[]; best?: Key; id: string }) {
  const tenant = useTenant();
  const may = useMay("edit_policy", true);
  const [chosen, setChosen] = useState(best?.kind ?? keys[0]!.kind);
  const writing = useMutation({
    mutationFn: async () => {
      const { document } = await policyApi.version("published");
      const other = document && withFirst(document, chosen);
      if (!other) throw new Error(`the policy in force has ${chosen} first already, or no such key`);
      const name = `keys-${id}`.slice(0, 60);
      await policyApi.create(name, other);
      return name;
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["policy"], exact: true }),
  });
  const same = chosen === keys[0]!.kind;
  return (
    <div className="body stack" style={{ borderTop: "1px solid var(--line)", gap: 8 }}>
      <div className="row wrap">
        <span id="first-key" style={{ fontWeight: 560 }}>Which decides first</span>
        <SegmentedControl size="xs" aria-labelledby="first-key" value={chosen} onChange={(kind) => { setChosen(kind); writing.reset(); }} data={keys.map((key) => ({ value: key.kind, label: titled(key.kind) }))} />
        {same ? <span className="dim small">As the policy has it.</span> : may === false ? <span className="dim small">Another order needs the role policy editor.</span> : writing.data ? (
          <Link to="/$tenant/policies/$draftId" params={{ tenant, draftId: writing.data }} search={{ view: "ground", section: "correlation" }}>Open the draft {writing.data}</Link>
        ) : <Button size="xs" variant="default" loading={writing.isPending} onClick={() => writing.mutate()}>Draft the policy with {chosen} first</Button>}
      </div>
      {!same && <p className="dim small">It would hold for all tenants and sites, not for this one alone. Nothing changes before the draft is published; what-if shows whom it concerns.</p>}
      {writing.error && <div className="failure" role="alert"><div><b>No draft was written.</b> {writing.error.message}. {writing.error instanceof ApiError && writing.error.fix}</div></div>}
    </div>
  );
}

function Kept({ kept, kind, tenant }: { kept: Schemas["KeptConnection"]; kind: Kind; tenant: string }) {
  const next: [string, ReactNode][] = [
    ["It is being read", <>The first comparison runs now; <Link to="/$tenant/connections" params={{ tenant }} style={{ textDecoration: "underline" }}>Connections</Link> shows it when it is done.</>],
    kind === "ioffice" ? ["Give the policy a route", <>In a draft, route a tenant to the site <span className="mono">{kept.id}</span>; what-if shows whom it concerns.</>] : ["Give the policy a route", <>In a draft, route the tenant <span className="mono">{kept.id}</span> to a site; what-if shows whom it concerns.</>],
    ...(kind === "ioffice" ? [["First contact", <>On <Link to="/$tenant/connections" params={{ tenant }} style={{ textDecoration: "underline" }}>Connections</Link>, open First contact of {kept.id}: who is whose, how surely, what the first writes would do, the limits; then go live.</>] as [string, ReactNode]] : []),
  ];
  return (
    <Panel title={kind === "ioffice" ? `${kept.id} is connected, observed only` : `${kept.id} is connected`} tone="ok">
      <ol className="list steps-list">{next.map(([title, text], i) => <li key={title}><b className="num">{i + 1}</b><div><div className="title">{title}</div><div className="dim">{text}</div></div></li>)}</ol>
    </Panel>
  );
}
