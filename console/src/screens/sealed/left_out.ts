// What somebody leaves out of a sealed what-if: people altogether, or single changes of theirs. Values only.

/** Somebody affected, as a what-if and a kept seal both tell of them. */
export interface Affected {
  identity: { tenant: string; user: string };
  person: string;
  site: string;
  gains: string[];
  loses: string[];
  moves: string[];
  changes: string[];
  waits: string[];
  no_longer: string[];
  /** Names of the changes that each text tells of: what can be left out. */
  lines: Record<string, string[]>;
}

/** By person and site; nobody is in it of whom nothing is left out. */
export type LeftOut = ReadonlyMap<string, { of: Affected; texts: ReadonlySet<string> }>;

export const keyOf = (p: Pick<Affected, "identity" | "site">) => `${p.identity.tenant}/${p.identity.user}/${p.site}`;
export const textsOf = (p: Affected) => Object.keys(p.lines);
export const leftOutOf = (out: LeftOut, p: Affected): ReadonlySet<string> => out.get(keyOf(p))?.texts ?? new Set();
export const isOut = (out: LeftOut, p: Affected) => textsOf(p).length > 0 && textsOf(p).every((text) => leftOutOf(out, p).has(text));

/** Takes people in again (`on`) or leaves them out, altogether or one change of theirs. */
export function leave(out: LeftOut, people: Affected[], on: boolean, text?: string): LeftOut {
  const next = new Map(out);
  for (const p of people) {
    const texts = new Set(leftOutOf(out, p));
    for (const one of text === undefined ? textsOf(p) : [text]) {
      if (on) texts.delete(one);
      else texts.add(one);
    }
    if (texts.size > 0) next.set(keyOf(p), { of: p, texts });
    else next.delete(keyOf(p));
  }
  return next;
}

const namesOf = (p: Affected, texts: Iterable<string>) => [...texts].flatMap((text) => p.lines[text] ?? []);

/** What is out: people altogether, changes, and people who then lose nothing of it any more. */
export function countOut(out: LeftOut) {
  const all = [...out.values()];
  return {
    people: all.filter(({ of }) => isOut(out, of)).length,
    changes: all.reduce((n, { texts }) => n + texts.size, 0),
    names: all.reduce((n, { of, texts }) => n + new Set(namesOf(of, texts)).size, 0),
    spared: all.filter(({ of, texts }) => {
      const losses = of.loses.filter((text) => text in of.lines);
      return losses.length > 0 && losses.every((text) => texts.has(text));
    }).length,
  };
}

/** As the API wants it: whole people without names, others with the names of their changes. */
export function asLeaveOut(out: LeftOut): { tenant: string; id: string; site: string; lines?: string[] }[] {
  const sorted = [...out].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  return sorted.map(({ of, texts }) => {
    const who = { tenant: of.identity.tenant, id: of.identity.user, site: of.site };
    return isOut(out, of) ? who : { ...who, lines: namesOf(of, texts) };
  });
}
