import { afterEach, describe, expect, it, vi } from 'vitest';
import { mountRank } from '../src/desk/rank';
import { mountReview } from '../src/desk/review';
import type { DeskHost, Mounted } from '../src/desk/desk';
import { Channel } from '../src/view/channel';
import type { JSONObject } from '../src/view/payload';

const HOSTILE = '<img src=x onerror="globalThis.hit = 1"><script>globalThis.hit = 1</script>';

const PAIR: JSONObject = {
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

const RESULT: JSONObject = {
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

const ROW: JSONObject = {
  v: 1,
  id: 'review-1',
  name: 'reviews',
  version: 3,
  done: 7,
  total: 31,
  place: 8,
  counts: { kept: 4, dropped: 2, edited: 1, restored: 0, tagged: 0, open: 24 },
  row: {
    id: 'r9',
    index: 8,
    accepted: true,
    was_accepted: true,
    reasons: [],
    outcome: null,
    edited: false,
    tags: ['odd'],
    fields: [
      { name: 'mood', text: 'angry', made: null, written: false, main: false },
      { name: 'text', text: HOSTILE, made: null, written: true, main: true }
    ],
    detail: { checks: [{ rule: 'length', value: 71, message: '', passed: true }], calls: [] }
  },
  known_tags: ['odd', 'funny'],
  notice: '',
  finding: '',
  command: '%synth review reviews'
};

const shown: Mounted[] = [];
afterEach(() => {
  shown.splice(0).forEach(mounted => mounted.dispose());
  document.body.replaceChildren();
});

interface Kernel {
  host: DeskHost;
  asked: JSONObject[];
  next: JSONObject;
  /** What else it answers. */
  more: JSONObject;
}

/** A kernel that answers with the state it is told. */
function live(state: JSONObject): Kernel {
  const channel = new Channel();
  const kernel: Kernel = {
    host: { channel, leave: vi.fn() },
    asked: [],
    next: state,
    more: {}
  };
  channel.connect(message => {
    kernel.asked.push(message);
    const result = message.op === 'result' ? { result: RESULT } : kernel.more;
    queueMicrotask(() => channel.receive({ id: message.id, ...result, state: kernel.next }));
  }, 'opening');
  return kernel;
}

function show(
  mount: typeof mountRank,
  state: JSONObject,
  kernel?: ReturnType<typeof live>
): HTMLElement {
  const element = document.body.appendChild(document.createElement('div'));
  shown.push(mount(element, state, kernel?.host ?? {}));
  kernel?.host.channel?.receive({ event: 'hello', state, first: true });
  return element.firstElementChild as HTMLElement;
}

function press(key: string, init: KeyboardEventInit = {}): void {
  const node = document.activeElement ?? document.body;
  node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...init }));
}

const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
const words = (root: Element, selector: string): string =>
  root.querySelector(selector)?.textContent ?? '';

describe('a pair', () => {
  it('puts weight on one question, on none of several attributes', () => {
    const question = ['calm', 'kettle'].map((text, i) => ({ name: `attribute ${i}`, text }));
    const several = { ...PAIR, current: { ...(PAIR.current as JSONObject), question } };
    const root = show(mountRank, several, live(several));
    expect(words(root, '.sn-ctx')).toContain('kettle');
    expect(root.querySelectorAll('.sn-asked')).toHaveLength(0);
  });

  it('shows question, source and both answers as text, and takes the keyboard', () => {
    const root = show(mountRank, PAIR, live(PAIR));
    expect(words(root, '.sn-asked')).toBe('Where?');
    expect(words(root, '.sn-ctx')).toContain('source, faq.csv, faq_a');
    expect(words(root, '.sn-ans .sn-tx')).toBe(HOSTILE);
    expect(root.querySelector('img, script')).toBeNull();
    expect(document.activeElement?.className).toBe('sn-ans');
    expect(root.dataset.lmSuppressShortcuts).toBe('true');
  });

  it.each([
    ['1', 'left'],
    ['2', 'right'],
    ['0', 'tie'],
    ['b', 'both_bad'],
    ['s', 'skip']
  ])('takes %s as %s, for the pair in sight', async (key, verdict) => {
    const kernel = live(PAIR);
    show(mountRank, PAIR, kernel);
    press(key);
    press(key); // in haste: the next pair is not in sight yet
    await settled();
    const { op, verdict: told, item } = kernel.asked[0] ?? {};
    expect([kernel.asked.length, op, told, item]).toEqual([1, 'vote', verdict, 'q1:0-1']);
  });

  it('takes a key for the pair that the kernel shows before it answers', async () => {
    const kernel = live(PAIR);
    show(mountRank, PAIR, kernel);
    press('1');
    const current = { ...(PAIR.current as JSONObject), id: 'q2:1-0' };
    kernel.next = { ...PAIR, done: 2, current };
    kernel.host.channel?.receive({ event: 'state', state: kernel.next });
    press('2');
    press('2');
    await settled();
    expect(kernel.asked.map(({ verdict, item }) => [verdict, item])).toEqual([
      ['left', 'q1:0-1'],
      ['right', 'q2:1-0']
    ]);
  });

  it('shows the rubric, the result so far, and goes on', async () => {
    const root = show(mountRank, PAIR, live(PAIR));
    expect(words(root, '.sn-rubric')).toBe('Rubric: faithful first');
    press('?');
    expect(root.querySelector('.sn-rubric')?.className).toContain('sn-all');
    press('Escape');
    await settled();
    expect(words(root, '.sn-big')).toContain('Version 3 is preferred');
    press('Enter');
    expect(words(root, '.sn-big')).toBe('Which answer is better?');
    expect(document.activeElement?.className).toBe('sn-ans');
  });

  it('keeps the keyboard from pair to pair', async () => {
    const kernel = live(PAIR);
    const root = show(mountRank, PAIR, kernel);
    kernel.next = {
      ...PAIR,
      done: 2,
      current: { ...(PAIR.current as JSONObject), left: 'New.' }
    };
    const before = document.activeElement;
    press('1');
    await settled();
    expect(words(root, '.sn-ans .sn-tx')).toBe('New.');
    expect(document.activeElement).toBe(before);
  });
});

describe('a result', () => {
  it('says one sentence, then strengths, judge and bias; without a kernel too', () => {
    const root = show(mountRank, { ...PAIR, current: null, result: RESULT });
    expect(words(root, '.sn-big')).toContain('14 of 20');
    expect(root.querySelectorAll('.sn-bt tbody tr')).toHaveLength(2);
    expect(words(root, '.sn-find')).toContain(
      'difference +0.80, 95% −0.20 to +1.80: no evidence'
    );
    expect(words(root, '.sn-conf')).toContain('you ↓ judge →');
    expect(words(root, '.sn-bias')).toContain('4 chose the first shown, 1 the second');
    expect(words(root, '.sn-link')).toBe(
      'No kernel holds this. %synth rank support goes on where you stopped.'
    );
    expect(root.textContent).toContain('20 = 24 pairs − 3 ties − 1 both bad.');
    expect(root.querySelectorAll('button')).toHaveLength(0);
  });
});

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
    button.click();
    await settled();
    expect(root.querySelector('.sn-differ table')).toBeNull();
  });

  it('does not tell while pairs are open, nor without a kernel', () => {
    const open = { ...judged, current: PAIR.current as JSONObject };
    const root = show(mountRank, { ...judged, current: null });
    expect(root.textContent).not.toContain('disagreement');
    const other = show(mountRank, open, live(open));
    expect(other.textContent).not.toContain('disagreement');
  });
});

describe('a review', () => {
  it('shows progress, the row as text and its checks', () => {
    const root = show(mountReview, ROW, live(ROW));
    expect(words(root, '.sn-big')).toBe('7 of 31 reviewed');
    expect(words(root, '.sn-facts')).toBe('reviews@3 · 4 kept · 2 dropped · 1 edited');
    expect(words(root, '.sn-card .sn-tx')).toBe(HOSTILE);
    expect(root.querySelector('img, script')).toBeNull();
    expect(words(root, '.sn-checks')).toContain('length71passed');
  });

  it('says nothing twice about a check', () => {
    const checks = [
      { rule: 'repetition', value: 0.29, message: 'repetition 0.29', passed: false },
      { rule: 'length', value: 12, message: 'shorter than 20', passed: false }
    ];
    const row = { ...(ROW.row as JSONObject), detail: { checks, calls: [] } };
    const root = show(mountReview, { ...ROW, row }, live({ ...ROW, row }));
    const lines = [...root.querySelectorAll('.sn-checks tr')].map(line => line.textContent);
    expect(lines).toEqual(['repetition0.29failed', 'length12failedshorter than 20']);
  });

  it.each([true, false])('offers to undo where there is something: %s', can_undo => {
    const root = show(mountReview, { ...ROW, can_undo }, live({ ...ROW, can_undo }));
    const undo = [...root.querySelectorAll('.sn-button')].find(b => b.textContent === 'Undo u');
    expect(undo?.getAttribute('aria-disabled')).toBe(String(!can_undo));
  });

  it('decides about the row in sight', async () => {
    const kernel = live(ROW);
    show(mountReview, ROW, kernel);
    for (const key of ['k', 'd', 'u', 'ArrowRight']) {
      press(key);
      await settled();
    }
    const told = kernel.asked.map(({ op, row, by }) => [op, row ?? by ?? null]);
    expect(told).toEqual([
      ['keep', 'r9'],
      ['drop', 'r9'],
      ['undo', null],
      ['move', 1]
    ]);
  });

  it('edits only what was changed, saved by Ctrl Enter, left by Esc', async () => {
    const kernel = live(ROW);
    const root = show(mountReview, ROW, kernel);
    press('e');
    const area = root.querySelector('textarea')!;
    expect(area.value).toBe(HOSTILE);
    press('k');
    expect(kernel.asked).toHaveLength(0);
    press('Escape');
    expect(root.querySelector('textarea')).toBeNull();
    press('e');
    root.querySelector('textarea')!.value = 'Better.';
    press('Enter', { ctrlKey: true });
    await settled();
    expect(kernel.asked[0]).toMatchObject({
      op: 'edit',
      row: 'r9',
      values: { text: 'Better.' }
    });
  });

  it('tags with words of before and new ones', async () => {
    const kernel = live(ROW);
    const root = show(mountReview, ROW, kernel);
    press('t');
    [...root.querySelectorAll('button')].find(b => b.textContent === 'funny')?.click();
    press('Enter');
    await settled();
    expect(kernel.asked[0]).toMatchObject({ op: 'tag', tags: ['odd', ' funny'] });
  });

  it('shows what was decided without a kernel', () => {
    const decided = [{ index: 2, what: 'dropped', tags: ['odd'], text: HOSTILE }];
    const root = show(mountReview, { ...ROW, row: null, decided, decided_total: 1 });
    expect(words(root, '.sn-decided')).toContain(HOSTILE);
    expect(root.querySelector('img, script')).toBeNull();
    press('k');
    expect(words(root, '.sn-link')).toContain('%synth review reviews');
  });

  it('says so where the output is of another version', () => {
    const root = show(mountReview, { ...ROW, v: 9 });
    expect(root.textContent).toContain('another version of synthnb');
  });
});
