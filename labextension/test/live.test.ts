import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Channel, mount, type Mounted } from '../src/view';
import { fromJSON, toJSON } from '../src/view/exchange';
import { parsePayload, type JSONObject, type Payload } from '../src/view/payload';
import { brush, START, toggleRule, toggleValue, withFilter } from '../src/view/state';
import { edges, heightBefore, placeAt, Sizes, space } from '../src/view/window';
import { sample } from './sample';

const payload = parsePayload(sample()) as Payload;

/** A kernel that remembers what it was asked and answers when told to. */
class Kernel {
  readonly channel = new Channel();
  readonly asked: JSONObject[] = [];

  constructor(private rows = 10_000) {
    this.channel.connect(message => this.asked.push(message), 'opening');
  }

  hello(more: JSONObject = {}): void {
    this.channel.receive({ event: 'hello', filters: [], search: '', decided: 0, ...more });
  }

  last(op: string): JSONObject {
    return this.asked.filter(m => m.op === op).at(-1) ?? {};
  }

  answerRows(changes: JSONObject = {}): Promise<void> {
    const { id, start, end } = this.last('rows');
    const rows = [];
    for (let i = Number(start); i < Math.min(Number(end), this.rows); i += 1) {
      rows.push({
        id: `k${i}`,
        index: i,
        accepted: true,
        values: { mood: 'angry', text: `t${i}` }
      });
    }
    const counts = { mood: [3, 4], length: [5, 6] };
    this.channel.receive({
      id: id ?? 0,
      total: this.rows,
      accepted: 9,
      rejected: 1,
      rows,
      counts,
      ...changes
    });
    return Promise.resolve().then(() => undefined);
  }
}

const shown: Mounted[] = [];

function show(kernel: Kernel, data: unknown, host = {}): HTMLElement {
  const element = document.body.appendChild(document.createElement('div'));
  shown.push(mount(element, data, { channel: kernel.channel, ...host }));
  return element.firstElementChild as HTMLElement;
}

function texts(root: Element, selector: string): string[] {
  return [...root.querySelectorAll(selector)].map(node => node.textContent ?? '');
}

function press(node: Element, key: string): void {
  node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  shown.splice(0).forEach(mounted => mounted.dispose());
  document.body.replaceChildren();
});

describe('a selection on its way to the kernel and back', () => {
  it('is the same selection', () => {
    const [mood, length] = payload.charts;
    let state = toggleValue(START, mood!, 'angry');
    state = brush(state, length!, 1, 0);
    state = withFilter(state, 'region', {
      kind: 'region',
      key: 'region',
      x: [1, 2],
      y: [3, 4]
    });
    state = toggleRule({ ...state, search: 'lid' }, 'length');
    expect(toJSON(state).filters).toContainEqual({
      kind: 'range',
      chart: 'length',
      lo: 0,
      hi: 20
    });
    expect(toJSON(fromJSON(payload, START, toJSON(state)))).toEqual(toJSON(state));
  });

  it('loses what is no filter of this batch', () => {
    const odd = { filters: [{ kind: 'values', chart: 'nope' }, 7, { kind: 'x' }], search: 3 };
    expect(toJSON(fromJSON(payload, START, odd as unknown as JSONObject))).toEqual({
      filters: [],
      search: '3'
    });
  });
});

describe('a window over many rows', () => {
  const total = 100_000;
  const layout = { total, height: 63, least: 63, view: 330, sizes: new Sizes(total) };

  it('knows the first row in sight and what to draw around it', () => {
    expect(placeAt(layout, 0)).toBe(0);
    expect(placeAt(layout, 63 * 500 + 5)).toBe(500);
    expect(edges(layout, 500)).toEqual([492, 515]);
    expect(edges(layout, 99_999)[1]).toBe(100_000);
  });

  it('makes room for open rows', () => {
    const open = { ...layout, sizes: new Sizes(total) };
    open.sizes.set(10, 200);
    expect(heightBefore(open, 10)).toBe(630);
    expect(heightBefore(open, 11)).toBe(893);
    expect(placeAt(open, 700)).toBe(10);
    expect(placeAt(open, 893)).toBe(11);
  });

  it('knows where rows of any height lie, measured in any order', () => {
    const heights = Array.from({ length: 300 }, (_, i) => 27 + 18 * ((i * 7) % 3));
    const sizes = new Sizes(300);
    const fit = { total: 300, height: 45, least: 27, view: 330, sizes };
    for (let i = 0; i < 300; i += 1) {
      const at = (i * 137) % 300;
      sizes.set(at, 99);
      sizes.set(at, (heights[at] ?? 0) - 45);
    }
    let top = 0;
    heights.forEach((height, i) => {
      expect(heightBefore(fit, i)).toBe(top);
      expect([placeAt(fit, top), placeAt(fit, top + height - 1)]).toEqual([i, i]);
      top += height;
    });
    expect(edges(fit, 100)).toEqual([92, 122]);
    expect(placeAt(fit, 10 * top)).toBe(299);
  });

  it('reaches both ends of more rows than a browser can lay out', () => {
    const huge = { ...layout, total: 10_000_000, sizes: new Sizes(0) };
    const whole = heightBefore(huge, huge.total);
    expect(whole).toBeLessThan(13_000_000);
    expect(placeAt(huge, 0)).toBe(0);
    expect(placeAt(huge, 12_000_000 - 330)).toBeGreaterThan(huge.total - 8);
    for (const scroll of [1000, 5_000_000, 11_000_000]) {
      const first = placeAt(huge, scroll);
      const top = space(huge, first - 8, first);
      expect(Math.abs(top + 8 * 63 - scroll)).toBeLessThan(64);
    }
  });
});

describe('questions to the kernel', () => {
  it('are answered in any order', async () => {
    const kernel = new Kernel();
    kernel.hello();
    const first = kernel.channel.request('a');
    const second = kernel.channel.request('b');
    kernel.channel.receive({ id: 2, said: 'b' });
    kernel.channel.receive({ id: 99 });
    kernel.channel.receive({ id: 1, error: 'no' });
    await expect(second).resolves.toMatchObject({ said: 'b' });
    await expect(first).rejects.toThrow('no');
  });

  it('wait, and say so after a second', async () => {
    const kernel = new Kernel();
    kernel.hello();
    const asked = kernel.channel.request('a');
    vi.advanceTimersByTime(900);
    expect(kernel.channel.busy).toBe(false);
    vi.advanceTimersByTime(200);
    expect(kernel.channel.busy).toBe(true);
    kernel.channel.receive({ id: 1 });
    expect(kernel.channel.busy).toBe(false);
    await asked;
  });

  it('end with the kernel', async () => {
    const kernel = new Kernel();
    kernel.hello();
    const asked = kernel.channel.request('a');
    kernel.channel.connect(null, 'none');
    await expect(asked).rejects.toThrow('went away');
    await expect(kernel.channel.request('b')).rejects.toThrow('no kernel');
  });
});

describe('a batch that the kernel holds', () => {
  it('shows all rows, asked for page by page', async () => {
    const kernel = new Kernel();
    const root = show(kernel, sample({ total_rows: 10_000 }));
    expect(texts(root, '.sn-count')[0]).toContain('first 5 of 10,000 rows saved here');
    kernel.hello();
    expect(kernel.last('rows')).toMatchObject({ start: 0, end: 100, filters: [] });
    await kernel.answerRows();
    const rows = root.querySelectorAll('tr.sn-row');
    expect(rows.length).toBeLessThan(40);
    expect(rows[0]?.textContent).toContain('t0');
    expect(root.querySelector('table')?.getAttribute('aria-rowcount')).toBe('10001');
  });

  it('offers what the kernel says, as code for a cell below, while it is there', () => {
    const kernel = new Kernel();
    const insertCode = vi.fn();
    const root = show(kernel, sample(), { insertCode });
    expect(texts(root, '.sn-acts .sn-text')).toEqual(['Recipe']);
    const door = { label: 'Diff with 2', code: '%synth diff reviews@2 reviews@3', run: true };
    kernel.hello({ doors: [door] });
    expect(texts(root, '.sn-acts .sn-text')).toEqual(['Diff with 2', 'Recipe']);
    root.querySelector<HTMLElement>('.sn-acts .sn-text')?.click();
    expect(insertCode).toHaveBeenCalledWith(door.code, true, undefined);
    kernel.channel.connect(null, 'none');
    expect(texts(root, '.sn-acts .sn-text')).toEqual(['Recipe']);
  });

  it('drops answers to what is no longer asked', async () => {
    const kernel = new Kernel();
    const root = show(kernel, sample({ total_rows: 10_000 }));
    kernel.hello();
    await kernel.answerRows();
    const bars = [...root.querySelectorAll<HTMLElement>('.sn-bar')];
    bars[0]?.click();
    const stale = kernel.last('rows');
    bars[1]?.click();
    kernel.channel.receive({ id: stale.id ?? 0, total: 1, accepted: 1, rejected: 0, rows: [] });
    await Promise.resolve();
    expect(texts(root, '.sn-chips [role=status]')[0]).toBe('No filter. Click or brush a bar.');
    await kernel.answerRows({ total: 10 });
    expect(texts(root, '.sn-chips [role=status]')[0]).toBe('9 of 4 accepted, 1 of 1 rejected');
    expect(texts(root, '.sn-bar .sn-num')).toEqual(['3', '4']);
  });

  it('counts the rejected rows of all that a rule rejected', async () => {
    const kernel = new Kernel();
    const root = show(kernel, sample({ total_rows: 10_000 }));
    kernel.hello();
    await kernel.answerRows();
    root.querySelectorAll<HTMLElement>('.sn-step')[1]?.click();
    const counts = { mood: [0, 0], length: [0, 0] };
    const lost = { mood: [700, 20], length: [720, 0] };
    await kernel.answerRows({ accepted: 0, rejected: 720, counts, lost });
    expect(texts(root, '.sn-bar .sn-num')).toEqual(['700', '20']);
  });

  it('offers no restore where there is no text, and calls an accepted row kept', () => {
    const kernel = new Kernel();
    const rows = (sample().rows as JSONObject[]).map(row =>
      row.id === 'r2'
        ? { ...row, values: { mood: 'happy' } }
        : row.id === 'r0'
          ? { ...row, decision: 'keep' }
          : row
    );
    const root = show(kernel, sample({ rows }));
    kernel.hello();
    expect(texts(root, '.sn-edited')).toEqual(['kept']);
    root.querySelector<HTMLElement>('tr.sn-rejected')!.click();
    expect(texts(root, '.sn-doors')).toContain(
      'No text to restore: edit the row in a review to give it one.'
    );
    expect(texts(root, '.sn-act')).not.toContain('Restore k');
    root.querySelector<HTMLElement>('tr.sn-row')!.click();
    expect(texts(root, '.sn-act')).toContain('Undo keep u');
  });

  it('restores a row by click and by key, and shows what the kernel says then', () => {
    const kernel = new Kernel();
    const save = vi.fn();
    const root = show(kernel, sample(), { save });
    kernel.hello();
    const lost = root.querySelector<HTMLElement>('tr.sn-rejected')!;
    lost.click();
    const restore = [...root.querySelectorAll('button')].find(
      b => b.textContent === 'Restore k'
    );
    restore?.click();
    expect(kernel.last('decide')).toMatchObject({ row: 'r2', outcome: 'keep' });
    const rows = (sample().rows as JSONObject[]).map(row =>
      row.id === 'r2' ? { ...row, accepted: true, decision: 'keep' } : row
    );
    const verdict = { accepted: 5, candidates: 5, rejected: 0 };
    kernel.channel.receive({ event: 'changed', payload: sample({ rows, verdict }) });
    expect(texts(root, '.sn-big')).toEqual(['5 accepted']);
    expect(texts(root, '.sn-edited')).toEqual(['restored']);
    expect(save).toHaveBeenCalledOnce();
    const first = root.querySelector<HTMLElement>('tr.sn-row')!;
    first.focus();
    press(first, 'd');
    expect(kernel.last('decide')).toMatchObject({ row: 'r0', outcome: 'drop' });
  });

  it('tells the kernel what is selected, and asks it for the cell', async () => {
    const kernel = new Kernel();
    const insertCode = vi.fn();
    const root = show(kernel, sample(), { insertCode });
    kernel.hello();
    root.querySelector<HTMLElement>('.sn-bar')?.click();
    vi.advanceTimersByTime(100);
    const angry = { kind: 'values', chart: 'mood', values: ['angry'] };
    expect(kernel.last('select').filters).toEqual([angry]);
    const insert = [...root.querySelectorAll('button')].find(b =>
      b.textContent?.startsWith('Insert')
    );
    insert?.click();
    const { id } = kernel.last('code');
    kernel.channel.receive({ id: id ?? 0, code: 'reviews.select(mood="angry").df' });
    await Promise.resolve();
    await Promise.resolve();
    expect(insertCode).toHaveBeenCalledWith('reviews.select(mood="angry").df');
  });

  it('follows what another view, or an earlier page, selected', () => {
    const kernel = new Kernel();
    const root = show(kernel, sample());
    kernel.hello({ filters: [{ kind: 'values', chart: 'mood', values: ['happy'] }] });
    expect(texts(root, '.sn-chip')).toEqual(['mood = happy×']);
    expect(texts(root, '.sn-link span')).toEqual(['Filtered as you left it. Esc clears.']);
    kernel.channel.receive({ event: 'selection', filters: [], search: 'lid' });
    expect(texts(root, '.sn-chip')).toEqual([]);
    expect(texts(root, '.sn-link span')).toEqual(['']);
    expect(texts(root, 'tr.sn-row')).toHaveLength(1);
    vi.advanceTimersByTime(500);
    expect(kernel.asked.filter(m => m.op === 'select')).toEqual([]);
  });

  it('agrees with a second view in the same page, without any kernel', () => {
    const one = show(new Kernel(), sample());
    const two = show(new Kernel(), sample());
    one.querySelector<HTMLElement>('.sn-bar')?.click();
    expect(texts(two, '.sn-chip')).toEqual(['mood = angry×']);
  });

  it('clears for the others and the kernel what it took over from them', () => {
    const one = show(new Kernel(), sample());
    one.querySelector<HTMLElement>('.sn-bar')?.click();
    const kernel = new Kernel();
    const rerun = show(kernel, sample());
    kernel.hello();
    expect(kernel.last('select').filters).toHaveLength(1);
    press(rerun, 'Escape');
    vi.advanceTimersByTime(100);
    expect(texts(one, '.sn-chip')).toEqual([]);
    expect(kernel.last('select').filters).toEqual([]);
  });

  it('says what needs a kernel where there is none', () => {
    const kernel = new Kernel();
    const connect = vi.fn();
    const root = show(kernel, sample(), { connect });
    const link = root.querySelector<HTMLElement>('.sn-link')!;
    expect(link.hidden).toBe(true);
    kernel.channel.connect(null, 'none');
    expect(link.textContent).toContain('No kernel: filters work on these 5 saved rows');
    link.querySelector('button')?.click();
    expect(connect).toHaveBeenCalledOnce();
    kernel.channel.connect(() => undefined, 'opening');
    kernel.channel.receive({ event: 'unknown' });
    expect(link.textContent).toContain('saved rows. %synth show reviews@3 opens it.');
  });

  it('says that the kernel is busy', () => {
    const kernel = new Kernel();
    const root = show(kernel, sample({ total_rows: 10_000 }));
    kernel.hello();
    vi.advanceTimersByTime(1100);
    expect(root.querySelector('.sn-link')?.textContent).toContain('kernel busy');
  });
});
