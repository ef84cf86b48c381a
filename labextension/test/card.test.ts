import { describe, expect, it } from 'vitest';
import { card } from '../src/desk/card';
import { h } from '../src/view/dom';

describe('the card of a row', () => {
  it('shows the raw answer of a row without a text, and checks that wrap', () => {
    const cut = { name: 'text', text: 'It br', made: null, main: true, raw: true };
    const reasons = [{ rule: 'truncated', value: null, message: 'Truncated: used 60 tokens' }];
    const row = {
      index: 8,
      accepted: false,
      outcome: null,
      reasons,
      fields: [cut],
      detail: {}
    };
    const root = h('div', {}, ...card(row));
    const words = (selector: string): string => root.querySelector(selector)?.textContent ?? '';
    expect(words('.sn-tag')).toBe('rejected: truncated');
    expect(words('h5')).toBe('text: none, the raw answer');
    expect(words('.sn-tx')).toBe('It br');
    // only the fifth column, as in an opened row, may wrap
    expect(words('.sn-checks td:nth-child(5)')).toBe('Truncated: used 60 tokens');
  });
});
