// Colour never alone: each tone carries a symbol and a word.
import type { PlanSummary, Symbol } from "../api";
import { glyph, initials, MARK, SYMBOLS, tone, words, type Tone } from "../words";

export function Tag({ code, label, as }: { code?: string | null; label?: string; as?: Tone }) {
  const fill = as ?? tone(code);
  return (
    <span className="tag" data-fill={fill}>
      <span aria-hidden>{as ? MARK[as] : glyph(code)}</span>
      {label ?? words(code)}
    </span>
  );
}

/** The symbol of a code such as a severity. */
export function CodeMark({ code }: { code?: string | null }) {
  return (
    <span className="mark" data-fill={tone(code)} role="img" aria-label={words(code)}>
      {glyph(code)}
    </span>
  );
}

export function Mark({ as, label }: { as: Tone; label?: string }) {
  return (
    <span className="mark" data-fill={as} role="img" aria-label={label ?? words(as)}>
      {MARK[as]}
    </span>
  );
}

export function StepMark({ symbol }: { symbol: Symbol }) {
  const { word, tone } = SYMBOLS[symbol] ?? { word: "step", tone: "off" as const };
  return (
    <span className="mark" data-fill={tone} role="img" aria-label={word} title={word}>
      {symbol === "-" ? "−" : symbol}
    </span>
  );
}

const COUNTED: [keyof PlanSummary, Symbol][] = [["add", "+"], ["change", "~"], ["remove", "-"], ["move", ">"], ["held", "="]];

/** `+3 add  ~1 change …`: the zeros are there too, but quiet; "no data" and "zero" never look alike. */
export function Summary({ summary, short }: { summary: PlanSummary; short?: boolean }) {
  return (
    <span className="summary">
      {COUNTED.filter(([key]) => !short || summary[key] > 0).map(([key, symbol]) => (
        <span key={key} className="tag" data-fill={SYMBOLS[symbol].tone} data-zero={summary[key] === 0 || undefined}>
          <span aria-hidden>{symbol === "-" ? "−" : symbol}</span>
          {summary[key]} {key}
        </span>
      ))}
      {short && COUNTED.every(([key]) => summary[key] === 0) && <span className="dim small">nothing to change</span>}
    </span>
  );
}

export function Avatar({ name, big }: { name: string; big?: boolean }) {
  return (
    <span className={big ? "avatar big" : "avatar"} aria-hidden>
      {initials(name)}
    </span>
  );
}
