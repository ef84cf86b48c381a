/** Which pairs are shown: one filter at a time, each a door from a count to its rows. */

import { count, plural } from '../format';
import type { DiffPayload, Overlay, OverlayBar, Row } from './payload';

export type Filter =
  | { kind: 'all' }
  | { kind: 'differs' }
  | { kind: 'outcome'; outcome: string }
  | { kind: 'bin'; chart: Overlay; bar: OverlayBar };

/** A part of the view: made once, repainted when the filter changes. */
export interface Part {
  node: HTMLElement;
  paint(filter: Filter): void;
}

export function start(diff: DiffPayload): Filter {
  return diff.rows.some(row => row.differs) ? { kind: 'differs' } : { kind: 'all' };
}

/** Whether the new answer lies in a bin; the last one includes its upper end. */
export function hasBin(row: Row, chart: Overlay, bar: OverlayBar): boolean {
  const value = row.values.get(chart.id)?.[1] ?? null;
  if (value === null || bar.lo === null || bar.hi === null) {
    return false;
  }
  const last = chart.bars[chart.bars.length - 1] === bar;
  return value >= bar.lo - 1e-9 && (value < bar.hi - 1e-9 || (last && value <= bar.hi + 1e-9));
}

export function matching(diff: DiffPayload, filter: Filter): Row[] {
  switch (filter.kind) {
    case 'all':
      return diff.rows;
    case 'differs':
      return diff.rows.filter(row => row.differs);
    case 'outcome':
      return diff.rows.filter(row =>
        [row.old, row.new].some(side => side?.outcome === filter.outcome)
      );
    case 'bin':
      return diff.rows.filter(row => hasBin(row, filter.chart, filter.bar));
  }
}

/** The filter in words, for its chip. */
export function describe(diff: DiffPayload, filter: Filter): string {
  const saved = matching(diff, filter).length;
  const noun = diff.paired ? 'pair' : 'row';
  switch (filter.kind) {
    case 'all':
      return '';
    case 'differs':
      return `${plural(diff.differing || saved, noun)} where the outcome differs`;
    case 'outcome':
      return `${plural(saved, noun)} with ${filter.outcome} on a side`;
    case 'bin': {
      const { chart, bar } = filter;
      const range = `${count(bar.lo ?? 0, 3)}–${count(bar.hi ?? 0, 3)}`;
      return `${plural(saved, noun)}: ${chart.title.toLowerCase()} ${range} in ${diff.new.label}`;
    }
  }
}
