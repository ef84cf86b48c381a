import { describe, expect, it, vi } from 'vitest';
import { mountRank } from '../src/desk/rank';
import type { JSONObject } from '../src/view/payload';
import { HOSTILE, live, PAIR, RESULT, settled, show, words } from './desk-sample';

describe('where judge and people differ', () => {
  const judged = {
    ...PAIR,
    current: null,
    result: {
      ...RESULT,
      judges: [{ ...(RESULT.judges as JSONObject[])[0]!, differ: 1, people: 'ann' }]
    }
  };

  it('lists the pairs behind the count, as text, and hides them again', async () => {
    const kernel = live(judged);
    kernel.more = {
      rows: [{ question: HOSTILE, left: 'a', right: 'b', people: 'left', judge: 'tie' }],
      total: 1
    };
    const root = show(mountRank, judged, kernel);
    expect(words(root, '.sn-conf')).toContain('ann ↓ judge →');
    const button = [...root.querySelectorAll('button')].find(b =>
      b.textContent.startsWith('Show the 1 disagreement')
    )!;
    button.click();
    await settled();
    expect(kernel.asked.at(-1)).toMatchObject({ op: 'differ', model: 'lab/judge' });
    expect(words(root, '.sn-differ tbody')).toBe(`${HOSTILE}ablefttie`);
    expect(root.querySelector('img, script')).toBeNull();
    expect(button.getAttribute('aria-expanded')).toBe('true');
    kernel.host.channel!.receive({ event: 'state', state: structuredClone(judged) });
    expect(words(root, '.sn-differ tbody')).toBe(`${HOSTILE}ablefttie`);
    button.click();
    await settled();
    expect(root.querySelector('.sn-differ table')).toBeNull();
  });

  it('waits for a slow kernel with the button that asked', async () => {
    const kernel = live(judged);
    const root = show(mountRank, judged, kernel);
    const button = (): HTMLElement => root.querySelector<HTMLElement>('[aria-expanded]')!;
    const pressed = button();
    const waiting: (() => void)[] = [];
    kernel.give = answer => waiting.push(answer);
    kernel.more = { rows: [], total: 0 };
    vi.useFakeTimers();
    pressed.click();
    vi.advanceTimersByTime(1100);
    vi.useRealTimers();
    expect(words(root, '.sn-link')).toContain('kernel busy');
    waiting.forEach(answer => answer());
    await settled();
    expect(button()).toBe(pressed);
    expect(pressed.getAttribute('aria-expanded')).toBe('true');
  });

  it('does not tell while pairs are open, nor without a kernel', () => {
    const open = { ...judged, current: PAIR.current as JSONObject };
    const root = show(mountRank, { ...judged, current: null });
    expect(root.textContent).not.toContain('disagreement');
    const other = show(mountRank, open, live(open));
    expect(other.textContent).not.toContain('disagreement');
  });
});
