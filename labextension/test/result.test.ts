import { describe, expect, it, vi } from 'vitest';
import { result, type ResultHost } from '../src/desk/result';
import type { JSONObject } from '../src/view/payload';

const FOUND: JSONObject = {
  sentence: 'Version 2 is preferred',
  facts: '9 pairs',
  decided: 6,
  pairs: 9
};

function draw(
  state: JSONObject,
  found: JSONObject = FOUND
): { host: ResultHost; root: HTMLElement } {
  const host: ResultHost = {
    live: true,
    code: vi.fn(),
    goOn: null,
    differ: null,
    more: vi.fn(),
    undo: vi.fn(),
    exportRows: vi.fn(),
    fillIn: vi.fn()
  };
  return { host, root: result(found, state, host) };
}

describe('a result', () => {
  it('exports at once, or by a cell where licence and purpose are open', () => {
    const stated = draw({ unstated: [] });
    const open = draw({ unstated: ['license', 'purpose'] });
    const [first, other] = [stated, open].map(of => of.root.querySelector('button')!);
    expect(first?.textContent).toBe('Export 6 preference rows');
    first?.click();
    expect(stated.host.exportRows).toHaveBeenCalledOnce();
    expect(other?.textContent).toBe('Export 6 preference rows…');
    other?.click();
    expect(open.host.exportRows).not.toHaveBeenCalled();
    expect(open.host.fillIn).toHaveBeenCalledWith(['license', 'purpose']);
  });

  it('offers the rows that are left, and says which pairs are none', () => {
    const sum = '5 preference rows = 9 pairs − 3 ties − 1 with a dropped row; columns: prompt';
    const { root } = draw({ unstated: [] }, { ...FOUND, rows: 5, gone: 1, sum });
    expect(root.querySelector('button')?.textContent).toBe('Export 5 preference rows');
    expect(root.textContent).toContain(`${sum}.`);
  });

  it('says that few pairs show no agreement', () => {
    const few = 'too few pairs (3)';
    const cohen = [{ a: 'ann', b: 'ben', value: 1, pairs: 3, same: 3, low: null, few }];
    const people = { raters: ['ann', 'ben'], cohen, fleiss: 1, fleiss_pairs: 3 };
    const agreement = { ...people, fleiss_few: few, krippendorff: 1, krippendorff_few: few };
    const { root } = draw({}, { ...FOUND, agreement });
    const notes = [...root.querySelectorAll('.sn-kt .sn-dim')].map(td => td.textContent);
    expect(notes).toEqual([`${few}; same verdict on 3 of 3`, few, few]);
  });

  it('says what it takes where nothing is clear', () => {
    const ahead = 'About 59 decided pairs tell; 9 more pairs can be judged.';
    const systems = ['one', 'two'].map(name => ({ name, strength: 0, low: -1, high: 1 }));
    const differences = [{ better: 'two', other: 'one', value: 0, verdict: 'no evidence' }];
    const { root } = draw({}, { ...FOUND, systems, differences, more: 9, ahead });
    expect(root.querySelector('.sn-find')?.textContent).toContain(
      `no evidence. ${ahead} Rank 9 more`
    );
  });

  it('counts pairs that were skipped apart', () => {
    const { root } = draw({
      title: 'a',
      column: 'text',
      done: 7,
      total: 11,
      tally: { skip: 1 }
    });
    expect(root.textContent).toContain('6 of 11 pairs judged and 1 skipped so far');
  });
});
