import { describe, expect, it } from 'vitest';
import { needsLoading, replaced, SETUP, STARTER } from '../src/starter';

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

describe('a line in the place of another', () => {
  const turn = (source: string): string | null => replaced(source, '%synth a', '%synth b');

  it('leaves the notes and blank lines around it', () => {
    expect(turn('%synth a')).toBe('%synth b');
    expect(turn('# which way?\n\n%synth a \n')).toBe('# which way?\n\n%synth b\n');
  });

  it('is never put where more would run again, or where it is indented', () => {
    expect(turn('generate(recipe)\n%synth a')).toBeNull();
    expect(turn('%synth a\n%synth a')).toBeNull();
    expect(turn('if True:\n    %synth a')).toBeNull();
    expect(turn('    %synth a')).toBeNull();
    expect(turn('%synth a b')).toBeNull();
    expect(turn('# a cell that was changed')).toBeNull();
    expect(turn('')).toBeNull();
  });
});
