/**
 * What a person has chosen to see: filters, search, order, open rows.
 *
 * A state is a value; every function returns a new one. Filters of different charts
 * must all hold, choices inside one chart are alternatives.
 */

import {
  characters,
  count,
  float,
  label,
  measure,
  plain,
  shorten,
  valueOf,
  visible
} from './format';
import type { Bar, BatchRow, Chart, JSONValue, Payload } from './payload';

export type Filter =
  | { kind: 'values'; key: string; chart: Chart; values: string[] }
  | { kind: 'range'; key: string; chart: Chart; first: number; last: number }
  | { kind: 'rule'; key: 'rule'; rules: string[] }
  | { kind: 'outcome'; key: 'outcome'; accepted: boolean }
  | { kind: 'region'; key: 'region'; x: Pair; y: Pair }
  | { kind: 'rows'; key: 'rows'; ids: string[]; label: string };

/** From and to. */
export type Pair = readonly [number, number];

export interface State {
  readonly filters: readonly Filter[];
  readonly search: string;
  readonly showRejected: boolean;
  readonly wrap: boolean;
  readonly sort: { readonly column: string | null; readonly descending: boolean };
  readonly open: ReadonlySet<string>;
  readonly current: string | null;
}

export const START: State = {
  filters: [],
  search: '',
  showRejected: true,
  wrap: true,
  sort: { column: null, descending: false },
  open: new Set(),
  current: null
};

/** The rows that a state lets through, in its order. */
export interface Selection {
  rows: BatchRow[];
  accepted: number;
  rejected: number;
  filtered: boolean;
}

/** Replace the filter of one chart (or rule, or row list); `null` removes it. */
export function withFilter(state: State, key: string, filter: Filter | null): State {
  const rest = state.filters.filter(f => f.key !== key);
  return { ...state, filters: filter ? [...rest, filter] : rest };
}

export function toggleValue(state: State, chart: Chart, value: string): State {
  const old = state.filters.find(f => f.key === chart.id);
  const values = old?.kind === 'values' ? old.values : [];
  const next = values.includes(value) ? values.filter(v => v !== value) : [...values, value];
  return withFilter(
    state,
    chart.id,
    next.length ? { kind: 'values', key: chart.id, chart, values: next } : null
  );
}

/** Brush the bins `from` to `to`, in either order; the same brush again removes it. */
export function brush(state: State, chart: Chart, from: number, to: number): State {
  const first = Math.min(from, to);
  const last = Math.max(from, to);
  const old = state.filters.find(f => f.key === chart.id);
  const same = old?.kind === 'range' && old.first === first && old.last === last;
  return withFilter(
    state,
    chart.id,
    same ? null : { kind: 'range', key: chart.id, chart, first, last }
  );
}

export function toggleRule(state: State, rule: string): State {
  const old = state.filters.find(f => f.kind === 'rule');
  const rules = old?.kind === 'rule' ? old.rules : [];
  const next = rules.includes(rule) ? rules.filter(r => r !== rule) : [...rules, rule];
  const cleared = withFilter(state, 'outcome', null);
  const shown = { ...cleared, showRejected: true };
  return withFilter(
    shown,
    'rule',
    next.length ? { kind: 'rule', key: 'rule', rules: next } : null
  );
}

export function toggleOutcome(state: State, accepted: boolean): State {
  const old = state.filters.find(f => f.kind === 'outcome');
  const same = old?.kind === 'outcome' && old.accepted === accepted;
  return withFilter(
    withFilter(state, 'rule', null),
    'outcome',
    same ? null : { kind: 'outcome', key: 'outcome', accepted }
  );
}

export function cleared(state: State): State {
  return { ...state, filters: [], search: '' };
}

export function isFiltered(state: State): boolean {
  return state.filters.length > 0 || state.search !== '';
}

export function sortBy(state: State, column: string | null): State {
  const descending = state.sort.column === column ? !state.sort.descending : false;
  return { ...state, sort: { column, descending } };
}

export function toggleOpen(state: State, id: string): State {
  const open = new Set(state.open);
  if (!open.delete(id)) {
    open.add(id);
  }
  return { ...state, open, current: id };
}

export function select(payload: Payload, state: State): Selection {
  const needle = state.search.trim().toLowerCase();
  const points = state.filters.some(f => f.kind === 'region') ? pointsOf(payload) : null;
  const matching = payload.rows.filter(
    row =>
      state.filters.every(f => passes(f, row, points?.get(row) ?? null)) &&
      (!needle || contains(row, needle))
  );
  const accepted = matching.filter(r => r.accepted).length;
  const shown = state.showRejected ? matching : matching.filter(r => r.accepted);
  return {
    rows: ordered(payload, shown, state),
    accepted,
    rejected: matching.length - accepted,
    filtered: isFiltered(state)
  };
}

function passes(filter: Filter, row: BatchRow, point: Pair | null): boolean {
  switch (filter.kind) {
    case 'values': {
      const bar = barOf(filter.chart, row);
      return bar !== null && filter.values.includes(bar);
    }
    case 'range': {
      const bin = binOf(filter.chart, row);
      return bin !== null && bin >= filter.first && bin <= filter.last;
    }
    case 'rule':
      return !row.accepted && filter.rules.includes(row.reasons[0]?.rule ?? 'rejected');
    case 'outcome':
      return row.accepted === filter.accepted;
    case 'rows':
      return filter.ids.includes(row.id);
    case 'region':
      return point !== null && within(point[0], filter.x) && within(point[1], filter.y);
  }
}

function within(value: number, [from, to]: Pair): boolean {
  return value >= from && value <= to;
}

/** Where the map shows each saved row. */
function pointsOf(payload: Payload): Map<BatchRow, Pair> {
  const points = new Map<BatchRow, Pair>();
  payload.map?.rows.forEach((place, i) => {
    const row = payload.rows[place];
    if (row) {
      points.set(row, [payload.map?.x[i] ?? 0, payload.map?.y[i] ?? 0]);
    }
  });
  return points;
}

function contains(row: BatchRow, needle: string): boolean {
  return (
    Object.values(row.values).some(v => plain(v).toLowerCase().includes(needle)) ||
    row.reasons.some(r => `${r.rule} ${r.message}`.toLowerCase().includes(needle))
  );
}

/** The label of the bar that holds this row; rare labels share the bar "3 others". */
export function barOf(chart: Chart, row: BatchRow): string | null {
  const value = valueOf(row.values, chart.column);
  if (value === undefined) {
    return null;
  }
  const own = label(value);
  const names = [own, ...(DATE.exec(own) ?? [])]; // a date lies under its month or year
  if (typeof value === 'number') {
    names.unshift(float(value)); // JSON does not tell whether a whole number is one
  }
  return (
    names.find(name => chart.bars.some(b => b.label === name)) ??
    chart.bars.find(b => OTHERS.test(b.label))?.label ??
    null
  );
}

const DATE = /^(\d{4})-\d\d/;
/** How a bar is called that rare labels share. */
export const OTHERS = /^\d[\d,]* others?$/;

/** The bin that holds this row; the last one includes its upper end. */
export function binOf(chart: Chart, row: BatchRow): number | null {
  const value = measure(chart, row);
  if (value === null) {
    return null;
  }
  const last = chart.bars.length - 1;
  const bin = chart.bars.findIndex(
    (b, i) =>
      b.lo !== null &&
      b.hi !== null &&
      value >= b.lo &&
      (value < b.hi || (i === last && (value <= b.hi || isOpen(b))))
  );
  return bin < 0 ? null : bin;
}

/** The place of the bar that holds this row, −1 without one. */
export function barIndex(chart: Chart, row: BatchRow): number {
  if (chart.kind === 'histogram') {
    return binOf(chart, row) ?? -1;
  }
  const own = barOf(chart, row);
  return chart.bars.findIndex(b => b.label === own);
}

function ordered(payload: Payload, rows: BatchRow[], state: State): BatchRow[] {
  const { column, descending } = state.sort;
  const sign = descending ? -1 : 1;
  const main = payload.columns.find(c => c.main)?.name;
  const value = (row: BatchRow, name: string): JSONValue => {
    const own = valueOf(row.values, name);
    if (own === undefined && name === 'chars' && main !== undefined) {
      const text = row.values[main];
      return typeof text === 'string' ? characters(text) : null;
    }
    return own ?? null;
  };
  return [...rows].sort((a, b) => {
    const order = column === null ? 0 : compare(value(a, column), value(b, column)) * sign;
    return order || (a.index - b.index) * (column === null ? sign : 1);
  });
}

/** Numbers before texts; what is missing comes last in ascending order. */
function compare(x: JSONValue, y: JSONValue): number {
  if (typeof x === 'number' && typeof y === 'number') {
    return x - y;
  }
  if (x === null || y === null) {
    return Number(x === null) - Number(y === null);
  }
  return plain(x) < plain(y) ? -1 : plain(x) > plain(y) ? 1 : 0;
}

/** What tells where a bin lies, in any chart. */
export type Bin = Pick<Bar, 'label' | 'lo' | 'hi'>;

/** A bin of one whole number. */
export function isWhole(bar: Bin): boolean {
  return bar.label === String(bar.lo);
}

/** A last bin without an upper end. */
export function isOpen(bar: Bin): boolean {
  return bar.lo !== null && bar.label.endsWith(' or more');
}

/** A filter in the words of its chip. */
export function describe(filter: Filter): string {
  switch (filter.kind) {
    case 'values':
      return `${filter.chart.title} = ${filter.values.map(v => shorten(visible(v), 24)).join(' or ')}`;
    case 'range': {
      const lo = filter.chart.bars[filter.first]?.lo ?? 0;
      const end = filter.chart.bars[filter.last];
      if (end && isOpen(end)) {
        return `${filter.chart.title.toLowerCase()} ${count(lo, 2)} or more`;
      }
      const hi = end && isWhole(end) ? (end.lo ?? 0) : (end?.hi ?? 0);
      // Where only some rows are measured, the chart's unit says of how many it speaks.
      const some = /, ((?:first )?[\d,]+ rows.*)$/.exec(filter.chart.unit);
      const range = hi === lo ? count(lo) : `${count(lo, 2)}–${count(hi, 2)}`;
      return `${filter.chart.title.toLowerCase()} ${range}${some ? ` of the ${some[1]}` : ''}`;
    }
    case 'rule':
      return `rejected by ${filter.rules.map(r => shorten(visible(r), 24)).join(' or ')}`;
    case 'outcome':
      return filter.accepted ? 'accepted' : 'rejected';
    case 'rows':
      return filter.label;
    case 'region':
      return 'region of the map';
  }
}
