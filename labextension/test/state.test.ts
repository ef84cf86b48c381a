import { describe, expect, it } from 'vitest';
import LABELS from '../../tests/labels.json';
import { tableColumns } from '../src/view/columns';
import { parsePayload, type BatchRow, type JSONValue, type Payload } from '../src/view/payload';
import * as s from '../src/view/state';
import { sample } from './sample';

const payload = parsePayload(sample()) as Payload;
const [mood, length] = payload.charts as [Payload['charts'][0], Payload['charts'][0]];
const ids = (state: s.State): string[] => s.select(payload, state).rows.map(r => r.id);

describe('filters', () => {
  it('of one chart are alternatives, of two charts must both hold', () => {
    const angry = s.toggleValue(s.START, mood, 'angry');
    expect(ids(angry)).toEqual(['r0', 'r2', 'r4']);
    expect(ids(s.toggleValue(angry, mood, 'happy'))).toHaveLength(5);
    expect(ids(s.brush(angry, length, 1, 1))).toEqual(['r0', 'r4']);
    expect(ids(s.toggleValue(angry, mood, 'angry'))).toHaveLength(5);
  });

  it('brush bins in either direction; the same brush again takes it off', () => {
    const all = s.brush(s.START, length, 1, 0);
    expect(ids(all)).toHaveLength(5);
    expect(all.filters).toHaveLength(1);
    expect(s.brush(all, length, 0, 1).filters).toHaveLength(0);
  });

  it('lead from a rule to the rows that it rejected', () => {
    const state = s.toggleRule({ ...s.START, showRejected: false }, 'length');
    expect(ids(state)).toEqual(['r2']);
    expect(s.select(payload, state)).toMatchObject({
      accepted: 0,
      rejected: 1,
      filtered: true
    });
  });

  it('say in words what they do', () => {
    const state = s.brush(s.toggleValue(s.START, mood, 'angry'), length, 0, 1);
    expect(state.filters.map(s.describe)).toEqual(['mood = angry', 'text length 0–20']);
    const some = { ...length, unit: 'similarity 0–1, first 2,000 rows' };
    expect(s.brush(s.START, some, 0, 1).filters.map(s.describe)).toEqual([
      'text length 0–20 of the first 2,000 rows'
    ]);
  });

  it('are gone after clearing, with the search', () => {
    const state = s.toggleOutcome({ ...s.START, search: 'lid' }, true);
    expect(ids(state)).toEqual(['r4']);
    expect(s.isFiltered(s.cleared(state))).toBe(false);
  });
});

describe('bars', () => {
  it('hold rare labels, dates by their month and numbers by their spelling', () => {
    const bars = ['3 others', '2026-01', '1204'].map(label => ({ ...mood.bars[0]!, label }));
    const chart = { ...mood, column: 'x', bars };
    const at = (x: string | number): string | null =>
      s.barOf(chart, { ...payload.rows[0]!, values: { x } });
    expect(at('something else')).toBe('3 others');
    expect(at('2026-01-31')).toBe('2026-01');
    expect(at(1204)).toBe('1204');
    expect(at(12045)).toBe('3 others');
  });

  it.each(LABELS as [JSONValue, string][])(
    'are named as the kernel names them: %j',
    (x, bar) => {
      const chart = { ...mood, column: 'x', bars: [{ ...mood.bars[0]!, label: bar }] };
      const rows: BatchRow[] = [
        { ...payload.rows[0]!, values: { x } },
        { ...payload.rows[1]!, values: {} }
      ];
      const chosen = s.toggleValue(s.START, chart, bar);
      expect(s.select({ ...payload, rows }, chosen).rows).toEqual([rows[0]]);
    }
  );

  it('include the upper end of the last bin', () => {
    const row = (x: number): (typeof payload.rows)[0] => ({
      ...payload.rows[0]!,
      values: { x }
    });
    const chart = { ...length, id: 'x', column: 'x' };
    expect([9, 10, 20, 21].map(x => s.binOf(chart, row(x)))).toEqual([0, 1, 1, null]);
  });
});

describe('columns', () => {
  it('have the length of the text even where one of them is called length', () => {
    const named = parsePayload(
      sample({
        columns: [
          { name: 'length', kind: 'category', type: 'category', main: false },
          { name: 'text', kind: 'prompt', type: 'text', main: true }
        ]
      })
    ) as Payload;
    expect(tableColumns(named).map(c => c.title)).toEqual(['length', 'text', 'text length']);
    const plain = parsePayload(
      sample({ columns: [{ name: 'text', kind: 'prompt', type: 'text', main: true }] })
    ) as Payload;
    expect(tableColumns(plain).map(c => c.title)).toEqual(['text', 'length']);
  });
});

describe('order', () => {
  it('is the plan, either way, or a column, missing values last', () => {
    expect(ids(s.sortBy(s.START, null))[0]).toBe('r4');
    expect(ids(s.sortBy(s.START, 'text'))[0]).toBe('r2');
    expect(ids(s.sortBy(s.sortBy(s.START, 'text'), 'text'))[0]).toBe('r0');
    expect(ids(s.sortBy(s.START, 'nothing'))).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
  });
});

describe('a payload of any shape', () => {
  it('is read as far as it fits', () => {
    expect(parsePayload(null)).toBeNull();
    expect(parsePayload({ v: 2 })).toBeNull();
    const odd = parsePayload({
      v: 1,
      rows: [1, null, {}],
      charts: 'x',
      verdict: [],
      columns: {}
    });
    expect(odd?.rows).toHaveLength(1);
    expect(odd?.verdict.cost).toBeNull();
    expect(odd?.verdict.accepted).toBe(1);
  });
});
