import { describe, expect, it } from 'vitest';
import { mountRank } from '../src/desk/rank';

/** The words along the axis of two systems, of which one reaches that far. */
function marks(high: number): string[] {
  const systems = [
    { name: 'new', strength: 0.5, low: -0.2, high },
    { name: 'old', strength: -0.5, low: -1, high: 0.2 }
  ];
  const element = document.createElement('div');
  mountRank(element, { v: 1, id: 'rank-1', current: null, result: { systems } });
  return [...element.querySelectorAll('.sn-tickword')].map(mark => mark.textContent);
}

describe('the axis of strengths', () => {
  it('has a few marks, whatever an output says', () => {
    expect(marks(1.8)).toEqual(['−2', '−1', '0', '+1', '+2']);
    expect(marks(7)).toEqual(['−6', '−4', '−2', '0', '+2', '+4', '+6']);
    expect(marks(1e9)).toHaveLength(7);
  });
});
