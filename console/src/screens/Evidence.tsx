// Evidence packs: asked for, made in view, saved, checked again; and the signed checkpoints that prove the journal.
import { Button, NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError, calls, saidOf, type Schemas } from "../api";
import { queryClient, useMay } from "../queries";
import { absolute, Ago, useServerNow, useZone } from "../time";
import { keep } from "../ui/kept";
import { Mark, Tag } from "../ui/marks";
import { useInUrl } from "../ui/in_url";
import { Facts, PageHead, Panel } from "../ui/panel";
import { PrintLine } from "../ui/print";
import { NeedsRole } from "../ui/role";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural } from "../words";
import "../forms.css";

type Evidence = Schemas["Evidence"];
type Pack = Schemas["Pack"];
type Check = Schemas["PackCheck"];

const useEvidence = (enabled: boolean) => useQuery({ queryKey: ["evidence"], queryFn: () => calls.get<Evidence>("/evidence"), enabled, staleTime: 10_000 });
const again = () => queryClient.invalidateQueries({ queryKey: ["evidence"] });

export function EvidencePage() {
  const may = useMay("audit", true);
  const picked = useTenant();
  const query = useEvidence(may === true);
  if (may === false) return <NeedsRole title="Evidence" role="auditor, for all tenants and sites" />;
  return (
    <>
      <PageHead title="Evidence" sub="What an auditor asks for: who had what, when it ended, and proof that the record is whole">
        <Button className="no-print" size="xs" variant="default" renderRoot={(props) => <Link {...props} to="/$tenant/evidence/access" params={{ tenant: picked }} />}>Access on a date</Button>
        <Button className="no-print" size="xs" variant="default" leftSection={<IconPrinter size={14} aria-hidden />} onClick={() => window.print()}>Print</Button>
      </PageHead>
      <PrintLine />
      <Loaded query={query} what="the evidence" rows={10}>
        {(data) => (
          <div className="cols main">
            <div className="stack">
              <div className="no-print"><Ask data={data} /></div>
              <Packs packs={data.packs} />
              {data.late.length > 0 && <LateLeavers late={data.late} bound={data.leaver_bound_seconds} />}
            </div>
            <div className="stack">{data.tenants.map((tenant) => <Seals key={tenant.tenant} tenant={tenant} outside={data.outside} />)}</div>
          </div>
        )}
      </Loaded>
    </>
  );
}

type Period = "quarter" | "year" | "own";
const DAY_MS = 86_400_000;
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** What is being filled in survives a session's end. */
interface Form {
  tenant?: string;
  site?: string;
  period: Period;
  from: string;
  to: string;
  seed: string;
  sample: number | string;
  sampleBy: string;
  named: string;
}
const KEPT = "lanyard.evidence";
const EMPTY: Form = { period: "quarter", from: "", to: "", seed: "", sample: "", sampleBy: "", named: "" };

function readForm(): Form {
  try {
    return { ...EMPTY, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Form>) };
  } catch {
    return EMPTY;
  }
}

function Ask({ data }: { data: Evidence }) {
  const now = useServerNow(60_000);
  const chosen = useTenant();
  const [form, setForm] = useState(readForm);
  const set = (part: Partial<Form>) => setForm((old) => ({ ...old, ...part }));
  useEffect(() => keep(KEPT, JSON.stringify(form)), [form]);
  const tenants = data.tenants.map((t) => t.tenant);
  const tenant = tenants.find((t) => t === form.tenant) ?? tenants.find((t) => t === chosen) ?? tenants[0];
  const from = form.period === "own" ? form.from : day(now - (form.period === "quarter" ? 91 : 365) * DAY_MS);
  const to = form.period === "own" ? form.to : "";
  const making = useMutation({
    mutationFn: () =>
      calls.post<Pack>("/evidence/packs", {
        tenant,
        from: `${from}T00:00:00Z`,
        to: to ? `${to}T00:00:00Z` : undefined,
        site: form.site || undefined,
        seed: form.seed.trim() || undefined,
        sample: form.sample === "" ? undefined : Number(form.sample),
        sample_by: form.sampleBy.trim() || undefined,
        named: form.named.split(/[\s,]+/).filter(Boolean),
      }),
    onSuccess: again,
  });
  const error = making.error instanceof ApiError ? making.error : undefined;
  const wrong = (field: string) => error?.fields.find((f) => f.path === field)?.message;
  const busy = data.packs.find((pack) => pack.state === "making");
  return (
    <Panel title="Make a pack" end="One archive: PDF, tables, OCSF, OSCAL, proofs">
      <form className="body stack" onSubmit={(e) => { e.preventDefault(); making.mutate(); }}>
        <div className="fields">
          {tenants.length > 1 && <Select label="Tenant" data={tenants} value={tenant ?? null} onChange={(value) => set({ tenant: value ?? undefined })} allowDeselect={false} error={wrong("tenant")} />}
          <Select label="Site" data={[{ value: "", label: "All sites" }, ...data.sites.map((s) => ({ value: s, label: s }))]} value={form.site ?? ""} onChange={(value) => set({ site: value ?? "" })} allowDeselect={false} error={wrong("site")} />
        </div>
        <div>
          <div className="label" id="period">Period</div>
          <SegmentedControl size="sm" aria-labelledby="period" value={form.period} onChange={(value) => set({ period: value as Period })} data={[{ value: "quarter", label: "Last 91 days" }, { value: "year", label: "Last 365 days" }, { value: "own", label: "Own days" }]} />
          {form.period !== "own" && wrong("from") && <div role="alert" className="small wrong">{wrong("from")}</div>}
        </div>
        {form.period === "own" && (
          <div className="fields">
            <TextInput type="date" label="From" description="The day's beginning, UTC" required value={form.from} max={day(now)} onChange={(e) => set({ from: e.currentTarget.value })} error={wrong("from")} />
            <TextInput type="date" label="Up to" description="Not included; empty: until now" value={form.to} onChange={(e) => set({ to: e.currentTarget.value })} error={wrong("to")} />
          </div>
        )}
        <div className="fields">
          <TextInput label="Seed of the samples" description="The auditor's to choose; empty: this moment" value={form.seed} onChange={(e) => set({ seed: e.currentTarget.value })} autoComplete="off" />
          <NumberInput label="Size of each sample" description="Empty: 25, 40 or 60, by population" min={1} max={10_000} value={form.sample} onChange={(value) => set({ sample: value })} />
          <TextInput label="In turns by an attribute" description="Of Okta, such as department; empty: by the seed alone" value={form.sampleBy} onChange={(e) => set({ sampleBy: e.currentTarget.value })} autoComplete="off" />
        </div>
        <TextInput label="People whose dossiers are wanted" description="TENANT/ID, several with spaces between" value={form.named} onChange={(e) => set({ named: e.currentTarget.value })} autoComplete="off" />
        {making.error && (error?.fields.length ?? 0) === 0 && <div className="failure" role="alert"><div><b>Nothing was made.</b> {making.error.message}. {error?.fix}</div></div>}
        <div className="row wrap">
          <Button type="submit" loading={making.isPending} disabled={busy !== undefined || (form.period === "own" && form.from === "")} title={busy && `${busy.by} is making one; one at a time`}>Make the pack</Button>
          <span className="dim small">It is made beside the running work, and safe to leave. Making and saving are noted in the journal.</span>
        </div>
      </form>
    </Panel>
  );
}

function Packs({ packs }: { packs: Pack[] }) {
  return (
    <Panel title="Packs" end={packs.length > 0 ? plural(packs.length, "pack") : undefined}>
      {packs.length === 0 ? <Empty title="No packs yet">A pack of the last quarter takes seconds; begin with one to see what it holds.</Empty> : <ul className="list">{packs.map((pack) => <PackRow key={pack.id} pack={pack} />)}</ul>}
    </Panel>
  );
}

const STATES = { making: "info", ready: "ok", failed: "failed" } as const;
const size = (bytes: number) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function PackRow({ pack: listed }: { pack: Pack }) {
  const [named] = useInUrl("pack");
  const here = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (named === listed.id) here.current?.scrollIntoView?.({ block: "center" });
  }, [named]);
  const making = listed.state === "making";
  const live = useQuery({
    queryKey: ["evidence-pack", listed.id],
    queryFn: () => calls.get<Pack>(`/evidence/packs/${listed.id}`),
    enabled: making,
    refetchInterval: (query) => (query.state.data?.state === "making" ? 500 : false),
  });
  const pack = making ? (live.data ?? listed) : listed;
  const over = making && pack.state !== "making";
  useEffect(() => {
    if (over) void again();
  }, [over]);
  const checking = useMutation({ mutationFn: () => calls.post<Check>(`/evidence/packs/${pack.id}/verify`) });
  const check = checking.data ?? pack.check;
  return (
    <li ref={here} style={{ display: "block" }} data-pack={pack.state} data-chosen={named === pack.id || undefined}>
      <div className="row wrap" style={{ rowGap: 4 }}>
        <Link className="title" to="." search={(old: object) => ({ ...old, pack: pack.id }) as never} title="The address of this pack">{pack.tenant}, {pack.from.slice(0, 10)} to {pack.to.slice(0, 10)}</Link>
        <Tag as={STATES[pack.state]} label={pack.state} />
        <span className="grow" />
        {pack.state === "ready" && (
          <>
            <Button size="compact-xs" variant="default" loading={checking.isPending} onClick={() => checking.mutate()}>Check again</Button>
            <Button size="compact-xs" component="a" href={`/api/v1/evidence/packs/${pack.id}/file`} download leftSection={<IconDownload size={13} aria-hidden />}>Save{pack.bytes ? ` (${size(pack.bytes)})` : ""}</Button>
          </>
        )}
      </div>
      <div className="dim small">{pack.sites.join(", ")} · seed “{pack.seed}”{pack.sample_by ? `, in turns by ${pack.sample_by}` : ""} · asked by {pack.by} <Ago at={pack.asked_at} /></div>
      {pack.state === "making" && <Progress steps={pack.progress ?? []} />}
      {pack.state === "failed" && <div className="fix" role="alert">{pack.error}.{pack.hint && <> <span className="dim">Fix: </span>{pack.hint}</>}</div>}
      {pack.warnings?.map((text) => <div key={text} className="fix"><span className="dim">The pack says first: </span>{text}</div>)}
      {pack.figures && <Figures figures={pack.figures} />}
      {checking.error && <div className="fix" role="alert">Not checked: {checking.error.message}. The file is as it was.</div>}
      {check && <Checked check={check} fresh={checking.data !== undefined} />}
    </li>
  );
}

function Progress({ steps }: { steps: NonNullable<Pack["progress"]> }) {
  const step = steps.at(-1);
  return (
    <div role="status" style={{ marginTop: 8 }}>
      {steps.length === 0 ? <span className="dim small">beginning…</span> : steps.map(({ what, done, total }) => (
        <div key={what} className="row small" style={{ gap: 12 }}>
          <span style={{ width: 170 }} className={what === step?.what ? undefined : "dim"}>{what}</span>
          <div className="track grow" style={{ maxWidth: 260 }}><i style={{ width: total ? `${Math.min(100, (100 * done) / total)}%` : "100%" }} /></div>
          <span className="num dim">{number(done)}{total ? ` of ${number(total)}` : ""}</span>
        </div>
      ))}
    </div>
  );
}

/** Opening + joined + returned − left = closing: the equation that shows whether anybody is missing. */
function Figures({ figures: f }: { figures: NonNullable<Pack["figures"]> }) {
  const t = f.totals;
  const off = t.opening + t.joined + t.returned - t.left - t.closing;
  const late = f.leavers_late > 0;
  return (
    <div className="figures">
      <div>
        <div className="equation num"><b>{number(t.opening)}</b><span>+</span><b>{number(t.joined)}</b><span>+</span><b>{number(t.returned)}</b><span>−</span><b>{number(t.left)}</b><span>=</span><b>{number(t.closing)}</b></div>
        <div className="dim small">had an account, joined, returned, left, have one now{off === 0 ? "" : ` (off by ${off})`}</div>
      </div>
      <div><Tag as={late ? "failed" : "ok"} label={`${number(f.leavers_in_time)} of ${plural(f.leavers_in_time + f.leavers_late, "leaver")} in time`} /></div>
      <div className="dim small">{plural(f.exceptions_open, "exception")} open, of them {plural(f.orphans_open, "orphaned account")}; {plural(f.reviews_undecided, "review line")} undecided{f.breaches_unanswered ? `; ${plural(f.breaches_unanswered, "late leaver")} without an owner` : ""}</div>
      {f.intake_gaps !== undefined && <div className="dim small">{f.intake_gaps === 0 ? "Okta's log was read without a gap" : `Okta's log was not read ${plural(f.intake_gaps, "time")}, ${plural(f.intake_gap_seconds ?? 0, "second")} in all`}</div>}
    </div>
  );
}

/** Whoever was not out in time, and who answers for it: an auditor asks for both, and packs show both. */
function LateLeavers({ late, bound }: { late: Evidence["late"]; bound: number }) {
  const open = late.filter((one) => !one.answer).length;
  return (
    <Panel title="Late leavers of the past year" tone={open > 0 ? "failed" : "ok"} end={open > 0 ? `${number(open)} without an owner` : "each has an owner"}>
      <ul className="list">
        {late.map((one) => (
          <li key={`${one.person} ${one.site} ${one.since}`} style={{ display: "block" }}>
            <div className="row wrap">
              <span className="title">{one.name || one.person}</span>
              <span className="dim small">{one.site} · {plural(one.seconds - bound, "second")} beyond {number(bound)} s{one.verified_at ? "" : one.returned_at ? ", came back without having been out" : ", still open"} · left <Ago at={one.since} /></span>
            </div>
            {one.answer ? <div className="small">{one.answer.owner} answers for it: {one.answer.compensation} <span className="dim">(said by {one.answer.by} <Ago at={one.answer.at} />)</span></div> : <AnswerFor late={one} />}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function AnswerFor({ late }: { late: Evidence["late"][number] }) {
  const may = useMay("operate", true);
  const [owner, setOwner] = useState("");
  const [compensation, setCompensation] = useState("");
  const saying = useMutation({
    mutationFn: () => calls.post<unknown>("/evidence/late", { person: late.person, site: late.site, owner: owner.trim(), compensation: compensation.trim() }),
    onSuccess: again,
  });
  if (!may) return <div className="dim small">Nobody answers for it yet.</div>;
  const said = (field: string) => saidOf(saying.error, field);
  const whole = owner.trim() !== "" && compensation.trim() !== "";
  return (
    <form className="stack" style={{ marginTop: 6 }} aria-label={`Answer for ${late.name || late.person}`} onSubmit={(e) => { e.preventDefault(); if (whole) saying.mutate(); }}>
      <div className="fields">
        <TextInput size="xs" label="Who answers for it" value={owner} onChange={(e) => setOwner(e.currentTarget.value)} error={said("owner")} autoComplete="off" />
        <TextInput size="xs" label="What was done instead, or found out" value={compensation} onChange={(e) => setCompensation(e.currentTarget.value)} error={said("compensation")} autoComplete="off" />
      </div>
      {saying.error && <div className="fix" role="alert">Not put on record: {saying.error.message}.</div>}
      <div className="row"><Button type="submit" size="compact-xs" variant="default" disabled={!whole} loading={saying.isPending}>Put on record</Button></div>
    </form>
  );
}

function Checked({ check, fresh }: { check: Check; fresh: boolean }) {
  return (
    <div className="row small wrap" role={fresh ? "status" : undefined} style={{ marginTop: 6, alignItems: "flex-start" }} data-check={check.holds ? "holds" : "broken"}>
      <Mark as={check.holds ? "ok" : "failed"} label={check.holds ? "Holds" : "Does not hold"} />
      <div className="grow">
        {check.holds ? <><b>{fresh ? "Read again just now: every byte is as it was signed." : "As it was signed."}</b> <span className="dim">{number(check.files)} files, {number(check.rows)} rows counted again, {plural(check.dossiers, "dossier")} with {number(check.proofs)} proofs, {plural(check.checkpoints, "checkpoint")} in line.</span></> : <><b>This pack does not hold.</b><ul>{check.problems.slice(0, 8).map((text) => <li key={text}>{text}</li>)}</ul><span className="dim">Do not hand it out: make a new one, and ask who could write to the data folder.</span></>}
      </div>
    </div>
  );
}

const SHOWN = 6;

function Seals({ tenant, outside }: { tenant: Evidence["tenants"][number]; outside: string }) {
  const [zone] = useZone();
  const [all, setAll] = useState(false);
  const signing = useMutation({ mutationFn: () => calls.post<{ signed: number }>("/evidence/checkpoints"), onSuccess: again });
  const broken = Boolean(tenant.key_problem) || tenant.retention_problem !== null || tenant.checkpoints.some((c) => c.state !== "holds");
  return (
    <Panel title={`Journal of ${tenant.tenant}`} tone={broken ? "failed" : "ok"} end={plural(tenant.lines, "line")}>
      <div className="body stack" style={{ gap: 8 }}>
        <Facts rows={[["Signed by", <span key="f" className="mono">{tenant.fingerprint ?? "nothing"}</span>], ["Laid outside in", <span key="o" className="mono">{outside}</span>], ...(tenant.kept_from > 0 ? [["Texts kept from", `line ${number(tenant.kept_from)}${tenant.retention_problem || tenant.key_problem ? "" : ", signed for"}`] as [string, string]] : [])]} />
        {tenant.key_problem && <div className="fix" role="alert">Nothing is signed here: {tenant.key_problem}.</div>}
        {tenant.retention_problem && <div className="fix" role="alert">What was let go of is not what was signed for: {tenant.retention_problem}.</div>}
        {tenant.fingerprint && <p className="dim small">Give the auditor this fingerprint by another way than the pack: it is what <span className="mono">lanyard verify --key</span> is held against.</p>}
      </div>
      <div className="subhead row"><span className="grow">Checkpoints <span className="dim num">{number(tenant.checkpoints_total)}</span></span><Button size="compact-xs" variant="default" loading={signing.isPending} onClick={() => signing.mutate()}>Sign one now</Button></div>
      {signing.error && <div className="body small" role="alert" style={{ color: "var(--failed-fg)" }}>Not signed: {signing.error.message}</div>}
      {tenant.checkpoints.length === 0 ? tenant.key_problem ? <Empty title="Not shown">Without the key they cannot be checked here; those that were signed are kept.</Empty> : <Empty title="None yet">One is signed every hour, and laid outside.</Empty> : (
        <ul className="list">
          {tenant.checkpoints.slice(0, all ? undefined : SHOWN).map((c) => (
            <li key={c.at + c.lines} style={{ paddingBlock: 6 }}>
              <Mark as={c.state === "holds" ? "ok" : "failed"} label={c.state === "holds" ? "Holds" : "Does not hold"} />
              <div className="grow small">
                <span className="num">{absolute(c.at, zone)}</span> <span className="dim num">over {plural(c.lines, "line")}</span>
                {c.state !== "holds" && <div style={{ color: "var(--failed-fg)" }}>{c.state}</div>}
                {!c.outside && <div className="dim">not in the folder outside</div>}
              </div>
            </li>
          ))}
          {!all && tenant.checkpoints.length > SHOWN && <li style={{ paddingBlock: 6 }}><Button size="compact-xs" variant="default" onClick={() => setAll(true)}>Show {tenant.checkpoints.length - SHOWN} more</Button></li>}
        </ul>
      )}
    </Panel>
  );
}

