/** A chart of numbers: bins to click, drag over or brush with Shift and the arrows. */

import {
  chosenOf,
  describeBar,
  drawn,
  heading,
  hollow,
  hollowPart,
  longest,
  type Chosen
} from './bars';
import type { Context, Part } from './context';
import { h, roving, toggle } from './dom';
import { count, visible } from './format';
import type { Bar, Chart } from './payload';
import { binOf, brush, isOpen, isWhole, type Bin } from './state';

/** Pixels of the highest bin. */
const HEIGHT = 48;

export function histogram(context: Context, chart: Chart): Part {
  const most = longest(chart);
  const measurable = context.payload.rows.some(row => binOf(chart, row) !== null);
  const counts = chart.bars.map(b => drawn(chart, b));
  const peak = counts.indexOf(Math.max(...counts));
  const bins = chart.bars.map((bar, i) => bin(chart, bar, most, i === peak, measurable));
  const plot = h(
    'div',
    { class: 'sn-plot', role: 'group', 'aria-label': `${chart.title}. ${chart.finding}` },
    ...bins.map(b => b.node),
    ...limits(chart)
  );
  if (measurable) {
    select(
      context,
      chart,
      plot,
      bins.map(b => b.node)
    );
  }
  const node = h(
    'section',
    { class: 'sn-panel sn-hist', title: visible(chart.finding) + hollow(chart) },
    heading(chart),
    plot,
    axis(chart.bars)
  );
  const paint = (): void => {
    const chosen = chosenOf(context, chart);
    const filter = context.state.filters.find(f => f.key === chart.id);
    bins.forEach((b, i) => {
      const on = filter?.kind === 'range' && i >= filter.first && i <= filter.last;
      b.paint(measurable ? chosen(i) : null, on);
    });
  };
  return { node, paint };
}

interface BinPart {
  node: HTMLButtonElement;
  /** Rows of this bin that are chosen, `null` for all of them. */
  paint(chosen: Chosen | null, on: boolean): void;
}

function bin(
  chart: Chart,
  bar: Bar,
  most: number,
  peak: boolean,
  measurable: boolean
): BinPart {
  const height = (n: number): string =>
    n ? `${Math.max(1, (HEIGHT * n) / most).toFixed(1)}px` : '0';
  const pale = h('i', { class: 'sn-pale' });
  pale.style.height = height(bar.count);
  const lost = hollowPart(bar, most, (node, n) => {
    node.style.height = height(n);
    node.style.insetBlockEnd = height(bar.count);
  });
  const fill = h('i', { class: 'sn-fill' });
  const top = h('span', { class: 'sn-peak' }, count(drawn(chart, bar)));
  top.style.insetBlockEnd = height(Math.min(bar.count + bar.rejected, most));
  const words = describeBar(bar);
  const node = h(
    'button',
    {
      class: 'sn-bin',
      type: 'button',
      title: visible(words),
      'aria-label': words,
      disabled: !measurable
    },
    pale,
    fill,
    ...lost.nodes,
    peak && top
  );
  const paint = (chosen: Chosen | null, on: boolean): void => {
    fill.style.height = height(chosen?.kept ?? bar.count);
    lost.paint(chosen);
    toggle(node, 'sn-on', on);
    node.setAttribute('aria-pressed', String(on));
  };
  return { node, paint };
}

/** Click one bin, drag over several, or hold Shift with the arrow keys. */
function select(context: Context, chart: Chart, plot: HTMLElement, nodes: HTMLElement[]): void {
  let anchor: number | null = null;
  let from: number | null = null;
  const at = (event: PointerEvent): number => {
    const i = nodes.findIndex(n => event.clientX < n.getBoundingClientRect().right);
    return i < 0 ? nodes.length - 1 : i;
  };
  plot.addEventListener('pointerdown', event => {
    if (event.button === 0) {
      from = at(event);
    }
  });
  plot.addEventListener('pointermove', event => {
    if (from !== null && event.buttons === 1 && at(event) !== from) {
      nodes.forEach((n, i) => toggle(n, 'sn-brushing', between(i, from ?? i, at(event))));
    }
  });
  const end = (event: PointerEvent): void => {
    nodes.forEach(n => toggle(n, 'sn-brushing', false));
    if (from !== null && event.type === 'pointerup' && at(event) !== from) {
      context.set(brush(context.state, chart, from, at(event)));
    }
    from = null;
  };
  plot.addEventListener('pointerup', end);
  plot.addEventListener('pointerleave', end);
  nodes.forEach((node, i) => {
    node.addEventListener('click', () => {
      anchor = i;
      context.set(brush(context.state, chart, i, i));
    });
  });
  roving(nodes, (old, next, event) => {
    if (event.shiftKey) {
      anchor ??= old;
      context.set(brush(context.state, chart, anchor, next));
    } else {
      anchor = null;
    }
  });
}

function between(i: number, a: number, b: number): boolean {
  return i >= Math.min(a, b) && i <= Math.max(a, b);
}

function ends(bars: readonly Bin[]): [number, number] {
  const lo = bars[0]?.lo ?? 0;
  return [lo, bars[bars.length - 1]?.hi ?? lo + 1];
}

/** Pixels of a plot, and of a letter of its words. */
const WIDTH = 174;
const LETTER = 6;

/** Dashed lines where a check draws its limit; an arrow at the edge tells of one outside. */
function limits(chart: Chart): HTMLElement[] {
  const [lo, hi] = ends(chart.bars);
  let taken = -Infinity;
  return [...chart.limits]
    .sort((a, b) => a - b)
    .map(limit => {
      const share = Math.min(1, Math.max(0, (limit - lo) / (hi - lo)));
      const said = `limit ${count(limit, 2)}`;
      const words = limit < lo ? `← ${said}` : limit > hi ? `${said} →` : said;
      const left = share > 0.5;
      const room = words.length * LETTER;
      const from = share * WIDTH - (left ? room : 0);
      const text = h('span', {}, words);
      const line = h('div', { class: left ? 'sn-limit sn-left' : 'sn-limit' }, text);
      toggle(line, 'sn-beyond', limit < lo || limit > hi);
      toggle(line, 'sn-lower', from < taken); // two words never lie on each other
      taken = Math.max(taken, from + room);
      line.style.insetInlineStart = `${(share * 100).toFixed(2)}%`;
      return line;
    });
}

/** Numbers under the bins: one under each where each is a whole number, else the ends. */
export function axis(bars: readonly Bin[]): HTMLElement {
  const [lo, hi] = ends(bars);
  const open = bars.some(isOpen);
  const marks = bars.every(isWhole) ? bars.map(b => b.lo ?? 0) : null;
  return h(
    'div',
    { class: marks ? 'sn-axis sn-marks' : 'sn-axis', 'aria-hidden': 'true' },
    ...(marks ?? [lo, (lo + hi) / 2, hi]).map((n, i, all) =>
      h('span', {}, count(n, 2) + (open && i === all.length - 1 ? '+' : ''))
    )
  );
}
