import { afterEach, describe, expect, it, vi } from 'vitest';
import { mountHistory } from '../src/view/history';

const HOSTILE =
  '<img src=x onerror="globalThis.hit = 1"><script>globalThis.hit = 1</script>\u202e';

/** Three versions, as the kernel writes them. */
function sample(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const version = (number: number, accepted: number | null): Record<string, unknown> => ({
    number,
    hash: 'ae9d984f',
    made: '2026-11-28 13:53',
    status: number === 2 ? 'stopped' : 'done',
    rows: 24,
    candidates: 31,
    decisions: 0,
    values: [accepted, 171.4],
    changed: number > 1 ? 'text.prompt: −two +three' : ''
  });
  return {
    v: 1,
    kind: 'history',
    name: 'reviews',
    total: 3,
    figures: [
      { label: 'accepted', about: 'share of candidates', digits: 2 },
      { label: 'length', about: 'median characters', digits: 0 }
    ],
    versions: [version(1, 0.5), version(2, null), version(3, 0.75)],
    ...changes
  };
}

function show(data: unknown = sample(), host = {}): HTMLElement {
  const element = document.body.appendChild(document.createElement('div'));
  mountHistory(element, data, host);
  return element.firstElementChild as HTMLElement;
}

function texts(root: Element, selector: string): string[] {
  return [...root.querySelectorAll(selector)].map(node => node.textContent ?? '');
}

function named(root: Element, name: string): HTMLElement {
  return root.querySelector(`[aria-label="${name}"]`) as HTMLElement;
}

function press(key: string): void {
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}

afterEach(() => document.body.replaceChildren());

describe('a history', () => {
  it('is a table, the newest version on top, a sparkline a figure', () => {
    const root = show();
    expect(texts(root, '.sn-big, .sn-facts')).toEqual(['3 versions', 'reviews']);
    const hash = ' ae9d984f';
    expect(texts(root, 'tbody th')).toEqual([`3${hash}`, `2${hash}`, `1${hash}`]);
    const cells = texts(root, 'tbody tr:nth-child(2) td');
    expect(cells).toEqual([
      '2026-11-28 13:53 ',
      'stopped 24 of 31',
      'text.prompt: −two +three',
      '–',
      '171'
    ]);
    expect(root.querySelectorAll('thead svg')).toHaveLength(2);
    expect(root.querySelector('.sn-trend')?.getAttribute('d')).toBe('M3.0 15.0h0M45.0 3.0h0'); // a gap
    expect(texts(root, '.sn-note')[0]).toContain('Accepted: share of candidates.');
  });

  it('draws a change flat that no digit shows', () => {
    const figures = [{ label: 'nearest', about: 'similarity', digits: 2 }];
    const [version] = sample().versions as object[];
    const versions = [0.046, 0.054].map(v => ({ ...version, values: [v] }));
    const root = show(sample({ figures, versions }));
    expect(root.querySelector('.sn-trend')?.getAttribute('d')).toBe('M3.0 9.0h0L45.0 9.0h0');
  });

  it('opens every version, and compares it with the one before or any other', () => {
    const insertCode = vi.fn();
    const root = show(sample(), { insertCode });
    named(root, 'Show version 2').click();
    expect(insertCode).toHaveBeenLastCalledWith('%synth show reviews@2', true, undefined);
    named(root, 'Diff of version 3 with 2').click();
    expect(insertCode).toHaveBeenLastCalledWith(
      '%synth diff reviews@2 reviews@3',
      true,
      undefined
    );
    expect(texts(root, 'td button:not([hidden])')).toEqual([
      'Show',
      'Diff with 2',
      'Show',
      'Diff with 1',
      'Show'
    ]);
    const choice = root.querySelector('select') as HTMLSelectElement;
    choice.value = '1';
    choice.dispatchEvent(new Event('change'));
    named(root, 'Diff of version 3 with 1').click();
    expect(insertCode).toHaveBeenLastCalledWith(
      '%synth diff reviews@1 reviews@3',
      true,
      undefined
    );
  });

  it('works by keyboard: one stop, arrows, Escape', () => {
    const leave = vi.fn();
    const root = show(sample(), { insertCode: vi.fn(), leave });
    const stops = (): number => root.querySelectorAll('button[tabindex="0"]').length;
    expect(stops()).toBe(1);
    named(root, 'Show version 3').focus();
    press('ArrowRight');
    expect(document.activeElement?.textContent).toBe('Diff with 2');
    press('ArrowDown');
    press('ArrowDown'); // nothing before the first: its only button
    expect(document.activeElement).toBe(named(root, 'Show version 1'));
    press('ArrowDown');
    press('Home');
    expect(document.activeElement).toBe(named(root, 'Show version 3'));
    expect(stops()).toBe(1);
    press('Escape');
    expect(leave).toHaveBeenCalledOnce();
  });

  it('offers no code for a name that needs quotes, and none without a notebook', () => {
    const bad = show(sample({ name: 'x@1\n!ls' }), { insertCode: vi.fn() });
    expect(bad.querySelectorAll('button, select')).toHaveLength(0);
    expect(show().querySelectorAll('button, select')).toHaveLength(0);
  });

  it('shows hostile text as text; draws what it can of a damaged payload', () => {
    const hostile: unknown = JSON.parse(
      JSON.stringify(sample(), (key, value: unknown) =>
        typeof value === 'string' && key !== 'kind' ? HOSTILE : value
      )
    );
    const root = show(hostile, { insertCode: vi.fn() });
    expect(root.querySelectorAll('img, script, a, style')).toHaveLength(0);
    expect(root.textContent).not.toContain('\u202e');
    expect((globalThis as { hit?: number }).hit).toBeUndefined();
    const damaged = [
      sample({ versions: [3, { values: 'x' }], figures: [null] }),
      { v: 1, kind: 'history' }
    ];
    for (const data of damaged) {
      expect(() => show(data, { insertCode: vi.fn() })).not.toThrow();
    }
    expect(show({ v: 2 }).textContent).toContain('another version');
  });

  it('compares with no version that has no rows, and opens none that was pruned', () => {
    const data = sample();
    const versions = data.versions as Record<string, unknown>[];
    Object.assign(versions[1] as object, { rows: 0, candidates: 0, status: 'interrupted' });
    const root = show(data, { insertCode: vi.fn() });
    expect(named(root, 'Diff of version 3 with 1').hidden).toBe(false);
    expect(named(root, 'Diff of version 2 with 1').hidden).toBe(true);
    expect(texts(root, 'option')).toEqual(['the version before', 'version 3', 'version 1']);

    Object.assign(versions[0] as object, { pruned: true });
    const pruned = show(data, { insertCode: vi.fn() });
    expect(named(pruned, 'Show version 1')).toBeNull();
    expect(texts(pruned, '.sn-opens').pop()).toBe('pruned');
    expect(named(pruned, 'Diff of version 3 with 3').hidden).toBe(true);
  });
});
