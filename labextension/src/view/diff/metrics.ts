/** Metrics of both versions: native numbers beside one common scale. */

import { h } from '../dom';
import { count, NOT_MEASURED, visible } from '../format';
import { picture, s } from '../svg';
import { section } from './head';
import type { DiffPayload, Metric } from './payload';

const WIDTH = 300;
const HEIGHT = 37;
/** Space before the plot, as in the style. */
const INDENT = 24;
/** Room at both ends, so that no dot is cut. */
const EDGE = 8;
const STEPS = [0.1, 0.25, 0.5, 1];
/** Standard deviations at the edge: a larger change is an arrow, and squeezes no other. */
const FARTHEST = 2;

export function metrics(diff: DiffPayload): HTMLElement | null {
  if (!diff.metrics.length) {
    return null;
  }
  const scale = new Scale(diff.metrics);
  const table = h(
    'table',
    { class: diff.paired ? 'sn-metrics' : 'sn-metrics sn-unpaired' },
    head(diff, scale),
    h('tbody', {}, ...diff.metrics.map(metric => line(metric, diff.paired, scale)))
  );
  const note = diff.note
    ? h('p', { class: 'sn-note sn-small sn-dim' }, visible(diff.note))
    : null;
  return section('What changed', visible(diff.subtitle), table, note);
}

function head(diff: DiffPayload, scale: Scale): HTMLElement {
  const number = (label: string, extra = ''): HTMLElement =>
    h('th', { class: `sn-num ${extra}`.trim(), scope: 'col' }, visible(label));
  return h(
    'thead',
    {},
    h(
      'tr',
      {},
      h('th', { scope: 'col' }, 'metric'),
      number(diff.old.label),
      number(diff.new.label),
      diff.paired &&
        h(
          'th',
          { class: 'sn-plotted', scope: 'col' },
          `change, in standard deviations of ${visible(diff.old.label)}`,
          scale.axis()
        ),
      number('change'),
      diff.paired && number('95% interval', 'sn-interval'),
      diff.paired && h('th', { class: 'sn-word', scope: 'col' }, 'verdict')
    )
  );
}

function line(metric: Metric, paired: boolean, scale: Scale): HTMLElement {
  const { digits, low, high, verdict } = metric;
  const interval =
    low === null || high === null
      ? NOT_MEASURED
      : `${signed(low, digits)} to ${signed(high, digits)}`;
  const word =
    verdict === 'too few pairs'
      ? `${verdict} (${count(metric.pairs)})`
      : (verdict ?? NOT_MEASURED);
  const numbers = [plain(metric.old, digits), plain(metric.new, digits)];
  return h(
    'tr',
    { class: `sn-v-${(verdict ?? 'none').replaceAll(' ', '-')}` },
    h(
      'th',
      { scope: 'row' },
      visible(metric.label),
      h('div', { class: 'sn-dim sn-small' }, visible(metric.unit))
    ),
    ...numbers.map(text => h('td', { class: 'sn-num' }, text)),
    paired && h('td', { class: 'sn-plotted' }, ...scale.grid(), scale.plot(metric)),
    h('td', { class: 'sn-num' }, signed(metric.change, digits)),
    paired && h('td', { class: 'sn-num sn-dim sn-interval' }, interval),
    paired && h('td', { class: 'sn-word' }, word)
  );
}

export function plain(value: number | null, digits: number): string {
  return value === null ? NOT_MEASURED : count(rounded(value, digits), digits, true);
}

export function signed(value: number | null, digits: number): string {
  const shown = plain(value, digits);
  return value !== null && rounded(value, digits) > 0 ? `+${shown}` : shown;
}

/** Never `−0.000`. */
function rounded(value: number, digits: number): number {
  const shown = Number(value.toFixed(digits));
  return shown === 0 ? 0 : shown;
}

/** One scale for all metrics, 0 in the middle. */
class Scale {
  private readonly ticks: number[];
  private readonly most: number;

  constructor(metrics: readonly Metric[]) {
    const ends = metrics.flatMap(m => m.scaled ?? []).map(Math.abs);
    this.most = Math.min(FARTHEST, Math.max(0.1, ...ends)) * 1.05;
    const step = STEPS.find(width => this.most / width < 3.2) ?? this.most / 2;
    const n = Math.floor(this.most / step);
    this.ticks = Array.from({ length: 2 * n + 1 }, (_, i) => (i - n) * step);
  }

  private x(value: number): number {
    return WIDTH / 2 + (value / this.most) * (WIDTH / 2 - EDGE);
  }

  axis(): SVGElement {
    const labels = this.ticks.map(tick =>
      s(
        'text',
        { x: this.x(tick), y: 12, 'text-anchor': 'middle' },
        tick > 0 ? `+${count(tick, 2)}` : count(tick, 2)
      )
    );
    return picture(WIDTH, 14, ...labels);
  }

  /** Lines behind the plots, as high as their row is. */
  grid(): HTMLElement[] {
    return this.ticks.map(tick => {
      const line = h('i', { class: tick === 0 ? 'sn-grid-line sn-zero' : 'sn-grid-line' });
      line.style.left = `${(this.x(tick) + INDENT).toFixed(1)}px`;
      return line;
    });
  }

  plot(metric: Metric): SVGElement | null {
    if (!metric.scaled) {
      return null;
    }
    const inside = (value: number): number => Math.max(-this.most, Math.min(this.most, value));
    const [low, mid, high] = metric.scaled;
    const y = HEIGHT / 2;
    const from = this.x(inside(low)).toFixed(1);
    const range = `M${from} ${y}H${this.x(inside(high)).toFixed(1)}`;
    const arrows = [low, high]
      .filter(end => Math.abs(end) > this.most)
      .map(end => {
        const tip = this.x(inside(end)) + (end > 0 ? 6 : -6);
        const back = end > 0 ? -7 : 7;
        return s('path', { class: 'sn-tip', d: `M${tip} ${y}l${back} -4v8z` });
      });
    const dot = s('circle', { class: 'sn-mid', cx: this.x(mid), cy: y, r: 4 });
    return picture(
      WIDTH,
      HEIGHT,
      s('path', { class: 'sn-range', d: range }),
      ...arrows,
      ...(Math.abs(mid) <= this.most ? [dot] : [])
    );
  }
}
