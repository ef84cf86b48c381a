/** Distributions of both versions: the new one filled, the old one a line over it. */

import { h, roving, toggle } from '../dom';
import { count, plural, visible } from '../format';
import { axis } from '../histogram';
import { picture, s } from '../svg';
import { section } from './head';
import type { DiffPayload, Overlay, OverlayBar } from './payload';
import { hasBin, type Filter, type Part } from './state';

const WIDTH = 236;
const HEIGHT = 78;
const TRACK = 96;

export function charts(diff: DiffPayload, choose: (filter: Filter) => void): Part | null {
  if (!diff.charts.length) {
    return null;
  }
  const drawn = diff.charts.map(chart =>
    chart.kind === 'histogram' ? histogram(diff, chart, choose) : bars(diff, chart, choose)
  );
  const legend = h(
    'span',
    {},
    h('b', { class: 'sn-new-word' }, `${visible(diff.new.label)}, filled`),
    ` over ${visible(diff.old.label)}, line`
  );
  const node = section(
    'Distributions',
    legend,
    h('div', { class: 'sn-overlays' }, ...drawn.map(part => part.node))
  );
  return { node, paint: filter => drawn.forEach(part => part.paint(filter)) };
}

function heading(chart: Overlay, unit: string): HTMLElement {
  return h('h5', {}, visible(chart.title), h('span', {}, visible(unit)));
}

/** Where totals differ, heights are shares, so that one version does not dwarf the other. */
function share(n: number, total: number): number {
  return total > 0 ? n / total : 0;
}

function words(diff: DiffPayload, bar: OverlayBar): string {
  return `${bar.label}, ${plural(bar.new, 'row')} in ${diff.new.label}, ${count(bar.old)} in ${diff.old.label}`;
}

function histogram(diff: DiffPayload, chart: Overlay, choose: (filter: Filter) => void): Part {
  const newShares = chart.bars.map(b => share(b.new, chart.newTotal));
  const oldShares = chart.bars.map(b => share(b.old, chart.oldTotal));
  const most = Math.max(...newShares, ...oldShares, 1e-9);
  const top = (value: number): number => HEIGHT - 1 - (value / most) * (HEIGHT - 8);
  const step = WIDTH / chart.bars.length;
  const buttons = chart.bars.map((bar, i) => {
    const fill = h('i', { class: 'sn-pale' });
    fill.style.height = `${(HEIGHT - 1 - top(newShares[i] ?? 0)).toFixed(1)}px`;
    const doors = diff.rows.some(row => hasBin(row, chart, bar));
    const node = h(
      'button',
      {
        class: 'sn-bin',
        type: 'button',
        disabled: !doors,
        title: visible(words(diff, bar)),
        'aria-label': words(diff, bar),
        onclick: () => choose({ kind: 'bin', chart, bar })
      },
      fill
    );
    return { node, bar };
  });
  let d = `M0 ${top(0).toFixed(1)}`;
  oldShares.forEach((value, i) => {
    d += `V${top(value).toFixed(1)}H${((i + 1) * step).toFixed(1)}`;
  });
  const line = picture(WIDTH, HEIGHT, s('path', { class: 'sn-over', d: `${d}V${HEIGHT - 1}` }));
  const plot = h(
    'div',
    { class: 'sn-plot sn-overlay', role: 'group', 'aria-label': chart.title },
    ...buttons.map(b => b.node),
    line
  );
  roving(buttons.map(b => b.node).filter(b => !b.disabled));
  const node = h(
    'div',
    { class: 'sn-over-hist' },
    heading(chart, chart.unit),
    plot,
    axis(chart.bars)
  );
  const paint = (filter: Filter): void =>
    buttons.forEach(b => {
      const on = filter.kind === 'bin' && filter.chart === chart && filter.bar === b.bar;
      toggle(b.node, 'sn-on', on);
      b.node.setAttribute('aria-pressed', String(on));
    });
  return { node, paint };
}

function bars(diff: DiffPayload, chart: Overlay, choose: (filter: Filter) => void): Part {
  const shares = chart.bars.flatMap(b => [
    share(b.new, chart.newTotal),
    share(b.old, chart.oldTotal)
  ]);
  const most = Math.max(...shares, 1e-9);
  const width = (n: number, total: number): string =>
    `${((share(n, total) / most) * TRACK).toFixed(1)}px`;
  const door = chart.id === 'outcome' && diff.paired;
  const lines = chart.bars.map(bar => {
    const fill = h('i', { class: 'sn-pale' });
    const over = h('i', { class: 'sn-rule' });
    fill.style.width = width(bar.new, chart.newTotal);
    over.style.width = width(bar.old, chart.oldTotal);
    const node = h(
      'button',
      {
        class: 'sn-over-bar',
        type: 'button',
        disabled: !door,
        title: visible(words(diff, bar)),
        'aria-label': words(diff, bar),
        onclick: () => choose({ kind: 'outcome', outcome: bar.label })
      },
      h('span', { class: 'sn-label', dir: 'auto' }, visible(bar.label)),
      h('span', { class: 'sn-track' }, fill, over),
      h('span', { class: 'sn-num sn-dim' }, count(bar.old)),
      h('span', { class: 'sn-num' }, count(bar.new))
    );
    return { node, bar };
  });
  if (door) {
    roving(lines.map(l => l.node));
  }
  const of = chart.oldTotal === chart.newTotal ? ` of ${count(chart.newTotal)}` : '';
  const unit = `rows${of}: ${diff.old.label}, ${diff.new.short}`;
  const node = h('div', {}, heading(chart, unit), ...lines.map(l => l.node));
  const paint = (filter: Filter): void =>
    lines.forEach(l => {
      const on = filter.kind === 'outcome' && door && filter.outcome === l.bar.label;
      toggle(l.node, 'sn-on', on);
      l.node.setAttribute('aria-pressed', String(on));
    });
  return { node, paint };
}
