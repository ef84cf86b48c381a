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
