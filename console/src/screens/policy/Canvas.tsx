// One flow as a canvas. Steps are added between others, never wired by hand, so a graph that means nothing cannot be drawn;
// everything that a mouse can do, keys can do on the focused box.
import { Button, Menu, Select, useComputedColorScheme } from "@mantine/core";
import { BaseEdge, Controls, EdgeLabelRenderer, getSmoothStepPath, Handle, Position, ReactFlow, type Edge, type EdgeProps, type FitViewOptions, type Node, type NodeProps, type ReactFlowInstance } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useElementSize } from "@mantine/hooks";
import { Fragment, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { Panel } from "../../ui/panel";
import { Empty } from "../../ui/states";
import type { Selected } from "./FlowPanel";
import { drawn, extent, HEIGHT, WIDTH, type Box, type BoxKind } from "./graph";
import { useAround } from "./around";
import { isPart } from "./json";
import { branched, flowsOf, freshId, withFlow, withFlows, type Document } from "./model";
import { same, stepped, type Change, type Choice, type Step } from "./steps";

type BoxNode = Node<{ box: Box; chosen: boolean }, "box">;

interface Props {
  doc: Document;
  selected?: Selected;
  select: (to: Selected | undefined) => void;
  edit: (to: Document) => void;
  locked: boolean;
  add: () => void;
}

/** Ids that boxes of the same step share wherever it goes. */
const BOX_OF: Partial<Record<Step["kind"], string>> = { look_up: "look", hold: "hold", approval: "ask", tell: "tell" };
const boxOf = (step: Step | undefined) => (step === undefined || step.kind === "flow" ? "when" : "at" in step ? `${step.kind}${step.at}` : step.kind === "fails" ? (step.of === undefined ? "when" : `then${step.of}!`) : BOX_OF[step.kind]!);

export default function Canvas(props: Props) {
  const { doc, selected, select, edit, locked } = props;
  const scheme = useComputedColorScheme("light");
  const { rules } = useAround();
  const flows = flowsOf(doc);
  const at = Math.min(selected?.flow ?? 0, flows.length - 1);
  const flow = flows[at];
  const step = selected?.flow === at ? selected.step : undefined;
  const canvas = useRef<HTMLDivElement>(null);
  const pane = useElementSize();
  /** The box that the keyboard stays on while steps change places. */
  const [follow, setFollow] = useState<string>();
  /** The way on whose choices are open. */
  const [adding, setAdding] = useState<string>();
  const insert = (choice: Choice) => {
    const next = choice.add(flow!);
    setAdding(undefined);
    edit(withFlow(doc, at, next.flow));
    select({ flow: at, step: next.step });
  };
  const graph = useMemo(() => (flow ? drawn(doc, at, isPart(rules.notify) ? Object.keys(rules.notify) : []) : { boxes: [], links: [] }), [doc, at, flow, rules.notify]);
  const nodes = useMemo(() => graph.boxes.map((box): BoxNode => ({ id: box.id, type: "box", position: { x: box.x, y: box.y }, width: WIDTH, height: HEIGHT, focusable: box.step !== undefined || box.goto !== undefined || (box.branch !== undefined && !locked), ariaLabel: `${box.title}: ${box.text}`, data: { box, chosen: same(box.step, step) && box.kind !== "instead" } })), [graph, step, locked]);
  const edges = graph.links.map((link): PlusEdge => ({ id: `${link.from}>${link.to}`, type: "plus", source: link.from, target: link.to, data: { label: link.label, fails: link.fails, choices: locked ? [] : link.choices, insert, open: adding === `${link.from}>${link.to}`, setOpen: (open) => setAdding(open ? `${link.from}>${link.to}` : undefined) }, ...(link.fails ? { sourceHandle: "fails", targetHandle: "from" } : {}) }));
  const size = extent(graph.boxes);
  // As high as the drawing is at the width that there is: no empty space, and the page scrolls.
  const scale = pane.width === 0 ? 1 : Math.min(1, Math.max(MIN_ZOOM, (pane.width - 2 * MARGIN) / size.width));
  useEffect(() => {
    if (follow === undefined) return;
    canvas.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${follow}"]`)?.focus();
    setFollow(undefined);
  }, [follow, nodes]);

  // More or fewer steps, another width: all of them stay in view, and the keyboard stays where it is.
  const view = useRef<ReactFlowInstance<BoxNode, PlusEdge>>(undefined);
  const frame = { x: Math.max(MARGIN, (pane.width - size.width * scale) / 2), y: MARGIN, zoom: scale };
  useEffect(() => void view.current?.setViewport(frame), [at, size.width, size.height, pane.width]);

  const branch = (condition: number) => {
    if (locked) return;
    const next = branched(doc, at, condition);
    edit(next.doc);
    select({ flow: next.flow, step: { kind: "flow" } });
  };
  const open = (box: Box) => {
    if (box.goto !== undefined) select({ flow: box.goto, step: { kind: "flow" } });
    else if (box.branch !== undefined) branch(box.branch);
    else if (box.step) select({ flow: at, step: box.step });
  };
  const change = (of: Step, what: Change) => {
    const next = stepped(doc, at, of, what);
    if (next.doc === doc) return;
    edit(next.doc);
    select({ flow: at, step: next.step ?? { kind: "flow" } });
    setFollow(boxOf(next.step));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const box = target.classList.contains("react-flow__node") ? graph.boxes.find((b) => b.id === target.dataset.id) : undefined;
    if (!box) return;
    const command = event.ctrlKey || event.metaKey;
    const what: Change | undefined = event.key === "Delete" || event.key === "Backspace" ? "delete" : command && event.key.toLowerCase() === "d" ? "copy" : event.altKey && event.key === "ArrowUp" ? "up" : event.altKey && event.key === "ArrowDown" ? "down" : undefined;
    const taken = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (event.key === "Enter" || event.key === " ") {
      taken();
      open(box);
    } else if (locked || !flow) return;
    else if (what && box.step) {
      taken();
      change(box.step, what);
    } else if (command || event.altKey) return;
    else if (event.key === "+") {
      taken();
      roomBelow(document.activeElement);
      const ways = graph.links.filter((link) => link.from === box.id && link.choices.length > 0);
      if (ways[0]?.choices.length === 1) insert(ways[0].choices[0]!);
      else if (ways[0]) setAdding(`${ways[0].from}>${ways[0].to}`);
    } else if (event.key.toLowerCase() === "b" && box.step?.kind === "if") {
      taken();
      branch(box.step.at);
    }
  };
  return (
    <Panel
      title={<span className="row"><span className="hidden-text">Flow</span><Select size="xs" aria-label="Flow" w={280} data={flows.map((f, i) => ({ value: String(i), label: `${i + 1}. ${f.id}` }))} value={flow ? String(at) : null} allowDeselect={false} onChange={(v) => v !== null && select({ flow: Number(v), step: { kind: "flow" } })} /></span>}
      end={<span className="row"><Button size="compact-xs" variant="default" disabled={locked} onClick={props.add}>New flow</Button><Button size="compact-xs" variant="default" disabled={locked || !flow} onClick={() => flow && edit(withFlows(doc, [...flows, { ...flow, id: freshId(doc, flow.id) }]))}>Copy flow</Button></span>}
    >
      {!flow ? <Empty title="No flows yet">Take one from the gallery, or start from scratch.</Empty> : (
        <div ref={pane.ref}><div className="canvas" ref={canvas} onKeyDown={onKeyDown} style={{ height: size.height * scale + 2 * MARGIN }}>
          <ReactFlow
            key={at}
            onInit={(made) => {
              view.current = made;
              void made.setViewport(frame);
            }}
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
            fitViewOptions={FIT}
            minZoom={MIN_ZOOM}
            onNodeClick={(_, node) => open((node as BoxNode).data.box)}
            ariaLabelConfig={{ "node.a11yDescription.default": "Enter opens the step, plus adds one below it, Alt with an arrow moves it, Control D copies it, B branches, Delete takes it out" }}
          >
            <Controls showInteractive={false} position="top-right" />
          </ReactFlow>
        </div></div>
      )}
      {flow && <p className="keys dim small row wrap" style={{ gap: "4px 0" }}>{KEYS.map(([key, does]) => <span key={key}><kbd>{key}</kbd>{does}</span>)}</p>}
    </Panel>
  );
}

/** What is added hangs below its box: there must be room for the list of what fits. Only the page scrolls, never the canvas in its frame. */
function roomBelow(box: Element | null) {
  const missing = (box?.getBoundingClientRect().bottom ?? 0) + MENU - window.innerHeight;
  if (missing > 0) window.scrollBy(0, missing);
}

const MENU = 320;
const KEYS = [["Tab", "next step"], ["Enter", "open"], ["+", "add below"], ["Alt ↑ ↓", "move"], ["Ctrl D", "copy"], ["B", "branch"], ["Delete", "take out"]];
const SYMBOL: Record<BoxKind, string> = { when: "▸", if: "?", look: "⌕", hold: "=", ask: "☺", give: "+", never: "−", tell: "✉", fails: "✕", instead: "↷" };

function BoxView({ data: { box, chosen } }: NodeProps<BoxNode>) {
  return (
    <div className="box" data-kind={box.kind} data-quiet={box.quiet || undefined} data-chosen={chosen || undefined} title={box.text.length > 64 ? box.text : undefined}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className="boxtitle"><span aria-hidden>{SYMBOL[box.kind]}</span>{box.title}</div>
      <div className="boxtext">{box.text}</div>
      <Handle type="target" id="from" position={Position.Left} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
      <Handle type="source" id="fails" position={Position.Right} isConnectable={false} />
    </div>
  );
}

type PlusEdge = Edge<{ label?: string; fails?: boolean; choices: Choice[]; insert: (choice: Choice) => void; open: boolean; setOpen: (open: boolean) => void }, "plus">;

function PlusView(props: EdgeProps<PlusEdge>) {
  const [path, x, y] = getSmoothStepPath(props);
  const data = props.data!;
  return (
    <>
      <BaseEdge path={path} style={data.fails ? { strokeDasharray: "4 4" } : undefined} />
      {(data.label || data.choices.length > 0) && (
        <EdgeLabelRenderer>
          <div className="edgelabel nodrag nopan" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
            {data.label && <span>{data.label}</span>}
            {data.choices.length > 0 && <Plus {...data} />}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

function Plus({ choices, insert, open, setOpen }: PlusEdge["data"] & object) {
  if (choices.length === 1) return <button type="button" className="plus" aria-label={`${choices[0]!.label.replace("A ", "Add a ")} here`} title={`${choices[0]!.label.replace("A ", "Add a ")} here`} onClick={() => insert(choices[0]!)}>+</button>;
  const groups = ["Step", "Give", "Never give"] as const;
  return (
    <Menu position="bottom" withinPortal hideDetached={false} opened={open} onChange={setOpen} returnFocus>
      <Menu.Target><button type="button" className="plus" aria-label="Add a step here" title="Add a step here">+</button></Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
        {groups.map((group) => {
          const own = choices.filter((c) => c.group === group);
          return own.length > 0 && <Fragment key={group}><Menu.Label>{group === "Step" ? "Add a step" : group}</Menu.Label>{own.map((c) => <Menu.Item key={c.label} aria-label={group === "Never give" ? `Never give: ${c.label}` : undefined} onClick={() => insert(c)}>{c.label}</Menu.Item>)}</Fragment>;
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

const MIN_ZOOM = 0.5;
const MARGIN = 32;
const FIT: FitViewOptions<BoxNode> = { maxZoom: 1, padding: `${MARGIN - 2}px` };
const NODES = { box: BoxView };
const EDGES = { plus: PlusView };
