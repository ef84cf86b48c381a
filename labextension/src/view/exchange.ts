/** A selection as views and the kernel exchange it. */

import type { Chart, JSONObject, Payload } from './payload';
import { list, number, objects, text } from './payload';
import type { Filter, Pair, State } from './state';

/** The selection as the kernel takes it. */
export function toJSON(state: State): { filters: JSONObject[]; search: string } {
  return { filters: state.filters.map(filterToJSON), search: state.search };
}

function filterToJSON(filter: Filter): JSONObject {
  switch (filter.kind) {
    case 'values':
      return { kind: 'values', chart: filter.chart.id, values: filter.values };
    case 'range': {
      const { bars, id } = filter.chart;
      const lo = bars[filter.first]?.lo ?? 0;
      return { kind: 'range', chart: id, lo, hi: bars[filter.last]?.hi ?? lo };
    }
    case 'rule':
      return { kind: 'rule', rules: filter.rules };
    case 'outcome':
      return { kind: 'outcome', accepted: filter.accepted };
    case 'rows':
      return { kind: 'rows', ids: filter.ids, label: filter.label };
    case 'region':
      return { kind: 'region', x: [...filter.x], y: [...filter.y] };
  }
}

/** The state with the selection that another view, or the kernel, made. */
export function fromJSON(payload: Payload, state: State, data: JSONObject): State {
  const filters = objects(data.filters)
    .map(raw => filterFromJSON(payload, raw))
    .filter((f): f is Filter => f !== null);
  return { ...state, filters, search: text(data.search) };
}

function filterFromJSON(payload: Payload, raw: JSONObject): Filter | null {
  const chart = payload.charts.find(c => c.id === text(raw.chart));
  const texts = (value: unknown): string[] => list(value).map(text);
  switch (text(raw.kind)) {
    case 'values':
      return chart ? { kind: 'values', key: chart.id, chart, values: texts(raw.values) } : null;
    case 'range':
      return chart
        ? range(chart, number(raw.lo) ?? -Infinity, number(raw.hi) ?? Infinity)
        : null;
    case 'rule':
      return { kind: 'rule', key: 'rule', rules: texts(raw.rules) };
    case 'outcome':
      return { kind: 'outcome', key: 'outcome', accepted: raw.accepted === true };
    case 'rows':
      return { kind: 'rows', key: 'rows', ids: texts(raw.ids), label: text(raw.label) };
    case 'region':
      return { kind: 'region', key: 'region', x: pair(raw.x), y: pair(raw.y) };
    default:
      return null;
  }
}

function pair(value: unknown): Pair {
  const [from, to] = list(value).map(n => number(n) ?? 0);
  return [from ?? 0, to ?? 0];
}

function range(chart: Chart, lo: number, hi: number): Filter {
  const first = Math.max(
    0,
    chart.bars.findIndex(b => (b.hi ?? 0) > lo)
  );
  const end = chart.bars.findIndex(b => (b.hi ?? 0) >= hi);
  const last = end < 0 ? chart.bars.length - 1 : Math.max(first, end);
  return { kind: 'range', key: chart.id, chart, first, last };
}
