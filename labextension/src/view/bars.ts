/** A chart of labels: one bar a label, a tick where the plan is. Bars select rows. */

import type { Context, Part } from './context';
import { h, roving, toggle } from './dom';
import { count, plural, visible } from './format';
import type { Bar, Chart } from './payload';
import { toggleValue } from './state';

/** Pixels of a bar whose value is the largest of its chart. */
const TRACK = 92;

export function bars(context: Context, chart: Chart): Part {
  const most = longest(chart);
  const rows = chart.bars.map(bar => barRow(context, chart, bar, most));
  roving(rows.map(r => r.node));
  const group = h(
    'div',
    { role: 'group', 'aria-label': `${chart.title}. ${chart.finding}` },
    ...rows.map(r => r.node)
  );
  const letters = Math.max(...chart.bars.map(b => b.label.length));
  const digits = Math.max(3, ...chart.bars.map(b => count(drawn(chart, b)).length));
  group.style.setProperty('--sn-chars', String(letters));
  group.style.setProperty('--sn-digits', String(digits));
  const node = h(
    'section',
    { class: 'sn-panel', title: visible(chart.finding) + hollow(chart) },
    heading(chart),
    group
  );
  const paint = (): void => {
    const counts = context.found.filtered ? context.found.counts(chart.id) : null;
    rows.forEach((row, i) => row.paint(counts ? (counts[i] ?? 0) : null));
  };
  return { node, paint };
}

/** Rows of the longest bar or bin. What was rejected may at most double what was kept or planned:
 * beyond that it would flatten what the ticks are read against. */
export function longest(chart: Chart): number {
  const ticks = chart.kind === 'category' ? chart.bars.map(b => b.planned ?? 0) : [];
  const solid = Math.max(...chart.bars.map(b => b.count), ...ticks, 1);
  const whole = Math.max(...chart.bars.map(b => b.count + b.rejected), 1);
  return isLost(chart) ? Math.max(whole, solid) : Math.max(solid, Math.min(whole, 2 * solid));
}

/** What hollow means, where something is. */
export function hollow(chart: Chart): string {
  return chart.bars.some(b => b.rejected > 0) ? ' Hollow: rejected rows.' : '';
}

/** Title and unit, in the words of the mock-up: "mood  rows, tick = planned". */
export function heading(chart: Chart): HTMLElement {
  const planned = chart.kind === 'category' && chart.bars.some(b => b.planned !== null);
  const what = isLost(chart) ? 'rejected rows' : chart.unit;
  const unit = planned ? `${what}, tick = planned` : what;
  return h('h4', {}, visible(chart.title), h('span', {}, visible(unit)));
}

/** Nothing was accepted: what was rejected is drawn instead, hollow. */
export function isLost(chart: Chart): boolean {
  return chart.bars.every(b => b.count === 0) && chart.bars.some(b => b.rejected > 0);
}

/** The rows that a bar stands for. */
export function drawn(chart: Chart, bar: Bar): number {
  return isLost(chart) ? bar.rejected : bar.count;
}

interface BarRow {
  node: HTMLButtonElement;
  /** `selected` rows of this bar, `null` for all of them. */
  paint(selected: number | null): void;
}

function barRow(context: Context, chart: Chart, bar: Bar, most: number): BarRow {
  const width = (n: number): string => `${((TRACK * n) / most).toFixed(1)}px`;
  const pale = h('i', { class: 'sn-pale', hidden: bar.count === 0 });
  pale.style.width = width(bar.count);
  const fill = h('i', { class: 'sn-fill' });
  const cut = bar.count + bar.rejected > most;
  const lost = h('i', { class: cut ? 'sn-lost sn-cut' : 'sn-lost', hidden: !bar.rejected });
  lost.style.width = width(Math.min(bar.rejected, most - bar.count));
  lost.style.insetInlineStart = width(bar.count);
  const tick = h('i', { class: 'sn-tick' });
  tick.style.insetInlineStart = width(bar.planned ?? 0);
  const number = h('span', { class: 'sn-num' });
  const node = h(
    'button',
    {
      class: 'sn-bar',
      type: 'button',
      'aria-label': describeBar(bar),
      title: visible(describeBar(bar))
    },
    h('span', { class: 'sn-label', dir: 'auto' }, visible(bar.label)),
    h('span', { class: 'sn-track' }, pale, fill, lost, bar.planned !== null && tick),
    number
  );
  node.addEventListener('click', () => {
    context.set(toggleValue(context.state, chart, bar.label));
  });
  const paint = (selected: number | null): void => {
    fill.style.width = width(selected ?? bar.count);
    number.textContent = count(isLost(chart) ? bar.rejected : (selected ?? bar.count));
    const filter = context.state.filters.find(f => f.key === chart.id);
    const on = filter?.kind === 'values' && filter.values.includes(bar.label);
    toggle(node, 'sn-on', on);
    node.setAttribute('aria-pressed', String(on));
  };
  return { node, paint };
}

/** "angry, 10 rows, planned 9.6". */
export function describeBar(bar: Bar): string {
  const plan = bar.planned === null ? '' : `, planned ${count(bar.planned, 1)}`;
  const lost = bar.rejected > 0 ? `, ${count(bar.rejected)} rejected` : '';
  return `${bar.label}, ${plural(bar.count, 'row')}${plan}${lost}`;
}
