import { afterEach, describe, expect, it, vi } from 'vitest';
import { mountDiff } from '../src/view/diff';
import { diffSample } from './diff-sample';

const HOSTILE =
  '<img src=x onerror="globalThis.hit = 1"><script>globalThis.hit = 1</script>\u202e';

function show(data: unknown = diffSample(), host = {}): HTMLElement {
  const element = document.body.appendChild(document.createElement('div'));
  mountDiff(element, data, host);
  return element.firstElementChild as HTMLElement;
}

function texts(root: Element, selector: string): string[] {
  return [...root.querySelectorAll(selector)].map(node => node.textContent ?? '');
}

function button(root: Element, name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll('button')].find(
    b => b.getAttribute('aria-label') === name || b.textContent === name
  );
  if (!found) {
    throw new Error(`no button ${name}`);
  }
  return found;
}

function press(key: string): void {
  const target = document.activeElement ?? document.body;
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}

afterEach(() => document.body.replaceChildren());

describe('a diff', () => {
  it('says what happened, then why, then shows the rows', () => {
    const root = show();
    expect(texts(root, '.sn-big')).toEqual(['1 worse, 1 no evidence']);
    expect(texts(root, '.sn-look')[0]).toBe('Look first: nearest other row rose.');
    expect(texts(root, 'h4').map(title => title.slice(0, 7))).toEqual([
      'Recipe1',
      'What ch',
      'Distrib',
      'Row pai'
    ]);
    expect(texts(root, '.sn-line')).toEqual([
      '  columns:',
      '−   text: A long review',
      '+   text: A short review',
      '  … seed unchanged'
    ]);
    expect(texts(root, '.sn-yaml del, .sn-yaml ins')).toEqual(['long', 'short']);
  });

  it('lines up numbers with a real minus and a word each', () => {
    const root = show();
    const cells = texts(root, '.sn-metrics tbody td').filter(Boolean);
    expect(cells.slice(0, 5)).toEqual([
      '0.170',
      '0.202',
      '+0.032',
      '+0.018 to +0.048',
      'worse'
    ]);
    expect(cells.slice(5)).toEqual(['171.9', '162.9', '−9.0', '−18.1 to 0.0', 'no evidence']);
    expect(root.querySelectorAll('.sn-metrics .sn-tip')).toHaveLength(1); // beyond the scale
  });

  it('says which changed keys shape rows', () => {
    const sample = diffSample();
    expect(texts(show(sample), '.sn-section h4 span')[0]).toBe('1 of 9 keys changed');
    const said = '1 of 9 keys changed, none of them can change rows';
    const root = show({ ...sample, recipe: { ...(sample.recipe as object), said } });
    expect(root.textContent).toContain(said);
  });

  it('says which metric was measured in too few pairs', () => {
    const sample = diffSample();
    const metric = (sample.metrics as Record<string, unknown>[])[1] as Record<string, unknown>;
    const few = { ...metric, verdict: 'too few pairs', pairs: 4, low: null, high: null };
    const root = show({ ...sample, metrics: [few] });
    expect(texts(root, 'tr.sn-v-too-few-pairs .sn-word')).toEqual(['too few pairs (4)']);
  });

  it('begins with pairs whose outcome differs; a chip leads to all', () => {
    const root = show();
    expect(texts(root, 'tr.sn-pair')).toHaveLength(1);
    expect(texts(root, '.sn-no')).toEqual(['rejected: length 14']);
    expect(texts(root, '.sn-pair :is(del, ins)')).toEqual(['lid', 'zip']);
    button(root, 'remove filter: 1 pair where the outcome differs').click();
    expect(texts(root, 'tr.sn-pair')).toHaveLength(3);
    expect(texts(root, '.sn-pair .sn-shared')).toEqual(['I like it', 'I like it']);
  });

  it('says where an answer has no text', () => {
    const sample = diffSample();
    const row = (sample.rows as Record<string, unknown>[])[0] as Record<string, unknown>;
    const rows = [{ ...row, old: { ...(row.old as object), parts: [] } }];
    expect(texts(show({ ...sample, rows }), '.sn-pair .sn-main')[0]).toContain('no text');
  });

  it('shows the beginning of a long text until its pair is opened', () => {
    const sample = diffSample();
    const row = (sample.rows as Record<string, unknown>[])[0] as Record<string, unknown>;
    const side = { ...(row.new as object), calls: [], parts: [[0, 'many words '.repeat(60)]] };
    const plain = { ...side, parts: [[0, 'few words']] };
    const rows = [
      { ...row, n: 1, old: plain, new: side },
      { ...row, n: 2, old: plain, new: plain }
    ];
    const root = show({ ...sample, rows });
    const [long, short] = [...root.querySelectorAll<HTMLElement>('tr.sn-pair')];
    expect(texts(root, '.sn-long')).toHaveLength(1);
    expect(root.querySelector('.sn-hints')?.textContent).toContain('whole texts');
    expect(short?.hasAttribute('aria-expanded')).toBe(false); // it says all that there is
    long?.click();
    expect(long?.getAttribute('aria-expanded')).toBe('true');
    expect(root.querySelector('.sn-detail')).toBeNull(); // no prompts were saved
    long?.click();
    expect(long?.getAttribute('aria-expanded')).toBe('false');
    expect(texts(root, 'tr.sn-pair')).toHaveLength(2);
  });

  it('leads from every count of a chart to its pairs', () => {
    const root = show();
    const bin = button(root, '0–10, 2 rows in version 3, 1 in version 2');
    bin.click();
    expect(bin.getAttribute('aria-pressed')).toBe('true');
    expect(texts(root, 'tr.sn-pair .sn-num')).toEqual(['2', '3']);
    button(root, 'length, 1 row in version 3, 0 in version 2').click();
    expect(texts(root, 'tr.sn-pair .sn-num')).toEqual(['1']);
    expect(bin.getAttribute('aria-pressed')).toBe('false');
  });

  it('works by keyboard: arrows, Enter, Escape', () => {
    const leave = vi.fn();
    const root = show(diffSample(), { leave });
    button(root, 'all 3').click();
    const lines = [...root.querySelectorAll<HTMLElement>('tr.sn-pair')];
    lines[0]?.focus();
    press('ArrowDown');
    press('ArrowDown');
    press('ArrowDown');
    expect(document.activeElement).toBe(lines[2]);
    press('ArrowUp');
    expect(document.activeElement).toBe(lines[1]);
    press('Enter');
    expect(texts(root, '.sn-detail h5')).toContain('Raw answer');
    expect(document.activeElement?.getAttribute('aria-expanded')).toBe('true');
    press('Enter');
    expect(root.querySelector('.sn-detail')).toBeNull();
    expect(leave).not.toHaveBeenCalled();
    press('Escape');
    expect(leave).toHaveBeenCalledOnce();
  });

  it('clears a filter before it leaves', () => {
    const leave = vi.fn();
    const root = show(diffSample(), { leave });
    root.querySelector<HTMLElement>('tr.sn-pair')?.focus();
    press('Escape');
    expect(texts(root, 'tr.sn-pair')).toHaveLength(3);
    press('Escape');
    expect(leave).toHaveBeenCalledOnce();
  });

  it('writes a whole number under its bin, else the ends of the axis', () => {
    const axes = (bars: object[]): string[] => {
      const [length] = diffSample().charts as Record<string, unknown>[];
      return texts(show({ ...diffSample(), charts: [{ ...length, bars }] }), '.sn-axis span');
    };
    const bin = (label: string, lo: number, hi: number): object => {
      return { label, old: 1, new: 2, lo, hi };
    };
    expect(axes([bin('4', 4, 5), bin('5', 5, 6)])).toEqual(['4', '5']);
    expect(axes([bin('0–10', 0, 10), bin('10–20', 10, 20)])).toEqual(['0', '10', '20']);
  });

  it('leads on: magics that run, Python for the pairs that are shown', () => {
    const insertCode = vi.fn();
    const root = show(diffSample(), { insertCode });
    expect(texts(root, '.sn-acts button')).toEqual([
      'Rank these pairs',
      'Swap sides',
      'Insert as code cell'
    ]);
    button(root, 'Rank these pairs').click();
    const rank = '%synth rank reviews@2 reviews@3';
    expect(insertCode).toHaveBeenLastCalledWith(rank, true, undefined);
    button(root, 'Swap sides').click();
    const [shown, other] = [
      '%synth diff reviews@2 reviews@3',
      '%synth diff reviews@3 reviews@2'
    ];
    expect(insertCode).toHaveBeenLastCalledWith(other, true, shown);
    const insert = button(root, 'Insert as code cell');
    const lines = (): string[] => {
      insert.click();
      return (insertCode.mock.lastCall as string[])[0]?.split('\n') ?? [];
    };
    expect(lines()).toEqual([
      'from synthnb.versions import open_version',
      '',
      'changes = open_version("reviews@3").diff(open_version("reviews@2"))',
      'chosen = [pair for pair in changes.pairs if pair.outcomes[0] != pair.outcomes[1]]',
      'changes.pairs_df(chosen)'
    ]);
    expect(insertCode.mock.lastCall).toHaveLength(1); // it is put there, not run
    button(root, 'length, 1 row in version 3, 0 in version 2').click();
    expect(lines()[3]).toContain('"length" in pair.outcomes');
    button(root, '0–10, 2 rows in version 3, 1 in version 2').click();
    expect(lines()[7]).toBe('    if value is not None and 0 <= value < 10');
    button(root, 'all 3').click();
    expect(lines()[3]).toBe('changes.pairs_df()');
  });

  it('offers no code that a notebook could have been made to hold', () => {
    const names = ['reviews@2\nimport os', '!ls@2', 'a b@1', '', 7, '../x@1', 'é@2'];
    for (const version of names) {
      const old = { label: 'version 2', short: '2', version };
      const root = show(diffSample({ old }), { insertCode: vi.fn() });
      expect(texts(root, '.sn-acts button')).toEqual([]);
    }
    const charts = [
      {
        id: 'outcome',
        title: 'Outcome',
        kind: 'category',
        bars: [{ label: '" in x or exit() or "', old: 1, new: 1 }]
      }
    ];
    const insertCode = vi.fn();
    const root = show(diffSample({ charts }), { insertCode });
    root.querySelector<HTMLElement>('.sn-over-bar')?.click();
    button(root, 'Insert as code cell').click();
    expect(insertCode.mock.lastCall?.[0]).not.toContain('exit');
    expect(texts(show(diffSample()), '.sn-acts')).toEqual([]); // without a notebook around it
  });

  it('puts each of several changes into a cell of its own, none of which runs', () => {
    const insertCode = vi.fn();
    const alone = ['temperature: 0.7\n---\nA review.', '!rm -rf /'];
    const root = show(diffSample({ alone }), { insertCode });
    button(root, 'Insert a cell for each').click();
    expect(insertCode.mock.calls).toEqual([
      ['%%synth reviews --vs 2\n!rm -rf /'], // the body of a recipe, whatever it says
      ['%%synth reviews --vs 2\ntemperature: 0.7\n---\nA review.']
    ]);
    expect(texts(show(diffSample()), '.sn-look button')).toEqual([]);
  });

  it('ranks no pairs where there are none', () => {
    const root = show(diffSample({ paired: false }), { insertCode: vi.fn() });
    expect(texts(root, '.sn-acts button')).toEqual(['Swap sides', 'Insert as code cell']);
    const same = show(diffSample({ same: true, rows: [] }), { insertCode: vi.fn() });
    expect(texts(same, '.sn-acts button')).toEqual(['Insert as code cell']);
  });

  it('keeps the keyboard when the chip that was pressed goes', () => {
    const root = show();
    const chip = button(root, 'remove filter: 1 pair where the outcome differs');
    chip.focus();
    chip.click();
    expect(document.activeElement?.textContent).toBe('1 pair where the outcome differs');
  });

  it('shows two batches by themselves where pairing is broken', () => {
    const sample = diffSample({ paired: false, differing: 0 });
    const metrics = (sample.metrics as object[]).map(m => ({ ...m, verdict: null, low: null }));
    const root = show({ ...sample, metrics });
    expect(texts(root, '.sn-metrics th[scope="col"]')).toEqual([
      'metric',
      'version 2',
      'version 3',
      'change'
    ]);
    expect(texts(root, '.sn-metrics')[0]).not.toContain('no evidence');
    expect(texts(root, '.sn-pairtable th')).toEqual(['#', 'version 2', 'version 3']);
  });

  it('shows hostile text as text, everywhere', () => {
    const hostile = JSON.parse(
      JSON.stringify(diffSample(), (key, value: unknown) =>
        typeof value === 'string' && !['op', 'kind', 'mode', 'verdict'].includes(key)
          ? HOSTILE
          : value
      )
    ) as Record<string, unknown>;
    const root = show(hostile);
    root.querySelector<HTMLElement>('tr.sn-pair')?.click();
    expect(root.querySelectorAll('img, script, a, style')).toHaveLength(0);
    expect(root.textContent).not.toContain('\u202e');
    expect((globalThis as { hit?: number }).hit).toBeUndefined();
  });

  it('draws what it can of a damaged payload, and refuses another version', () => {
    for (const damaged of [
      { v: 1, kind: 'diff' },
      diffSample({
        metrics: [null, 3, { scaled: ['x'] }],
        rows: [{}, 'x'],
        charts: [{ bars: 3 }]
      }),
      diffSample({ recipe: [], old: null, verdict: 7 })
    ]) {
      expect(() => show(damaged)).not.toThrow();
    }
    expect(texts(show({ ...diffSample(), v: 2 }), '.sn-look')[0]).toContain('another version');
    expect(texts(show(null), '.sn-look')[0]).toContain('another version');
  });
});
