/** The plane of the map: its units, pixels of the canvas, rectangles that move. */

import type { Pair } from './state';

/** Pixels of the canvas as it is laid out, and of the margin that keeps dots whole. */
export const WIDTH = 236;
export const HEIGHT = 142;
const MARGIN = 6;
/** Side of the map in its own units. */
export const SIDE = 1000;
/** How far an arrow key moves a region. */
export const STEP = 50;

export function screen(x: number, y: number): [number, number] {
  return [
    MARGIN + (x / SIDE) * (WIDTH - 2 * MARGIN),
    MARGIN + (1 - y / SIDE) * (HEIGHT - 2 * MARGIN)
  ];
}

export function unscreen(pixels: number, side: number): number {
  return Math.round(((pixels - MARGIN) / (side - 2 * MARGIN)) * SIDE);
}

export function ordered(a: number, b: number): Pair {
  return [Math.max(0, Math.min(a, b)), Math.min(SIDE, Math.max(a, b))];
}

/** Move both ends, or with `grow` the far one, within the map. */
export function shifted(from: number, to: number, step: number, grow: boolean): Pair {
  if (grow) {
    return [from, Math.max(from + STEP, Math.min(SIDE, to + step))];
  }
  const size = to - from;
  const start = Math.max(0, Math.min(SIDE - size, from + step));
  return [start, start + size];
}

export function inside(value: number, [from, to]: Pair): boolean {
  return value >= from && value <= to;
}
