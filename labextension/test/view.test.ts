import { afterEach, describe, expect, it, vi } from 'vitest';
import { mount, type Mounted } from '../src/view';
import { tableColumns } from '../src/view/columns';
import { parsePayload, type Payload } from '../src/view/payload';
import { sample } from './sample';

const HOSTILE = '<img src=x onerror="globalThis.hit = 1"><script>globalThis.hit = 1</script>';

function show(data: unknown = sample(), host = {}): HTMLElement {
  const element = document.body.appendChild(document.createElement('div'));
  shown.push(mount(element, data, host));
  return element.firstElementChild as HTMLElement;
}

const shown: Mounted[] = [];

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

function press(node: Element, key: string, init: KeyboardEventInit = {}): void {
  node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...init }));
}

afterEach(() => {
  shown.splice(0).forEach(mounted => mounted.dispose());
  document.body.replaceChildren();
});

describe('a batch', () => {
  it('says what happened, the finding, and shows every row', () => {
    const root = show();
    expect(texts(root, '.sn-big')).toEqual(['4 accepted']);
    expect(texts(root, '.sn-facts')[0]).toBe(
      'of 5 candidates · 1,204 tokens · cost unknown · version 3, paired with 2'
    );
    expect(texts(root, '.sn-look')[0]).toContain('Look first: 2 rows are short.');
    expect(texts(root, 'tr.sn-row')).toHaveLength(5);
    expect(texts(root, '.sn-no')).toEqual(['rejected: length 4']);
    expect(texts(root, '.sn-count')).toEqual(['5 rows: 4 accepted, 1 rejected']);
  });

  it('leads from every count to its rows', () => {
    const root = show();
    button(root, 'length 5–40 took 1 row, 4 left').click();
    expect(texts(root, 'tr.sn-row .sn-main')[0]).toContain('Bad.');
    button(root, 'Show the 2').click();
    expect(texts(root, 'tbody')[0]).toBe('No row matches.');
    press(root.querySelector('.sn-search')!, 'Escape');
    expect(texts(root, 'tr.sn-row')).toHaveLength(5);
  });

  it('keeps the whole batch pale behind the selection', () => {
    const root = show();
    const angry = button(root, 'angry, 2 rows, planned 2.4, 1 rejected');
    angry.click();
    expect(angry.getAttribute('aria-pressed')).toBe('true');
    expect(texts(root, '[role=status]')).toEqual(['2 of 4 accepted, 1 of 1 rejected']);
    const happy = button(root, 'happy, 2 rows, planned 1.6');
    expect(happy.querySelector<HTMLElement>('.sn-pale')?.style.width).not.toBe('0px');
    expect(happy.querySelector<HTMLElement>('.sn-fill')?.style.width).toBe('0px');
  });

  it('shows which labels and bins the rows have that a rule rejected', () => {
    const root = show();
    const strong = (node: Element): string[] =>
      [...node.querySelectorAll<HTMLElement>('.sn-lost:not(.sn-faint, [hidden])')].map(
        made => made.style.width || made.style.height
      );
    const [angry, happy] = root.querySelectorAll('.sn-bar');
    const [short, long] = root.querySelectorAll('.sn-bin');
    const all = strong(angry!);
    button(root, 'length 5–40 took 1 row, 4 left').click();
    expect(texts(root, '.sn-bar .sn-num')).toEqual(['1', '0']);
    expect(root.querySelectorAll('.sn-bar .sn-num.sn-bad')).toHaveLength(2);
    expect([angry, happy, short, long].map(node => strong(node!))).toEqual([
      all,
      [],
      ['16px'],
      []
    ]);
    expect(angry!.querySelectorAll('.sn-faint:not([hidden])')).toHaveLength(1);
    const fills = [...root.querySelectorAll<HTMLElement>('.sn-bar .sn-fill')];
    expect(fills.map(fill => fill.style.width)).toEqual(['0px', '0px']);

    button(root, 'length 5–40 took 1 row, 4 left').click();
    expect(texts(root, '.sn-bar .sn-num')).toEqual(['2', '2']);
    expect(root.querySelectorAll('.sn-faint, .sn-bar .sn-bad')).toHaveLength(0);
    (happy as HTMLElement).click(); // no rejected row is happy
    expect(texts(root, '.sn-bar .sn-num')).toEqual(['0', '2']);
    expect(strong(angry!)).toEqual([]);
  });

  it('opens a row with what was asked, answered and checked', () => {
    const root = show();
    const row = root.querySelector<HTMLElement>('tr.sn-row')!;
    row.click();
    expect(row.getAttribute('aria-expanded')).toBe('true');
    const detail = texts(root, '.sn-detail')[0];
    for (const part of [
      'Write something angry.',
      'after 2 few-shot pairs',
      'passed',
      '203 in'
    ]) {
      expect(detail).toContain(part);
    }
    row.click();
    expect(root.querySelector('.sn-detail')).toBeNull();
  });

  it('sorts by a column and says so', () => {
    const root = show();
    button(root, 'mood').click();
    const head = button(root, 'mood ▲').closest('th');
    expect(head?.getAttribute('aria-sort')).toBe('ascending');
    expect(root.querySelector('tr.sn-row td:nth-child(2)')?.textContent).toBe('angry');
  });

  it('works by keyboard and gives the keyboard back', () => {
    const leave = vi.fn();
    const root = show(sample(), { leave });
    const rows = [...root.querySelectorAll<HTMLElement>('tr.sn-row')];
    rows[0]?.focus();
    press(rows[0]!, 'ArrowDown');
    expect(document.activeElement).toBe(rows[1]);
    press(rows[1]!, 'Enter');
    expect(root.querySelector('.sn-detail')).not.toBeNull();
    press(rows[1]!, '/');
    expect(document.activeElement).toBe(root.querySelector('.sn-search'));
    const bins = [...root.querySelectorAll<HTMLElement>('.sn-bin')];
    bins[0]?.focus();
    press(bins[0]!, 'ArrowRight', { shiftKey: true });
    expect(texts(root, '.sn-chip')).toEqual(['text length 0–20×']);
    press(bins[1]!, 'Escape');
    expect(texts(root, '.sn-chip')).toEqual([]);
    expect(leave).not.toHaveBeenCalled();
    press(bins[1]!, 'Escape');
    expect(leave).toHaveBeenCalledOnce();
  });

  it('keeps its filters when the same batch is drawn again', () => {
    const element = document.body.appendChild(document.createElement('div'));
    const mounted = mount(element, sample());
    button(element, 'happy, 2 rows, planned 1.6').click();
    mounted.update(sample());
    expect(texts(element, '.sn-chip')).toEqual(['mood = happy×']);
    mounted.update(sample({ id: 'other' }));
    expect(texts(element, '.sn-chip')).toEqual([]);
    mounted.dispose();
    expect(element.childElementCount).toBe(0);
  });

  it('says when only the first rows were saved', () => {
    const root = show(sample({ total_rows: 10000 }));
    expect(texts(root, '.sn-count')[0]).toContain('first 5 of 10,000 rows saved here');
  });

  it('counts up while it runs', () => {
    const verdict = { accepted: 15, candidates: 19, rejected: 4, wanted: 24, cost: null };
    const root = show(sample({ status: { kind: 'running', text: '16 rows/s' }, verdict }));
    expect(texts(root, '.sn-facts')[0]).toContain('of 19 candidates, 24 wanted');
    expect(root.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('63');
  });

  it('says what came from the store and why it ended early', () => {
    const verdict = { accepted: 18, candidates: 20, cached: 12, cost: 0.0497, currency: 'USD' };
    const root = show(sample({ status: { kind: 'budget', text: 'budget spent' }, verdict }));
    expect(texts(root, '.sn-facts')[0]).toBe(
      'of 20 candidates · 12 stored answers · 0.0497 USD · budget spent · version 3, paired with 2'
    );
  });

  it('says that nothing was sent where every answer was stored', () => {
    const verdict = {
      accepted: 4,
      candidates: 5,
      cached: 5,
      tokens: 975,
      cost: 0,
      sent: false
    };
    expect(texts(show(sample({ verdict })), '.sn-facts')[0]).toBe(
      'of 5 candidates · 5 stored answers (975 tokens), nothing sent · version 3, paired with 2'
    );
  });

  it('says in one line that no row was made, and shows no empty charts and tables', () => {
    const verdict = { accepted: 0, candidates: 0, rejected: 0, head: 'Nothing was sent.' };
    const status = { kind: 'budget', text: 'the budget of 0.01 USD is reached' };
    const root = show(sample({ verdict, status, rows: [], total_rows: 0 }));
    expect(texts(root, '.sn-big')).toEqual(['Nothing was sent.']);
    expect(texts(root, '.sn-facts')[0]).toContain('0.01 USD is reached · version 3');
    expect(root.querySelector('table, input, .sn-panel')).toBeNull();
  });

  it('draws what was rejected, hollow, where nothing was accepted', () => {
    const bar = { label: 'angry', count: 0, planned: 2, rejected: 7, lo: null, hi: null };
    const [mood] = sample().charts as Record<string, unknown>[];
    const root = show(sample({ charts: [{ ...mood, bars: [bar], total: 0 }] }));
    expect(texts(root, '.sn-bar .sn-num')).toEqual(['7']);
    expect(root.querySelectorAll('.sn-bar .sn-lost:not([hidden])')).toHaveLength(1);
    expect(texts(root, '.sn-panel h4')[1]).toContain('rejected rows, tick = planned');
  });

  it('draws rejected rows of a bin hollow on the accepted ones', () => {
    const bins = [...show().querySelectorAll('.sn-hist .sn-bin')];
    const look = (bin: Element): string[] =>
      ['.sn-pale', '.sn-lost'].map(name => bin.querySelector<HTMLElement>(name)!.style.height);
    expect(bins.map(look)).toEqual([
      ['16px', '16px'],
      ['48px', '0px']
    ]);
    expect(bins[0]!.querySelector<HTMLElement>('.sn-lost')!.style.insetBlockEnd).toBe('16.0px');
    expect(bins[1]!.querySelector<HTMLElement>('.sn-lost')!.hidden).toBe(true);
    expect(bins[1]!.textContent).toBe('3');
    const [, length] = sample().charts as { bars: object[] }[];
    const many = { ...length, bars: [{ ...length!.bars[0], count: 2, rejected: 90 }] };
    const [bin] = show(sample({ charts: [many] })).querySelectorAll('.sn-hist .sn-bin');
    expect(look(bin!)).toEqual(['24px', '24px']);
    expect(bin!.querySelector('.sn-cut')).not.toBeNull();
  });

  it('says limits at the edge of the axis and beyond it, words never on each other', () => {
    const [, length] = sample().charts as Record<string, unknown>[];
    const lines = (...limits: number[]): string[] =>
      [...show(sample({ charts: [{ ...length, limits }] })).querySelectorAll('.sn-limit')].map(
        line => `${line.textContent} ${line.className}`
      );
    expect(lines(0, 20)).toEqual(['limit 0 sn-limit', 'limit 20 sn-limit sn-left']);
    expect(lines(-3, 220)).toEqual([
      '← limit −3 sn-limit sn-beyond',
      'limit 220 → sn-limit sn-left sn-beyond'
    ]);
    expect(lines(14, 6)).toEqual(['limit 6 sn-limit', 'limit 14 sn-limit sn-left sn-lower']);
  });

  it('draws rejected rows of a label hollow after the accepted ones, the tick in place', () => {
    const [mood] = sample().charts as Record<string, unknown>[];
    const bar = (label: string, n: number, rejected: number): object => {
      return { label, count: n, planned: 5, rejected, lo: null, hi: null };
    };
    const drawn = (...bars: object[]): (number | string)[][] =>
      [...show(sample({ charts: [{ ...mood, bars }] })).querySelectorAll('.sn-bar')].map(
        row => {
          const lost = row.querySelector<HTMLElement>('.sn-lost')!;
          const tick = row.querySelector<HTMLElement>('.sn-tick')!;
          const { insetInlineStart: start, width } = lost.style;
          const pixels = [start, width, tick.style.insetInlineStart].map(parseFloat);
          return [...pixels, lost.hidden ? 'nothing' : lost.className];
        }
      );
    expect(drawn(bar('angry', 6, 2), bar('happy', 4, 0))).toEqual([
      [69, 23, 57.5, 'sn-lost'],
      [46, 0, 57.5, 'nothing']
    ]);
    // Many rejected ones stop at twice the longest solid bar and are left open there.
    expect(drawn(bar('angry', 10, 400))).toEqual([[46, 46, 23, 'sn-lost sn-cut']]);
  });

  it('keeps a column of labels narrow, however long one of them is', () => {
    const payload = parsePayload(sample()) as Payload;
    const row = payload.rows[0]!;
    const long = { ...row, values: { ...row.values, mood: 'a label of some thirty letters' } };
    const columns = tableColumns({ ...payload, rows: [long] });
    expect(columns.find(c => c.name === 'mood')?.width).toBe(26);
  });

  it('says so when it was written by another version', () => {
    expect(show({ v: 9 }).textContent).toContain('Update synthnb');
  });
});

describe('hostile data', () => {
  it('is text in every place where it is shown', () => {
    const replaced = JSON.parse(
      JSON.stringify(sample()).replace(
        /"(angry|Loud and hot\.|length|2 rows are short\.|reviews)"/g,
        () => JSON.stringify(HOSTILE)
      ),
      (key, value) => (key === 'column' && value === HOSTILE ? 'text' : value)
    );
    const root = show({ ...replaced, recipe: HOSTILE });
    root.querySelectorAll<HTMLElement>('tr.sn-row').forEach(row => row.click());
    root.querySelectorAll<HTMLElement>('.sn-bar, .sn-step').forEach(bar => bar.click());
    expect(root.querySelector('img, script, a, iframe, style')).toBeNull();
    expect(root.textContent).toContain('<img src=x');
    expect((globalThis as Record<string, unknown>).hit).toBeUndefined();
  });
});
