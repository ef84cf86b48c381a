import { expect, it } from 'vitest';
import { Channel, mount } from '../src/view';
import { coloursOf, COLOURS } from '../src/view/colours';
import { parsePayload, type Bar, type JSONObject, type Payload } from '../src/view/payload';
import { KernelRows } from '../src/view/source';
import { START, toggleValue, type State } from '../src/view/state';
import { sample } from './sample';

const map = { rows: [0, 1, 2], x: [0, 500, 1000], y: [0, 900, 100], clusters: [] };

it('says that it maps all rows until the kernel has, and offers it again if that failed', async () => {
  const asked: JSONObject[] = [];
  const channel = new Channel();
  channel.connect(message => asked.push(message), 'opening');
  const element = document.body.appendChild(document.createElement('div'));
  const mounted = mount(element, sample({ total_rows: 10_000, map }), { channel });
  channel.receive({ event: 'hello', filters: [], search: '', decided: 0 });
  const button = [...element.querySelectorAll('button')].find(b =>
    b.textContent?.startsWith('Map all')
  )!;
  expect(button.textContent).toBe('Map all 10,000');
  for (const reply of [{ error: 'no memory' }, { x: [1, 2, 3], y: [1, 2, 3], total: 3 }]) {
    button.click();
    expect([button.textContent, button.disabled]).toEqual(['Mapping 10,000', true]);
    const { id } = asked.filter(m => m.op === 'map').at(-1) ?? {};
    channel.receive({ id: id ?? 0, ...reply });
    await new Promise(resolve => setTimeout(resolve));
    expect([button.textContent, button.disabled]).toEqual(['Map all 10,000', false]);
    expect(button.hidden).toBe(!('error' in reply));
  }
  mounted.dispose();
});

it('draws the map of a model as soon as the kernel has it, and offers one', async () => {
  const asked: JSONObject[] = [];
  const inserted: string[] = [];
  const channel = new Channel();
  channel.connect(message => asked.push(message), 'opening');
  const element = document.body.appendChild(document.createElement('div'));
  const insertCode = (code: string): unknown => inserted.push(code);
  const mounted = mount(element, sample({ map }), { channel, insertCode });
  const code = "reviews.map('local/smollm2-135m')";
  const doors = [{ label: 'By a model…', code, run: false, place: 'map' }];
  channel.receive({ event: 'hello', filters: [], search: '', decided: 0, doors });
  const panel = element.querySelector('.sn-map')!;
  const offer = [...element.querySelectorAll('button')].filter(
    b => b.textContent === 'By a model…'
  );
  expect(offer.map(b => panel.contains(b))).toEqual([true]);
  offer[0]!.click();
  expect(inserted).toEqual([code]);

  channel.receive({ event: 'map' });
  const { id } = asked.filter(m => m.op === 'map').at(-1) ?? {};
  const about = 'embeddings of lab/<b>';
  channel.receive({ id: id ?? 0, x: [1, 2, 3], y: [1, 2, 3], total: 3, about });
  await new Promise(resolve => setTimeout(resolve));
  expect(panel.querySelector('h4 span')!.textContent).toBe('3 texts by embeddings of lab/<b>');
  mounted.dispose();
});

it('says what a saved map goes by', () => {
  const element = document.createElement('div');
  mount(element, sample({ map: { ...map, about: 'embeddings of lab/tiny' } }), {});
  expect(element.querySelector('.sn-map h4 span')!.textContent).toBe(
    '3 texts by embeddings of lab/tiny'
  );
});

it('shows what is chosen among the saved dots before the kernel maps all rows', async () => {
  const asked: JSONObject[] = [];
  const channel = new Channel();
  channel.connect(message => asked.push(message), 'opening');
  const element = document.body.appendChild(document.createElement('div'));
  const saved = { ...map, y: [0, 500, 100] };
  const mounted = mount(element, sample({ total_rows: 10_000, map: saved }), { channel });
  channel.receive({ event: 'hello', filters: [], search: '', decided: 0 });
  const canvas = element.querySelector('canvas')!;
  canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
  const { id, filters } = asked.filter(m => m.op === 'rows').at(-1) ?? {};
  expect(filters).toMatchObject([{ kind: 'rows', ids: ['r1'] }]);
  channel.receive({ id: id ?? 0, total: 1, accepted: 1, rejected: 0, rows: [], counts: {} });
  await new Promise(resolve => setTimeout(resolve));
  expect(canvas.getAttribute('aria-label')).toContain('A region is chosen.');
  mounted.dispose();
});

it('dims the saved dots that a filter leaves out while the kernel holds the rows', async () => {
  const payload = parsePayload(sample({ total_rows: 10_000, map })) as Payload;
  const channel = new Channel();
  const asked: JSONObject[] = [];
  channel.connect(message => asked.push(message), 'opening');
  channel.receive({ event: 'hello', filters: [], search: '', decided: 0 });
  let changed = 0;
  let mapped = false;
  const rows = new KernelRows(
    payload,
    channel,
    () => (changed += 1),
    message => expect(message).toBe(''),
    () => mapped
  );
  const look = async (state: State): Promise<boolean[] | undefined> => {
    rows.look(state);
    const { id } = asked.at(-1) ?? {};
    const bits = mapped ? { map: 'YA==' } : {};
    channel.receive({ id: id ?? 0, total: 3, accepted: 3, rejected: 0, rows: [], ...bits });
    await new Promise(resolve => setTimeout(resolve));
    const { points } = rows.look(state);
    return points ? [0, 1, 2].map(points) : undefined;
  };
  const angry = toggleValue(START, payload.charts[0]!, 'angry');
  mapped = true;
  expect(await look(angry)).toEqual([false, true, true]); // the kernel's own dots
  mapped = false;
  expect(await look(angry)).toEqual([true, false, true]); // rows that are here
  expect(changed).toBe(2);
});

it('colours labels in the order of the recipe, others by name, never by how often they come', () => {
  const bar = (label: string, planned: number | null, count = 1): Bar => {
    return { label, planned, count, rejected: 0, lo: null, hi: null };
  };
  const colours = (...bars: Bar[]): Record<string, number> =>
    Object.fromEntries(coloursOf(bars).map((colour, i) => [bars[i]!.label, colour]));
  const first = colours(bar('router', 2), bar('printer', 2), bar('phone', 2), bar('tablet', 2));
  expect(first).toEqual({ router: 0, printer: 1, phone: 2, tablet: 3 });
  const next = colours(bar('modem', 2), bar('printer', 2, 9), bar('phone', 2), bar('watch', 2));
  expect(next).toEqual({ modem: 0, printer: 1, phone: 2, watch: 3 });
  const unplanned = { b: 1, a: 0, '3 others': 3, c: 2 };
  expect(
    colours(bar('b', null, 9), bar('c', null), bar('a', null), bar('3 others', null))
  ).toEqual(unplanned);
  const many = colours(...[...'hgfedcba'].map(label => bar(label, null)));
  expect([many.a, many.f, many.g, many.h]).toEqual([0, 5, COLOURS, COLOURS]);

  const [mood] = sample().charts as JSONObject[];
  const bars = [...'hgfedcba'].map(label => ({ ...bar(label, null) }));
  const element = document.createElement('div');
  mount(element, sample({ map, charts: [{ ...mood, bars: bars.slice(3) }] }), {});
  const key = [...element.querySelectorAll('.sn-name')].map(
    node => `${node.textContent} ${node.firstElementChild!.className}`
  );
  expect(key).toEqual(['e sn-c4', 'd sn-c3', 'c sn-c2', 'b sn-c1', 'a sn-c0']);
});

it('says of near copies whether rejected rows are among them, whom no chart counts', () => {
  const said = [
    [[0, 1]],
    [
      [0, 1],
      [1, 2]
    ]
  ].map(clusters => {
    const element = document.createElement('div');
    mount(element, sample({ map: { ...map, clusters } }), {});
    const label = element.querySelector('.sn-map canvas')!.getAttribute('aria-label');
    const texts = [...element.querySelectorAll('.sn-map button')].map(b => b.textContent);
    const [copies] = texts.filter(text => text?.includes('near copies'));
    expect(label).toContain(`${copies}. `);
    return copies;
  });
  expect(said).toEqual([
    '1 cluster of near copies',
    '2 clusters of near copies, rejected rows included'
  ]);
});
