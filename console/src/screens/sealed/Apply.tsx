// A seal is applied exactly as it was shown, but for what is left out; how far it is, and what became of each line.
import { Button, Modal, SegmentedControl, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, calls, type Schemas } from "../../api";
import { queryClient, useMay, useOverview } from "../../queries";
import { Tag } from "../../ui/marks";
import { Panel } from "../../ui/panel";
import { Waiting } from "../../ui/states";
import { number, plural } from "../../words";
import { StopButton } from "../StopButton";
import { asLeaveOut, countOut, type LeftOut } from "./left_out";

/** What may have become another one by applying, or by its end. */
export const refreshSeals = () => queryClient.invalidateQueries({ predicate: ({ queryKey: [head, ...rest] }) => head === "seals" || (head === "policy" && rest.length === 0) });

/** Of the whole seal. */
export interface Sealed {
  seal: string;
  people: number;
  lines: number;
  loses: number;
}

export function ApplySeal({ of, out, applied }: { of: Sealed; out: LeftOut; applied?: (seal: string) => void }) {
  const may = useMay("edit_policy", true);
  const [opened, modal] = useDisclosure(false);
  const [how, setHow] = useState("once");
  const [waves, setWaves] = useState("5%");
  const gone = countOut(out);
  const left = { people: of.people - gone.people, lines: of.lines - gone.names, loses: of.loses - gone.spared };
  const steps = waves.split(/[,;]+/).map((one) => one.trim()).filter(Boolean);
  const applying = useMutation({
    mutationFn: (open: "refuse" | "accept") => calls.post<Schemas["Applying"]>(`/whatif/${encodeURIComponent(of.seal)}/apply`, { leave_out: asLeaveOut(out), ...(how === "waves" ? { waves: steps, pause_minutes: 60, accept_open: open === "accept" } : {}) }),
    onSuccess: async ({ seal }) => {
      modal.close();
      await refreshSeals();
      applied?.(seal);
    },
  });
  if (may === false) return <p className="dim small">Who has the role policy editor for everybody can apply it.</p>;
  const without = gone.changes > 0 && `${plural(gone.changes, "change")} left out${gone.people > 0 ? `, of ${plural(gone.people, "person", "people")} all` : ""}`;
  const wrong = applying.error instanceof ApiError ? applying.error : undefined;
  return (
    <div className="body row wrap no-print" style={{ borderTop: "1px solid var(--line)" }}>
      <Button size="xs" variant="default" disabled={left.lines <= 0} onClick={modal.open}>Apply exactly this</Button>
      <span className="dim small">{without ? `${without}.` : "Untick people or single changes below that it shall not make."} What is shown is sealed as <span className="mono">{of.seal}</span>.</span>
      <Modal opened={opened} onClose={modal.close} title="Apply exactly this" closeButtonProps={{ "aria-label": "Close" }}>
        <div className="stack">
          <p>The draft comes into force, and {plural(left.lines, "change")} for {plural(left.people, "person", "people")} {left.lines === 1 ? "is" : "are"} made{left.loses > 0 && <>; <b>{plural(left.loses, "person loses", "people lose")} something</b></>}. Nothing else is written: what the world wants besides waits for somebody.{without && <> {without}: {gone.changes === 1 ? "it waits" : "they wait"} under Approvals.</>}</p>
          <SegmentedControl size="xs" aria-label="How" value={how} onChange={setHow} data={[{ value: "once", label: "For all at once" }, { value: "waves", label: "In waves, an hour apart" }]} />
          {how === "waves" && <TextInput label="Waves" description="Shares or sites, one after another, separated by commas; then everybody else. It halts by itself when looks begin to fail." value={waves} onChange={(e) => setWaves(e.currentTarget.value)} error={wrong?.fields.find((field) => field.path === "waves")?.message} />}
          {applying.error && <div className="failure" role="alert"><div><b>Nothing was applied.</b> {applying.error.message}. {wrong?.code === "roll_out_halts" ? "See to them first, or accept them as they are: the roll-out halts when one grows or another begins." : wrong?.fix}</div></div>}
          <div className="row" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={modal.close}>Cancel</Button>{how === "waves" && wrong?.code === "roll_out_halts" && <Button variant="default" loading={applying.isPending} onClick={() => applying.mutate("accept")}>Accept them and begin</Button>}<Button color={left.loses > 0 ? "red.9" : undefined} disabled={how === "waves" && steps.length === 0} loading={applying.isPending} onClick={() => applying.mutate("refuse")}>{left.loses > 0 ? `Apply: ${plural(left.loses, "person loses", "people lose")} something` : `Apply for ${plural(left.people, "person", "people")}`}</Button></div>
        </div>
      </Modal>
    </div>
  );
}

/** A seal that is being applied, also by somebody else or before this page was opened; at the end, what became of each line. */
export function Applying({ seal, tenant, close }: { seal: string; tenant: string; close?: () => void }) {
  const may = useMay("edit_policy", true);
  const engine = useOverview().data?.state;
  const query = useQuery({ queryKey: ["seals", "progress", seal], queryFn: () => calls.get<Schemas["SealProgress"]>(`/whatif/${encodeURIComponent(seal)}`), refetchInterval: (q) => (q.state.data?.ended_at ? false : 1_000) });
  // The last look may have left something that is due at once: whoever asked is answered when that is done.
  const finishing = useMutation({
    mutationFn: () => calls.post<Schemas["SealReport"]>(`/whatif/${encodeURIComponent(seal)}/finish`),
    retry: (failures, error) => failures < 60 && error instanceof ApiError && error.code === "still_looking",
    retryDelay: 1_000,
    onSuccess: refreshSeals,
  });
  const report = finishing.data;
  const data = query.data;
  const all = data ? data.people + data.left_out : 0;
  return (
    <Panel title={report ? "What became of it" : "A sealed draft is being applied"} tone="info" end={<span className="mono">{seal}</span>}>
      <div className="body stack" style={{ gap: 10 }}>
        {report ? (
          <Report report={report} tenant={tenant} end={close && <Button size="compact-xs" variant="default" onClick={close}>Done</Button>} />
        ) : data ? (
          <>
            <div className="row wrap" role="status">
              <b className="num">{data.to_look > 0 ? `${number(all - data.to_look)} of ${number(all)} looked at` : "Everybody was looked at"}</b>
              <span className="dim">{plural(data.lines, "change")} sealed for {plural(data.people, "person", "people")}{data.left_out > 0 && `, ${number(data.left_out)} left out`}{data.to_try_again > 0 && `; ${number(data.to_try_again)} tried again later`}</span>
              <span className="grow" />
              <Link to="/$tenant/activity" params={{ tenant }} search={{ show: "changes" }}>Watch the changes</Link>
              {engine && <StopButton state={engine} />}
              {may && <Button size="xs" disabled={data.to_look > 0} loading={finishing.isPending} onClick={() => finishing.mutate()}>Say what became of it</Button>}
            </div>
            <div className="track" role="progressbar" aria-label="People looked at" aria-valuemin={0} aria-valuemax={all} aria-valuenow={all - data.to_look}><i style={{ width: `${100 - (100 * data.to_look) / Math.max(1, all)}%` }} /></div>
            <div className="small dim">{engine === "stopped" ? "The stop button is pressed: nothing goes on until it is released." : "The draft is in force. Safe to leave: it goes on, and is found here again."}</div>
          </>
        ) : <Waiting rows={2} />}
        {finishing.error && <div role="alert" className="small wrong">Not said: {finishing.error.message}</div>}
      </div>
    </Panel>
  );
}

export function Report({ report, tenant, end }: { report: Schemas["SealReport"]; tenant: string; end?: React.ReactNode }) {
  return (
    <>
      <div className="row wrap" role="status"><Tag as={report.refused.length > 0 ? "held" : "ok"} label={`${number(report.done)} of ${plural(report.lines, "change")} made`} /><span>for {plural(report.people, "person", "people")}</span>{report.moved.length > 0 && <span className="dim">{plural(report.moved.length, "change")} left out or new: each waits under <Link to="/$tenant/approvals" params={{ tenant }} style={{ textDecoration: "underline" }}>Approvals</Link></span>}<span className="grow" />{end}</div>
      {report.refused.slice(0, 20).map((line) => <div key={line.line + line.identity.user} className="small dim">{line.line}: {line.fate}</div>)}
      {report.refused.length > 20 && <div className="small dim">and {plural(report.refused.length - 20, "more", "more")}; all are in the journal</div>}
    </>
  );
}
