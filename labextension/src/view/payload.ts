/**
 * The batch as the kernel saved it: `application/vnd.synthnb.batch.v1+json`.
 *
 * A notebook is a file that anyone may have written, so nothing here is trusted to have
 * the right shape: `parsePayload` keeps what fits and drops the rest.
 */

export const MIME_TYPE = 'application/vnd.synthnb.batch.v1+json';

export type JSONValue =
  string | number | boolean | null | JSONValue[] | { [key: string]: JSONValue };
export type JSONObject = { [key: string]: JSONValue };

export interface Verdict {
  /** What is said in place of how many were accepted, where no row was made at all. */
  head: string;
  accepted: number;
  candidates: number;
  rejected: number;
  wanted: number | null;
  tokens: number | null;
  /** Answers taken from the store or a tape. */
  cached: number;
  /** Whether anything was asked of a model; an older output does not say. */
  sent: boolean;
  cost: number | null;
  currency: string;
  /** Share of real rows, 0 to 1; `null` where there can be none. */
  realShare: number | null;
}

export interface Step {
  label: string;
  count: number;
  lost: number;
  rule: string | null;
}

export interface Bar {
  label: string;
  count: number;
  planned: number | null;
  lo: number | null;
  hi: number | null;
  rejected: number;
}

export interface Chart {
  id: string;
  title: string;
  unit: string;
  kind: 'category' | 'histogram';
  column: string;
  bars: Bar[];
  limits: number[];
  total: number;
  finding: string;
}

export type ColumnType = 'text' | 'number' | 'category' | 'json' | 'score';

export interface Column {
  name: string;
  kind: string;
  type: ColumnType;
  main: boolean;
}

export interface Reason {
  rule: string;
  value: JSONValue;
  message: string;
}

export interface BatchRow {
  id: string;
  index: number;
  accepted: boolean;
  reasons: Reason[];
  values: JSONObject;
  parents: string[];
  edited: boolean;
  /** What a person decided about the row. */
  decision: 'keep' | 'drop' | null;
  detail: JSONObject;
}

/** Where texts lie, 0 to 1000 each way; `rows` are places among the saved rows. */
export interface TextMap {
  rows: number[];
  x: number[];
  y: number[];
  clusters: number[][];
  /** What it goes by; empty for words. */
  about: string;
}

export interface Payload {
  id: string;
  name: string;
  version: number | null;
  pairedWith: number | null;
  status: { kind: string; text: string };
  elapsed: number | null;
  verdict: Verdict;
  lookFirst: { text: string; rows: string[] } | null;
  funnel: Step[];
  charts: Chart[];
  columns: Column[];
  rows: BatchRow[];
  totalRows: number;
  recipe: string;
  /** What each check asks for, in short: `40–300`. */
  limits: JSONObject;
  map: TextMap | null;
}

/** Read a payload; `null` for anything that is not version 1 of it. */
export function parsePayload(data: unknown): Payload | null {
  const raw = object(data);
  if (raw.v !== 1) {
    return null;
  }
  const rows = objects(raw.rows).map(row);
  const verdict = object(raw.verdict);
  const status = object(raw.status);
  const look = object(raw.look_first);
  const accepted = rows.filter(r => r.accepted).length;
  return {
    id: text(raw.id),
    name: text(raw.name),
    version: number(raw.version),
    pairedWith: number(raw.paired_with),
    status: { kind: text(status.kind) || 'done', text: text(status.text) },
    elapsed: number(raw.elapsed),
    verdict: {
      head: text(verdict.head),
      accepted: number(verdict.accepted) ?? accepted,
      candidates: number(verdict.candidates) ?? rows.length,
      rejected: number(verdict.rejected) ?? rows.length - accepted,
      wanted: number(verdict.wanted),
      tokens: number(verdict.tokens),
      cached: number(verdict.cached) ?? 0,
      sent: verdict.sent !== false,
      cost: number(verdict.cost),
      currency: text(verdict.currency) || 'USD',
      realShare: number(verdict.real_share)
    },
    lookFirst: text(look.text) ? { text: text(look.text), rows: texts(look.rows) } : null,
    funnel: objects(raw.funnel).map(step),
    charts: objects(raw.charts)
      .map(chart)
      .filter(c => c.bars.length > 0),
    columns: objects(raw.columns)
      .map(column)
      .filter(c => c.name !== ''),
    rows,
    totalRows: number(raw.total_rows) ?? rows.length,
    recipe: text(raw.recipe),
    limits: object(raw.limits),
    map: textMap(raw.map)
  };
}

function step(raw: JSONObject): Step {
  return {
    label: text(raw.label),
    count: number(raw.count) ?? 0,
    lost: number(raw.lost) ?? 0,
    rule: text(raw.rule) || null
  };
}

function chart(raw: JSONObject): Chart {
  const bars = objects(raw.bars).map(bar);
  return {
    id: text(raw.id),
    title: text(raw.title),
    unit: text(raw.unit),
    kind: raw.kind === 'histogram' ? 'histogram' : 'category',
    column: text(raw.column),
    bars,
    limits: numbers(raw.limits),
    total: number(raw.total) ?? bars.reduce((sum, b) => sum + b.count, 0),
    finding: text(raw.finding)
  };
}

function bar(raw: JSONObject): Bar {
  return {
    label: text(raw.label),
    count: number(raw.count) ?? 0,
    planned: number(raw.planned),
    lo: number(raw.lo),
    hi: number(raw.hi),
    rejected: number(raw.rejected) ?? 0
  };
}

const TYPES: readonly string[] = ['text', 'number', 'category', 'json', 'score'];

function column(raw: JSONObject): Column {
  const type = text(raw.type);
  return {
    name: text(raw.name),
    kind: text(raw.kind),
    type: (TYPES.includes(type) ? type : 'text') as ColumnType,
    main: raw.main === true
  };
}

/** Read a row; `position` stands in for an id that is missing. */
export function row(raw: JSONObject, position: number): BatchRow {
  return {
    id: text(raw.id) || String(position),
    index: number(raw.index) ?? position,
    accepted: raw.accepted !== false,
    reasons: objects(raw.reasons).map(r => ({
      rule: text(r.rule),
      value: r.value ?? null,
      message: text(r.message)
    })),
    values: object(raw.values),
    parents: texts(raw.parents),
    edited: raw.edited === true,
    decision: raw.decision === 'keep' || raw.decision === 'drop' ? raw.decision : null,
    detail: object(raw.detail)
  };
}

function textMap(data: unknown): TextMap | null {
  const raw = object(data);
  const places = numbers(raw.rows);
  const x = numbers(raw.x);
  const y = numbers(raw.y);
  const size = Math.min(places.length, x.length, y.length);
  if (size < 3) {
    return null;
  }
  return {
    rows: places.slice(0, size),
    x: x.slice(0, size),
    y: y.slice(0, size),
    clusters: list(raw.clusters).map(numbers),
    about: text(raw.about)
  };
}

export function numbers(value: unknown): number[] {
  return list(value)
    .map(number)
    .filter((n): n is number => n !== null);
}

export function object(value: unknown): JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JSONObject)
    : {};
}

export function list(value: unknown): JSONValue[] {
  return Array.isArray(value) ? (value as JSONValue[]) : [];
}

export function objects(value: unknown): JSONObject[] {
  return list(value)
    .filter(v => typeof v === 'object' && v !== null && !Array.isArray(v))
    .map(object);
}

export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Strings as they are, numbers spelled out; anything else is empty. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function texts(value: unknown): string[] {
  return list(value).map(text).filter(Boolean);
}
