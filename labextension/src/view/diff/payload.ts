/**
 * The diff as the kernel saved it: `application/vnd.synthnb.diff.v1+json`.
 *
 * A notebook is a file that anyone may have written: what does not fit is dropped.
 */

export const DIFF_MIME_TYPE = 'application/vnd.synthnb.diff.v1+json';

/** Pieces of a text; marked ones differ, or are shared. */
export type Parts = { marked: boolean; text: string }[];
export type Verdict = (typeof VERDICTS)[number];
export type Op = 'same' | 'removed' | 'added' | 'skipped';

export interface Metric {
  id: string;
  label: string;
  unit: string;
  digits: number;
  verdict: Verdict | null;
  pairs: number;
  old: number | null;
  new: number | null;
  change: number | null;
  low: number | null;
  high: number | null;
  /** Low end, mean and high end in standard deviations of the old version. */
  scaled: [number, number, number] | null;
}

export interface OverlayBar {
  label: string;
  old: number;
  new: number;
  lo: number | null;
  hi: number | null;
}

export interface Overlay {
  id: string;
  title: string;
  unit: string;
  kind: 'histogram' | 'category';
  oldTotal: number;
  newTotal: number;
  bars: OverlayBar[];
}

export interface Call {
  column: string;
  prompt: string;
  answer: string;
}

export interface Side {
  parts: Parts;
  outcome: string;
  tag: string;
  attributes: string[];
  calls: Call[];
}

export interface Row {
  n: number;
  attributes: string[];
  mode: 'differences' | 'shared';
  differs: boolean;
  old: Side | null;
  new: Side | null;
  values: Map<string, [number | null, number | null]>;
}

export interface Name {
  label: string;
  short: string;
  /** `NAME@3`; empty where the rows were not kept under a name. */
  version: string;
}

export interface DiffPayload {
  id: string;
  old: Name;
  new: Name;
  paired: boolean;
  same: boolean;
  verdict: string;
  facts: string;
  lookFirst: string;
  /** Bodies of cells that make each of several changes alone. */
  alone: string[];
  recipe: { changed: number; total: number; said: string; lines: { op: Op; parts: Parts }[] };
  subtitle: string;
  metrics: Metric[];
  note: string;
  charts: Overlay[];
  rows: Row[];
  totalRows: number;
  differing: number;
}

/** Read a payload; `null` for anything that is not version 1 of a diff. */
export function parseDiff(data: unknown): DiffPayload | null {
  const raw = object(data);
  if (raw.v !== 1 || raw.kind !== 'diff') {
    return null;
  }
  const recipe = object(raw.recipe);
  const rows = list(raw.rows).map(row);
  return {
    id: text(raw.id),
    old: name(raw.old),
    new: name(raw.new),
    paired: raw.paired === true,
    same: raw.same === true,
    verdict: text(object(raw.verdict).text),
    facts: text(raw.facts),
    lookFirst: text(raw.look_first),
    alone: list(raw.alone).slice(0, 4).map(text),
    recipe: {
      changed: number(recipe.changed) ?? 0,
      total: number(recipe.total) ?? 0,
      said: text(recipe.said),
      lines: list(recipe.lines).map(line => ({
        op: oneOf(object(line).op, OPS, 'same'),
        parts: parts(object(line).parts)
      }))
    },
    subtitle: text(raw.subtitle),
    metrics: list(raw.metrics).map(metric),
    note: text(raw.note),
    charts: list(raw.charts)
      .map(chart)
      .filter(c => c.bars.length > 0),
    rows,
    totalRows: number(raw.total_rows) ?? rows.length,
    differing: number(raw.differing) ?? 0
  };
}

const OPS = ['same', 'removed', 'added', 'skipped'] as const;
const VERDICTS = ['better', 'worse', 'changed', 'no evidence', 'too few pairs'] as const;

function name(data: unknown): Name {
  const raw = object(data);
  const label = text(raw.label);
  return { label, short: text(raw.short) || label, version: text(raw.version) };
}

function metric(data: unknown): Metric {
  const raw = object(data);
  const scaled = list(raw.scaled).map(number);
  const [low, mid, high] = scaled;
  const known = VERDICTS.find(v => v === raw.verdict);
  return {
    id: text(raw.id),
    label: text(raw.label),
    unit: text(raw.unit),
    digits: Math.min(6, Math.max(0, Math.round(number(raw.digits) ?? 3))),
    verdict: known ?? null,
    pairs: number(raw.pairs) ?? 0,
    old: number(raw.old),
    new: number(raw.new),
    change: number(raw.change),
    low: number(raw.low),
    high: number(raw.high),
    scaled: isNumber(low) && isNumber(mid) && isNumber(high) ? [low, mid, high] : null
  };
}

function chart(data: unknown): Overlay {
  const raw = object(data);
  return {
    id: text(raw.id),
    title: text(raw.title),
    unit: text(raw.unit),
    kind: raw.kind === 'histogram' ? 'histogram' : 'category',
    oldTotal: number(raw.old_total) ?? 0,
    newTotal: number(raw.new_total) ?? 0,
    bars: list(raw.bars)
      .slice(0, 60)
      .map(item => {
        const bar = object(item);
        return {
          label: text(bar.label),
          old: Math.max(0, number(bar.old) ?? 0),
          new: Math.max(0, number(bar.new) ?? 0),
          lo: number(bar.lo),
          hi: number(bar.hi)
        };
      })
  };
}

function row(data: unknown): Row {
  const raw = object(data);
  const values = Object.entries(object(raw.values)).map(
    ([key, both]): [string, [number | null, number | null]] => {
      const [a, b] = list(both);
      return [key, [number(a), number(b)]];
    }
  );
  return {
    n: number(raw.n) ?? 0,
    attributes: list(raw.attributes).map(text),
    mode: raw.mode === 'shared' ? 'shared' : 'differences',
    differs: raw.differs === true,
    old: side(raw.old),
    new: side(raw.new),
    values: new Map(values)
  };
}

function side(data: unknown): Side | null {
  const raw = object(data);
  if (!Array.isArray(raw.parts)) {
    return null;
  }
  return {
    parts: parts(raw.parts),
    outcome: text(raw.outcome),
    tag: text(raw.tag),
    attributes: list(raw.attributes).map(text),
    calls: list(raw.calls).map(item => {
      const call = object(item);
      return {
        column: text(call.column),
        prompt: text(call.prompt),
        answer: text(call.answer)
      };
    })
  };
}

function parts(data: unknown): Parts {
  return list(data).map(item => {
    const [marked, piece] = list(item);
    return { marked: marked === 1, text: text(piece) };
  });
}

function object(data: unknown): Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : {};
}

function list(data: unknown): unknown[] {
  return Array.isArray(data) ? data : [];
}

function text(data: unknown): string {
  return typeof data === 'string' ? data : '';
}

function isNumber(data: unknown): data is number {
  return typeof data === 'number' && Number.isFinite(data);
}

function number(data: unknown): number | null {
  return isNumber(data) ? data : null;
}

function oneOf<T extends string>(data: unknown, known: readonly T[], otherwise: T): T {
  return known.find(k => k === data) ?? otherwise;
}
