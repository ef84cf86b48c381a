/** Where rows of one height lie in a window that scrolls over many of them. */

export interface Layout {
  /** Rows in all. */
  total: number;
  /** Pixels of a row. */
  height: number;
  /** Pixels in sight. */
  view: number;
  /** Pixels that open rows take below themselves, by position. */
  extra: ReadonlyMap<number, number>;
}

/** Browsers draw no element that is much higher: beyond it, scrolling goes in bigger steps. */
const HIGHEST = 12_000_000;
/** Rows drawn above and below those in sight. */
const OVER = 8;

function full(layout: Layout): number {
  let sum = layout.total * layout.height;
  for (const extra of layout.extra.values()) {
    sum += extra;
  }
  return sum;
}

/** Pixels of the scrolled area above a row, as much as the browser can bear. */
export function heightBefore(layout: Layout, position: number): number {
  let sum = position * layout.height;
  for (const [at, extra] of layout.extra) {
    sum += at < position ? extra : 0;
  }
  const whole = full(layout);
  return whole <= HIGHEST ? sum : (sum / (whole - layout.view)) * (HIGHEST - layout.view);
}

/** Pixels above the rows that are drawn, so that the one in sight stands where it should. */
export function space(layout: Layout, first: number, inSight: number): number {
  const exact = heightBefore(layout, first);
  if (full(layout) <= HIGHEST) {
    return exact;
  }
  return Math.max(0, heightBefore(layout, inSight) - (inSight - first) * layout.height);
}

/** The first row in sight when the area is scrolled so far. */
export function placeAt(layout: Layout, scroll: number): number {
  const whole = full(layout);
  const scaled = (scroll / (HIGHEST - layout.view)) * (whole - layout.view);
  const real = whole <= HIGHEST ? scroll : scaled;
  let above = 0;
  for (const [at, extra] of [...layout.extra].sort((a, b) => a[0] - b[0])) {
    const end = (at + 1) * layout.height + above;
    if (real >= end + extra) {
      above += extra;
    } else if (real > end) {
      return at;
    }
  }
  const first = Math.floor((real - above) / layout.height);
  return Math.max(0, Math.min(first, layout.total - 1));
}

/** The rows to draw around the first one in sight: from, and up to but not including. */
export function edges(layout: Layout, first: number): [number, number] {
  const shown = Math.ceil(layout.view / layout.height) + 1;
  return [Math.max(0, first - OVER), Math.min(layout.total, first + shown + OVER)];
}
