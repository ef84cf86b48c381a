/** Where rows lie in a window that scrolls over many of them, of which few were measured. */

export interface Layout {
  /** Rows in all. */
  total: number;
  /** Pixels of a row that was not measured. */
  height: number;
  /** Pixels of the lowest row there can be. */
  least: number;
  /** Pixels in sight. */
  view: number;
  /** What measured rows have beyond `height`. */
  sizes: Sizes;
}

/** How much higher or lower rows are than assumed: a Fenwick tree, so that a hundred
 * thousand of them are summed in a few steps. */
export class Sizes {
  private own = new Map<number, number>();
  private tree = new Map<number, number>();

  constructor(private total: number) {}

  set(position: number, extra: number): void {
    const change = extra - (this.own.get(position) ?? 0);
    if (change === 0 || position >= this.total) {
      return;
    }
    this.own.set(position, extra);
    for (let i = position + 1; i <= this.total; i += i & -i) {
      this.tree.set(i, (this.tree.get(i) ?? 0) + change);
    }
  }

  /** The sum over all rows above a position. */
  before(position: number): number {
    let sum = 0;
    for (let i = Math.min(position, this.total); i > 0; i -= i & -i) {
      sum += this.tree.get(i) ?? 0;
    }
    return sum;
  }
}

/** Browsers draw no element that is much higher: beyond it, scrolling goes in bigger steps. */
const HIGHEST = 12_000_000;
/** Rows drawn above and below those in sight. */
const OVER = 8;

/** Whether so many rows can be laid out one by one, none higher than this. */
export function exact(total: number, highest: number): boolean {
  return total * highest <= HIGHEST;
}

function above(layout: Layout, position: number): number {
  return position * layout.height + layout.sizes.before(position);
}

function full(layout: Layout): number {
  return above(layout, layout.total);
}

/** Pixels of the scrolled area above a row, as much as the browser can bear. */
export function heightBefore(layout: Layout, position: number): number {
  const sum = above(layout, position);
  const whole = full(layout);
  return whole <= HIGHEST ? sum : (sum / (whole - layout.view)) * (HIGHEST - layout.view);
}

/** Pixels above the rows that are drawn, so that the one in sight stands where it should. */
export function space(layout: Layout, first: number, inSight: number): number {
  if (full(layout) <= HIGHEST) {
    return heightBefore(layout, first);
  }
  return Math.max(0, heightBefore(layout, inSight) - (inSight - first) * layout.height);
}

/** The first row in sight when the area is scrolled so far. */
export function placeAt(layout: Layout, scroll: number): number {
  const whole = full(layout);
  const scaled = (scroll / (HIGHEST - layout.view)) * (whole - layout.view);
  const real = whole <= HIGHEST ? scroll : scaled;
  let [low, high] = [0, layout.total - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (above(layout, middle + 1) > real) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** The rows to draw around the first one in sight: from, and up to but not including. */
export function edges(layout: Layout, first: number): [number, number] {
  const shown = Math.ceil(layout.view / layout.least) + 1;
  return [Math.max(0, first - OVER), Math.min(layout.total, first + shown + OVER)];
}
