import { useEffect, useId, type ReactNode } from "react";
import type { Tone } from "../words";

export function Panel(props: { title: ReactNode; end?: ReactNode; tone?: Tone; children: ReactNode; className?: string }) {
  const id = useId();
  return (
    <section className={`panel ${props.className ?? ""}`} data-tone={props.tone} aria-labelledby={id}>
      <header>
        <h2 id={id}>{props.title}</h2>
        {props.end !== undefined && <div className="end">{props.end}</div>}
      </header>
      {props.children}
    </section>
  );
}

/** Heading of a screen; also names the browser tab. */
export function PageHead({ title, sub, children }: { title: string; sub?: ReactNode; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Lanyard`;
  }, [title]);
  return (
    <div className="pagehead">
      <h1>{title}</h1>
      {sub !== undefined && <div className="sub">{sub}</div>}
      <div className="grow" />
      {children}
    </div>
  );
}

export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value ?? "–"}</dd>
        </div>
      ))}
    </dl>
  );
}
