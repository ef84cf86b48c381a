import { describe, expect, it } from 'vitest';
import { cost, count, decimalsOf, reason, seconds, valueOf, visible } from '../src/view/format';
import type { BatchRow } from '../src/view/payload';

describe('numbers', () => {
  it('are written with a comma, a real minus sign and fixed decimals', () => {
    expect(count(1204)).toBe('1,204');
    expect(count(-0.195, 3)).toBe('−0.195');
    expect(count(-0.002, 2, true)).toBe('0.00');
    expect(count(0.3, 2, true)).toBe('0.30');
    expect(seconds(0)).toBe('< 0.1 s'); // everything takes some time
    expect(seconds(1.94)).toBe('1.9 s');
    expect(seconds(125)).toBe('2 min 5 s');
  });

  it('never show an unknown cost as zero', () => {
    expect(cost(null, 'USD')).toBe('cost unknown');
    expect(cost(0, 'USD')).toBe('no cost');
    expect(cost(0.31, 'USD')).toBe('0.31 USD');
    expect(cost(0.0497, 'USD')).toBe('0.0497 USD');
  });

  it('share their decimals down a column', () => {
    expect(decimalsOf([1, 2])).toBe(0);
    expect(decimalsOf([1, 0.5])).toBe(1);
    expect(decimalsOf([1, 0.5, 0.123])).toBe(2);
  });
});

describe('hostile text', () => {
  it('shows what would act on a terminal or turn a line around', () => {
    expect(visible('\u001b[31mred')).toBe('⟨U+001B⟩[31mred');
    expect(visible('invoice \u202egnp.exe')).toBe('invoice ⟨U+202E⟩gnp.exe');
    expect(visible('a\r\nb\tc\rd')).toBe('a\nb\tc⟨U+000D⟩d');
    expect(visible('half \ud800')).toBe('half ⟨U+D800⟩');
    expect(visible('☺\ufe0f\u{e0148}\u{e0159}')).toBe('☺\ufe0f⟨U+E0148⟩⟨U+E0159⟩');
    expect(visible('❤\ufe0f 葛\u{e0100} 👩‍🔬')).toBe('❤\ufe0f 葛\u{e0100} 👩‍🔬');
  });

  it('cannot reach an object by its prototype', () => {
    expect(valueOf({ a: 1 }, 'constructor')).toBeUndefined();
    expect(valueOf({ a: {} }, 'a.__proto__')).toBeUndefined();
    expect(valueOf({ answer: { score: 3 } }, 'answer.score')).toBe(3);
    expect(valueOf({ 'judge: a.b': 1 }, 'judge: a.b')).toBe(1);
  });
});

describe('a rejection', () => {
  const row = (rule: string, value: number | null, message = ''): BatchRow =>
    ({ reasons: [{ rule, value, message }] }) as unknown as BatchRow;

  it('carries rule and value', () => {
    expect(reason(row('length', 71))).toBe('rejected: length 71');
    expect(reason(row('near_duplicate', 0.7437))).toBe('rejected: near_duplicate 0.74');
    expect(reason(row('judge', 1, 'judge mood ok = 1'))).toBe('rejected: judge mood ok = 1');
    expect(reason(row('truncated', null))).toBe('rejected: truncated');
  });
});
