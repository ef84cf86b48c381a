/** What tests of reviews and rankings share: a ranking, and a kernel that answers. */

import { afterEach, vi } from 'vitest';
import type { DeskHost, Mounted } from '../src/desk/desk';
import type { mountRank } from '../src/desk/rank';
import { Channel } from '../src/view/channel';
import type { JSONObject } from '../src/view/payload';

export const HOSTILE =
  '<img src=x onerror="globalThis.hit = 1"><script>globalThis.hit = 1</script>';

export const PAIR: JSONObject = {
  v: 1,
  id: 'rank-1',
  title: 'support@4',
  column: 'answer',
  versions: false,
  rater: 'you',
  rubric: 'faithful first',
  done: 1,
  total: 3,
  minutes: null,
  tally: { left: 1, right: 0, tie: 0, both_bad: 0, skip: 0 },
  repeats: 1,
  current: {
    id: 'q1:0-1',
    question: [{ name: 'question', text: 'Where?' }],
    source: { label: 'source, faq.csv', fields: [{ name: 'faq_a', text: 'There.' }] },
    left: HOSTILE,
    right: 'Here.'
  },
  result: null,
  notice: '',
  command: '%synth rank support'
};

export const RESULT: JSONObject = {
  sentence: 'Version 3 is preferred: 14 of 20 decided, 95% 46% to 88%',
  facts: '24 pairs by you',
  systems: [
    { name: 'version 3', won: 14, tied: 4, lost: 6, strength: 0.4, low: -0.1, high: 0.9 },
    { name: 'version 2', won: 6, tied: 4, lost: 14, strength: -0.4, low: -0.9, high: 0.1 }
  ],
  differences: [
    {
      better: 'version 3',
      other: 'version 2',
      value: 0.8,
      low: -0.2,
      high: 1.8,
      verdict: 'no evidence'
    }
  ],
  agreement: null,
  judges: [
    {
      model: 'lab/judge',
      pairs: 20,
      unread: 0,
      kept: 15,
      flips: 5,
      first: 4,
      p: 0.375,
      kappa: {
        pairs: 20,
        same: 14,
        table: [
          [8, 1, 1],
          [1, 2, 1],
          [1, 1, 4]
        ],
        value: 0.5,
        low: 0.3,
        high: 0.7,
        word: 'Moderate'
      },
      threshold: 0.6,
      threshold_from: 'the usual bar',
      enough: false,
      said: ['first', 'It shows no clear side.']
    }
  ],
  pairs: 24,
  decided: 20,
  ties: 3,
  both_bad: 1,
  skipped: 0,
  left_out: 0,
  more: 40
};

const shown: Mounted[] = [];
afterEach(() => {
  shown.splice(0).forEach(mounted => mounted.dispose());
  document.body.replaceChildren();
});

export interface Kernel {
  host: DeskHost;
  asked: JSONObject[];
  next: JSONObject;
  /** What else it answers. */
  more: JSONObject;
  /** How answers are given: at once, unless a test says otherwise. */
  give: (answer: () => void) => void;
}

/** A kernel that answers with the state it is told. */
export function live(state: JSONObject): Kernel {
  const channel = new Channel();
  const kernel: Kernel = {
    host: { channel, leave: vi.fn() },
    asked: [],
    next: state,
    more: {},
    give: queueMicrotask
  };
  channel.connect(message => {
    kernel.asked.push(message);
    const result = message.op === 'result' ? { result: RESULT } : kernel.more;
    kernel.give(() => channel.receive({ id: message.id, ...result, state: kernel.next }));
  }, 'opening');
  return kernel;
}

export function show(
  mount: typeof mountRank,
  state: JSONObject,
  kernel?: ReturnType<typeof live>
): HTMLElement {
  const element = document.body.appendChild(document.createElement('div'));
  shown.push(mount(element, state, kernel?.host ?? {}));
  kernel?.host.channel?.receive({ event: 'hello', state, first: true });
  return element.firstElementChild as HTMLElement;
}

export function press(key: string, init: KeyboardEventInit = {}): void {
  const node = document.activeElement ?? document.body;
  node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...init }));
}

export const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
export const words = (root: Element, selector: string): string =>
  root.querySelector(selector)?.textContent ?? '';
