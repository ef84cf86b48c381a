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
    const chosen = chosenOf(context, chart);
    rows.forEach((row, i) => row.paint(chosen(i)));
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

/** Rows of a bar that a filter chose. */
export interface Chosen {
  kept: number;
  lost: number;
  /** Rejected rows are all that was chosen: they are what to count. */
  only: boolean;
}

/** What is chosen under each bar; `null` for all of its rows. */
export function chosenOf(context: Context, chart: Chart): (bar: number) => Chosen | null {
  const { found } = context;
  const kept = found.filtered ? found.counts(chart.id) : null;
  const lost = found.filtered ? found.lost(chart.id) : null;
  const only = found.accepted === 0 && found.rejected > 0;
  return bar => (kept ? { kept: kept[bar] ?? 0, lost: lost?.[bar] ?? 0, only } : null);
}

/** Rejected rows of a bar, hollow: all of them, pale behind those that a filter chose. */
export interface Hollow {
  nodes: HTMLElement[];
  paint(chosen: Chosen | null): void;
}

export function hollowPart(
  bar: Bar,
  most: number,
  place: (node: HTMLElement, n: number) => void
): Hollow {
  const room = most - bar.count;
  const node = (n: number): HTMLElement => {
    const made = h('i', { class: 'sn-lost' });
    draw(made, n);
    return made;
  };
  const draw = (made: HTMLElement, n: number): void => {
    made.hidden = n === 0;
    toggle(made, 'sn-cut', n > room);
    place(made, Math.min(n, room));
  };
  const [all, some] = [node(bar.rejected), node(0)];
  const paint = (chosen: Chosen | null): void => {
    toggle(all, 'sn-faint', chosen !== null);
    draw(some, chosen?.lost ?? 0);
  };
  return { nodes: [all, some], paint };
}

/** The number beside a bar: of rejected rows where only these are drawn or chosen. */
function numberOf(chart: Chart, bar: Bar, chosen: Chosen | null): number {
  if (!chosen) {
    return drawn(chart, bar);
  }
  return chosen.only || isLost(chart) ? chosen.lost : chosen.kept;
}

interface BarRow {
  node: HTMLButtonElement;
  /** Rows of this bar that are chosen, `null` for all of them. */
  paint(chosen: Chosen | null): void;
}

function barRow(context: Context, chart: Chart, bar: Bar, most: number): BarRow {
  const width = (n: number): string => `${((TRACK * n) / most).toFixed(1)}px`;
  const pale = h('i', { class: 'sn-pale', hidden: bar.count === 0 });
  pale.style.width = width(bar.count);
  const fill = h('i', { class: 'sn-fill' });
  const lost = hollowPart(bar, most, (node, n) => {
    node.style.width = width(n);
    node.style.insetInlineStart = width(bar.count);
  });
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
    h('span', { class: 'sn-track' }, pale, fill, ...lost.nodes, bar.planned !== null && tick),
    number
  );
  node.addEventListener('click', () => {
    context.set(toggleValue(context.state, chart, bar.label));
  });
  const paint = (chosen: Chosen | null): void => {
    fill.style.width = width(chosen?.kept ?? bar.count);
    lost.paint(chosen);
    toggle(number, 'sn-bad', chosen?.only === true);
    number.textContent = count(numberOf(chart, bar, chosen));
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
