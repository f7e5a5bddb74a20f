// One flow as a canvas: trigger, conditions, look-up, hold, outcomes, notification, and on every step what happens if it
// fails. Steps are added between others, never wired by hand, so a graph that means nothing cannot be drawn.
import { Button, Menu, Select } from "@mantine/core";
import { BaseEdge, Controls, EdgeLabelRenderer, getSmoothStepPath, Handle, Position, ReactFlow, type Edge, type EdgeProps, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { Panel } from "../../ui/panel";
import { Empty } from "../../ui/states";
import { branched, conditionText, firstText, flowsOf, freshId, otherwiseOf, outcomeText, parts, stepped, withFlow, withFlows, type Document, type Flow, type Part } from "./model";
import { OUTCOME_KINDS } from "./Parts";
import type { Selected, Step } from "./FlowPanel";

interface Box extends Record<string, unknown> {
  kind: "when" | "if" | "look" | "hold" | "give" | "never" | "tell" | "fails";
  title: string;
  text: string;
  chosen: boolean;
  step?: Step;
  /** The flow that goes on here. */
  goto?: number;
  /** The condition that such a flow could branch from. */
  branch?: number;
}
type BoxNode = Node<Box, "box">;

const WIDTH = 240;
const HEIGHT = 74;
const GAP = 56;

interface Props {
  doc: Document;
  selected?: Selected;
  select: (to: Selected | undefined) => void;
  edit: (to: Document) => void;
  locked: boolean;
  add: () => void;
}

export default function Canvas(props: Props) {
  const { doc, selected, select, edit, locked } = props;
  const scheme = useComputedColorScheme("light");
  const flows = flowsOf(doc);
  const at = Math.min(selected?.flow ?? 0, flows.length - 1);
  const flow = flows[at];
  const insert = (kind: "if" | "then", place: number, part: Part) => {
    if (!flow) return;
    const items = parts(flow[kind]);
    edit(withFlow(doc, at, { ...flow, [kind]: [...items.slice(0, place), part, ...items.slice(place)] } as Flow));
    select({ flow: at, step: { kind, at: place } });
  };
  const { nodes, edges } = useMemo(() => (flow ? layOut(doc, at, selected?.flow === at ? selected.step : undefined, locked ? undefined : insert) : { nodes: [], edges: [] }), [flow, selected, locked, doc]);
  const branch = (condition: number) => {
    if (locked || !flow) return;
    const next = branched(doc, at, condition);
    edit(next.doc);
    select({ flow: next.flow, step: { kind: "flow" } });
  };
  const open = (node: BoxNode) => {
    if (node.data.goto !== undefined) select({ flow: node.data.goto, step: { kind: "flow" } });
    else if (node.data.branch !== undefined) branch(node.data.branch);
    else if (node.data.step) select({ flow: at, step: node.data.step });
  };
  const canvas = useRef<HTMLDivElement>(null);
  /** The box that the keyboard stays on while steps change places. */
  const [follow, setFollow] = useState<string>();
  useEffect(() => {
    if (follow === undefined) return;
    canvas.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${follow}"]`)?.focus();
    setFollow(undefined);
  }, [follow, nodes]);
  const change = (step: Extract<Step, { at: number }>, what: "up" | "down" | "copy" | "delete") => {
    const next = stepped(doc, at, step.kind, step.at, what);
    if (next.doc === doc) return;
    edit(next.doc);
    select({ flow: at, step: next.at === undefined ? { kind: "flow" } : { kind: step.kind, at: next.at } });
    setFollow(next.at === undefined ? "when" : `${step.kind}${next.at}`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset.id;
    const node = nodes.find((n) => n.id === id);
    if (!node) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(node);
    }
    const step = node.data.step;
    if (locked || !flow || !step || !("at" in step)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const what = key === "Delete" || key === "Backspace" ? "delete" : key === "d" && (event.ctrlKey || event.metaKey) ? "copy" : event.altKey && key === "ArrowUp" ? "up" : event.altKey && key === "ArrowDown" ? "down" : undefined;
    if (what) {
      event.preventDefault();
      change(step, what);
    } else if (plain && key === "+" && step.kind === "if") {
      event.preventDefault();
      insert("if", step.at + 1, { attribute: "", is: "" });
    } else if (plain && key === "b" && step.kind === "if") {
      event.preventDefault();
      event.stopPropagation();
      branch(step.at);
    }
  };
  return (
    <Panel
      title={<span className="row"><span className="hidden-text">Flow</span><Select size="xs" aria-label="Flow" w={280} data={flows.map((f, i) => ({ value: String(i), label: `${i + 1}. ${f.id}` }))} value={flow ? String(at) : null} allowDeselect={false} onChange={(v) => v !== null && select({ flow: Number(v), step: { kind: "flow" } })} /></span>}
      end={<span className="row"><span className="only-wide" title="Tab goes from step to step">Enter opens, Alt ↑ ↓ moves, Ctrl D copies, + adds, B branches, Delete removes</span><Button size="compact-xs" variant="default" disabled={locked} onClick={props.add}>New flow</Button><Button size="compact-xs" variant="default" disabled={locked || !flow} onClick={() => flow && edit(withFlows(doc, [...flows, { ...flow, id: freshId(doc, flow.id) }]))}>Copy flow</Button></span>}
    >
      {!flow ? <Empty title="No flows yet">Take one from the gallery, or start from scratch.</Empty> : (
        <div className="canvas" ref={canvas} onKeyDown={onKeyDown} style={{ height: Math.max(420, Math.max(...nodes.map((n) => n.position.y)) + HEIGHT + 80) }}>
          <ReactFlow
            key={`${at}/${nodes.length}`}
            nodes={nodes}
            edges={edges}
            nodeTypes={NODES}
            edgeTypes={EDGES}
            colorMode={scheme}
            nodesDraggable={false}
            nodesConnectable={false}
            edgesFocusable={false}
            deleteKeyCode={null}
            zoomOnScroll={false}
            preventScrolling={false}
            fitView
            fitViewOptions={{ maxZoom: 1, padding: "32px" }}
            minZoom={0.3}
            onNodeClick={(_, node) => open(node as BoxNode)}
            ariaLabelConfig={{ "node.a11yDescription.default": "Enter opens the step, Alt with an arrow moves it, Control D copies it, plus adds one after it, B branches, Delete takes it out" }}
          >
            <Controls showInteractive={false} />
          </ReactFlow>
        </div>
      )}
    </Panel>
  );
}

const SYMBOL: Record<Box["kind"], string> = { when: "▸", if: "?", look: "⌕", hold: "=", give: "+", never: "−", tell: "✉", fails: "✕" };

function BoxView({ data }: NodeProps<BoxNode>) {
  return (
    <div className="box" data-kind={data.kind} data-chosen={data.chosen || undefined}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className="boxtitle"><span aria-hidden>{SYMBOL[data.kind]}</span>{data.title}</div>
      <div className="boxtext">{data.text}</div>
      <Handle type="target" id="from" position={Position.Left} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
      <Handle type="source" id="fails" position={Position.Right} isConnectable={false} />
    </div>
  );
}

type Insert = (kind: "if" | "then", place: number, part: Part) => void;
type PlusEdge = Edge<{ label?: string; fails?: boolean; insert?: Insert; kind?: "if" | "then"; place?: number }, "plus">;

function PlusView(props: EdgeProps<PlusEdge>) {
  const [path, x, y] = getSmoothStepPath(props);
  const { label, fails, insert, kind, place } = props.data ?? {};
  return (
    <>
      <BaseEdge path={path} style={fails ? { strokeDasharray: "4 4" } : undefined} />
      {(label || (insert && kind)) && (
        <EdgeLabelRenderer>
          <div className="edgelabel nodrag nopan" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
            {label && <span>{label}</span>}
            {insert && kind === "if" && <button type="button" className="plus" aria-label="Add a condition here" title="Add a condition here" onClick={() => insert("if", place ?? 0, { attribute: "", is: "" })}>+</button>}
            {insert && kind === "then" && (
              <Menu position="bottom" withinPortal>
                <Menu.Target><button type="button" className="plus" aria-label="Add an outcome here" title="Add an outcome here">+</button></Menu.Target>
                <Menu.Dropdown>{OUTCOME_KINDS.map((o) => <Menu.Item key={o.value} onClick={() => insert("then", place ?? 0, o.start)}>{o.label}</Menu.Item>)}</Menu.Dropdown>
              </Menu>
            )}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

const NODES = { box: BoxView };
const EDGES = { plus: PlusView };

function layOut(doc: Document, at: number, chosen: Step | undefined, insert: Insert | undefined): { nodes: BoxNode[]; edges: PlusEdge[] } {
  const flow = flowsOf(doc)[at]!;
  const nodes: BoxNode[] = [];
  const edges: PlusEdge[] = [];
  const same = (step: Step | undefined) => step !== undefined && JSON.stringify(step) === JSON.stringify(chosen);
  const box = (id: string, kind: Box["kind"], title: string, text: string, step?: Step, way: Pick<Box, "goto" | "branch"> = {}) => {
    const focusable = step !== undefined || way.goto !== undefined || way.branch !== undefined;
    nodes.push({ id, type: "box", position: { x: 0, y: 0 }, width: WIDTH, height: HEIGHT, focusable, ariaLabel: `${title}: ${text}`, data: { kind, title, text, step, chosen: same(step), ...way } });
    return id;
  };
  const edge = (source: string, target: string, data: PlusEdge["data"] = {}) => void edges.push({ id: `${source}>${target}`, type: "plus", source, target, data, ...(data?.fails ? { sourceHandle: "fails", targetHandle: "from" } : {}) });
  const fails = (of: string, text: string, title = "If not", step?: Step, way?: Pick<Box, "goto" | "branch">) => edge(of, box(`${of}!`, "fails", title, text, step, way), { fails: true });
  const conditions = parts(flow.if);
  let last = box("when", "when", "Whenever somebody is looked at", "event, date, sweep, or a person asks", { kind: "flow" });
  fails("when", "nothing of this flow, and what it gave before is taken back after its hold", "If not in scope");
  conditions.forEach((c, i) => {
    const id = box(`if${i}`, "if", i === 0 ? "If" : "and if", conditionText(c), { kind: "if", at: i });
    edge(last, id, { insert, kind: "if", place: i });
    const other = otherwiseOf(doc, at, i);
    if (other !== undefined) fails(id, `flow ${flowsOf(doc)[other]!.id} decides`, "Otherwise", undefined, { goto: other });
    else fails(id, insert ? "nothing is given; open to branch into a flow of its own" : "nothing is given; Explain shows this condition", "If not", undefined, insert ? { branch: i } : {});
    last = id;
  });
  let next: PlusEdge["data"] = { insert, kind: "if", place: conditions.length };
  if (typeof flow.look_up === "string") {
    const id = box("look", "look", "Look up", `the first row of ${flow.look_up} that fits`, { kind: "flow" });
    edge(last, id, next);
    fails(id, "nothing is given, and the person is listed", "If no row fits");
    last = id;
    next = {};
  }
  const first = firstText(flow.but_first);
  if (first) {
    const id = box("hold", "hold", "But first", first, { kind: "flow" });
    edge(last, id, next);
    fails(id, "nothing changes; it can be asked anew", "If declined or expired");
    last = id;
    next = {};
  }
  const gives = parts(flow.then);
  const nevers = parts(flow.never);
  const tell = box("tell", "tell", "Read back, journal, tell", "done when a read says so");
  gives.forEach((o, i) => {
    const id = box(`then${i}`, "give", "Give", outcomeText(o, flow.look_up), { kind: "then", at: i });
    edge(last, id, i === 0 && conditions.length === 0 ? next : { ...(i === 0 ? next : {}) });
    const otherwise = parts(o.otherwise)[0];
    fails(id, otherwise ? `${String(otherwise.field)} says “${String(otherwise.text)}”` : "retried with pauses; then a dead letter with the fix", otherwise ? "If no place is free" : "If it fails", { kind: "then", at: i });
    edge(id, tell, { insert, kind: "then", place: i + 1 });
  });
  nevers.forEach((o, i) => {
    const id = box(`never${i}`, "never", "Never give", outcomeText(o), { kind: "never", at: i });
    fails(id, "nothing can fail: what another flow gives of it is not given", "Whatever happens");
    edge(last, id, {});
    edge(id, tell, {});
  });
  fails(tell, "a read that does not show it is a failure of its own: planned again, then a finding", "If it is not seen");
  if (gives.length + nevers.length === 0) edge(last, tell, { insert, kind: "then", place: 0, label: "nothing is given yet" });
  // A spine from top to bottom; what happens otherwise stands to the right of its step; outcomes side by side.
  const place = new Map<string, [number, number]>();
  const last_ = nodes.filter((n) => n.data.kind === "give" || n.data.kind === "never");
  const column = 2 * WIDTH + 2 * GAP;
  const left = -((Math.max(1, last_.length) - 1) * column) / 2;
  let row = 0;
  for (const node of nodes) if (["when", "if", "look", "hold"].includes(node.data.kind)) place.set(node.id, [0, row++]);
  last_.forEach((node, i) => place.set(node.id, [left + i * column, row]));
  place.set(tell, [0, row + (last_.length > 0 ? 1 : 0)]);
  for (const node of nodes) {
    const [x, y] = place.get(node.id.replace(/!$/, "")) ?? [0, 0];
    node.position = { x: node.data.kind === "fails" ? x + WIDTH + GAP : x, y: y * (HEIGHT + 52) };
  }
  return { nodes, edges };
}
