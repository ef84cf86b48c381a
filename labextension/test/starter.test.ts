import { describe, expect, it } from 'vitest';
import { needsLoading, SETUP, STARTER } from '../src/starter';

describe('the first cell', () => {
  it('needs the extension only once in a notebook', () => {
    expect(needsLoading([])).toBe(true);
    expect(needsLoading(['import x', `# first\n${SETUP}`])).toBe(false);
    expect(needsLoading(['%load_ext synthnbx'])).toBe(true);
  });

  it('is a cell of the shape that the magic reads', () => {
    expect(STARTER).toMatch(/^%%synth [a-z]+ -n \d+\n[^]*\n---\n[^]+$/);
  });
});
