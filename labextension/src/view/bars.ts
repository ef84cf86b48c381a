/** A chart of labels: one bar a label, a tick where the plan is. Bars select rows. */

import type { Context, Part } from './context';
import { h, roving, toggle } from './dom';
import { count, plural, visible } from './format';
import type { Bar, Chart } from './payload';
import { toggleValue } from './state';

/** Pixels of a bar whose value is the largest of its chart. */
const TRACK = 92;

export function bars(context: Context, chart: Chart): Part {
  const most = Math.max(...chart.bars.map(b => Math.max(drawn(chart, b), b.planned ?? 0)), 1);
  const rows = chart.bars.map(bar => barRow(context, chart, bar, most));
  roving(rows.map(r => r.node));
  const group = h(
    'div',
    { role: 'group', 'aria-label': `${chart.title}. ${chart.finding}` },
    ...rows.map(r => r.node)
  );
  const longest = Math.max(...chart.bars.map(b => b.label.length));
  group.style.setProperty('--sn-chars', String(longest));
  group.style.setProperty('--sn-digits', String(Math.max(3, count(most).length)));
  const node = h(
    'section',
    { class: 'sn-panel', title: visible(chart.finding) },
    heading(chart),
    group
  );
  const paint = (): void => {
    const counts = context.found.filtered ? context.found.counts(chart.id) : null;
    rows.forEach((row, i) => row.paint(counts ? (counts[i] ?? 0) : null));
  };
  return { node, paint };
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
  const whole = drawn(chart, bar);
  const pale = h('i', { class: isLost(chart) ? 'sn-lost' : 'sn-pale' });
  pale.style.width = width(whole);
  pale.hidden = whole === 0;
  const fill = h('i', { class: 'sn-fill' });
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
    h('span', { class: 'sn-track' }, pale, fill, bar.planned !== null && tick),
    number
  );
  node.addEventListener('click', () => {
    context.set(toggleValue(context.state, chart, bar.label));
  });
  const paint = (selected: number | null): void => {
    fill.style.width = width(selected ?? bar.count);
    number.textContent = count(isLost(chart) ? whole : (selected ?? bar.count));
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
