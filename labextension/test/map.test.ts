import { expect, it } from 'vitest';
import { Channel, mount } from '../src/view';
import type { JSONObject } from '../src/view/payload';
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
