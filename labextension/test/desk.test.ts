import { describe, expect, it } from 'vitest';
import { mountRank } from '../src/desk/rank';
import { mountReview } from '../src/desk/review';
import type { JSONObject } from '../src/view/payload';
import { HOSTILE, live, PAIR, press, RESULT, settled, show, words } from './desk-sample';

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

  it('offers nothing to press where no kernel takes it', () => {
    const kernel = live(PAIR);
    const root = show(mountRank, PAIR, kernel);
    const keys = root.querySelector<HTMLElement>('.sn-keys')!;
    const answer = root.querySelector<HTMLElement>('.sn-ans')!;
    expect([keys.hidden, answer.getAttribute('aria-disabled')]).toEqual([false, 'false']);
    kernel.host.channel?.connect(null, 'none');
    expect([keys.hidden, answer.getAttribute('aria-disabled')]).toEqual([true, 'true']);
    expect(words(root, '.sn-asked')).toBe('Where?');
    expect([...root.querySelectorAll('kbd')].filter(k => !k.closest('[hidden]'))).toEqual([]);
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
    expect(root.textContent).toContain('20 = 24 pairs − 3 ties − 1 both bad; columns: ');
    expect(root.querySelectorAll('button')).toHaveLength(0);
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
