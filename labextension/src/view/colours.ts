import type { Bar } from './payload';
import { OTHERS } from './state';

/** Labels that have a colour; the others are grey. */
export const COLOURS = 6;

/**
 * The colour of each bar, `COLOURS` for grey. Labels of the recipe take them in its order,
 * all others by name: how often one comes, or which comes first, moves no colour.
 */
export function coloursOf(bars: readonly Bar[]): number[] {
  const group = (bar: Bar): number =>
    OTHERS.test(bar.label) ? 2 : bar.planned === null ? 1 : 0;
  const order = [...bars].sort(
    (a, b) => group(a) - group(b) || (group(a) === 1 ? (a.label > b.label ? 1 : -1) : 0)
  );
  return bars.map(bar => Math.min(order.indexOf(bar), COLOURS));
}
