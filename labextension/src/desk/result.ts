/** What a ranking found: one sentence, then strengths, agreement, position bias. */

import { h } from '../view/dom';
import { count, plural, visible } from '../view/format';
import { list, number, object, objects, text, type JSONObject } from '../view/payload';
import { picture, s } from '../view/svg';
import { keyed } from './desk';
import { judge } from './judge';
import { block, fixed, interval, n, signed } from './words';

export interface ResultHost {
  live: boolean;
  code?: (code: string) => void;
  goOn: (() => void) | null;
  /** The pairs where a judge differs; not before all are judged, as they tell. */
  differ: ((model: string) => Promise<JSONObject | null>) | null;
  more(n: number): void;
  undo(): void;
  exportRows(): void;
  /** Put the export into a cell that lacks these. */
  fillIn(names: string[]): void;
}

const MORE = 30;

export function result(found: JSONObject, state: JSONObject, host: ResultHost): HTMLElement {
  const sentence = text(found.sentence) || 'Nothing is ranked yet';
  return h(
    'div',
    {},
    h(
      'div',
      { class: 'sn-verdict' },
      h(
        'span',
        { class: 'sn-big', role: 'heading', 'aria-level': 3, tabindex: -1 },
        visible(sentence)
      ),
      h('span', { class: 'sn-facts sn-whole' }, visible(facts(found, state)))
    ),
    strengths(found, host),
    ...agreement(object(found.agreement)),
    ...objects(found.judges).flatMap(told => judge(told, host.differ)),
    actions(found, state, host)
  );
}

function facts(found: JSONObject, state: JSONObject): string {
  const done = number(state.done) ?? 0;
  const total = number(state.total) ?? 0;
  const skipped = number(object(state.tally).skip) ?? 0;
  const apart = skipped ? ` and ${count(skipped)} skipped` : '';
  const open =
    done < total
      ? ` · ${count(done - skipped)} of ${count(total)} pairs judged${apart} so far`
      : '';
  return `${text(state.title)}, column ${text(state.column)} · ${text(found.facts)}${open}`;
}

// strengths

function strengths(found: JSONObject, host: ResultHost): HTMLElement | null {
  const systems = objects(found.systems);
  if (systems.length < 2) {
    return null;
  }
  const head = h(
    'tr',
    { class: 'sn-small sn-dim' },
    h('th', {}),
    ...['won–tied–lost', 'strength'].map(name =>
      h('th', { class: 'sn-num', scope: 'col' }, name)
    ),
    h('th', { class: 'sn-num sn-span', scope: 'col' }, '95%'),
    h('th', { class: 'sn-plot', 'aria-hidden': 'true' }, axis(systems))
  );
  const rows = systems.map(system =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, visible(text(system.name))),
      h('td', { class: 'sn-num' }, `${n(system.won)}–${n(system.tied)}–${n(system.lost)}`),
      h('td', { class: 'sn-num' }, h('b', {}, signed(number(system.strength)))),
      h('td', { class: 'sn-num sn-dim sn-span' }, interval(system)),
      h('td', { class: 'sn-plot', 'aria-hidden': 'true' }, dot(system, systems))
    )
  );
  const first = objects(found.differences)[0];
  return block(
    'Strength',
    `Bradley-Terry, log scale, 0 = average of ${systems.length === 2 ? 'both' : `the ${systems.length}`}; ` +
      '95% bootstrap intervals; half a win added to each side of every pairing',
    h('table', { class: 'sn-bt' }, h('thead', {}, head), h('tbody', {}, ...rows)),
    first ? difference(first, found, host) : null
  );
}

function difference(first: JSONObject, found: JSONObject, host: ResultHost): HTMLElement {
  const more = number(found.more) ?? 0;
  return h(
    'p',
    { class: 'sn-find' },
    visible(`${text(first.better)} against ${text(first.other)}: difference `),
    `${signed(number(first.value))}, 95% ${interval(first)}: `,
    h('b', {}, text(first.verdict)),
    '. ',
    text(found.ahead) ? `${text(found.ahead)} ` : '',
    host.live && more > 0
      ? h(
          'button',
          { class: 'sn-text', type: 'button', onclick: () => host.more(MORE) },
          `Rank ${Math.min(MORE, more)} more`
        )
      : null
  );
}

const WIDTH = 300;
const HALF = WIDTH / 2;

/** Strengths that the axis reaches at most, whatever an output says. */
const FARTHEST = 99;

function reach(systems: JSONObject[]): number {
  const ends = systems.flatMap(x => [number(x.low) ?? 0, number(x.high) ?? 0]);
  return Math.min(FARTHEST, Math.max(1, Math.ceil(Math.max(...ends.map(Math.abs)))));
}

/** Whole numbers along the axis, four to each side at most. */
function ticks(top: number): number[] {
  const step = Math.ceil(top / 4);
  const n = Math.floor(top / step);
  return Array.from({ length: 2 * n + 1 }, (_, i) => (i - n) * step);
}

function axis(systems: JSONObject[]): SVGElement {
  const top = reach(systems);
  const words = ticks(top).map(at => {
    const x = HALF + (at / top) * (HALF - 16);
    const word = at === 0 ? '0' : signed(at, 0);
    return s('text', { x, y: 12, 'text-anchor': 'middle', class: 'sn-tickword' }, word);
  });
  return picture(WIDTH, 16, ...words);
}

function dot(system: JSONObject, systems: JSONObject[]): SVGElement {
  const top = reach(systems);
  const x = (value: number | null): number =>
    HALF + (Math.max(-top, Math.min(top, value ?? 0)) / top) * (HALF - 16);
  const lines = ticks(top).map(at =>
    s('path', { d: `M${x(at)} 0V28`, class: at === 0 ? 'sn-zero' : 'sn-grid' })
  );
  return picture(
    WIDTH,
    28,
    ...lines,
    s('path', {
      d: `M${x(number(system.low))} 14H${x(number(system.high))}`,
      class: 'sn-whisker'
    }),
    s('circle', { cx: x(number(system.strength)), cy: 14, r: 4, class: 'sn-dot' })
  );
}

// people

function agreement(found: JSONObject): HTMLElement[] {
  const raters = list(found.raters).map(text);
  if (raters.length < 2) {
    return [];
  }
  const all = [
    [
      'Fleiss κ',
      found.fleiss,
      text(found.fleiss_few) ||
        `on the ${plural(n(found.fleiss_pairs), 'pair')} that everyone judged`
    ],
    [
      'Krippendorff α',
      found.krippendorff,
      text(found.krippendorff_few) || 'on all pairs judged by at least two'
    ]
  ] as const;
  const rows = [
    ...objects(found.cohen).map(c => [
      `${text(c.a)} and ${text(c.b)}, Cohen κ`,
      number(c.value),
      `${text(c.few) || interval(c)}; same verdict on ${n(c.same)} of ${n(c.pairs)}`
    ]),
    ...all.map(([name, value, note]) => [name, number(value ?? null), note])
  ] as [string, number | null, string][];
  const body = rows.map(([name, value, note]) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, visible(name)),
      h('td', { class: 'sn-num' }, h('b', {}, fixed(value))),
      h('td', { class: 'sn-dim' }, note)
    )
  );
  return [
    block(
      'Raters',
      raters.map(visible).join(', '),
      h('table', { class: 'sn-kt' }, h('tbody', {}, ...body))
    )
  ];
}

// what to do next

function actions(found: JSONObject, state: JSONObject, host: ResultHost): HTMLElement {
  const rows = number(found.rows ?? found.decided) ?? 0;
  const { goOn, code } = host;
  const button = (label: string, press: () => void, look = 'sn-button'): HTMLElement =>
    h('button', { class: look, type: 'button', onclick: press }, label);
  const first = goOn ? 'sn-button' : 'sn-button sn-primary';
  const offer = `Export ${plural(rows, 'preference row')}`;
  // Licence and purpose are never guessed: where they are open, the cell has room for them.
  const open = list(state.unstated).map(text);
  const filled = code && open.length ? (): void => host.fillIn(open) : host.exportRows;
  return h(
    'div',
    {},
    h(
      'div',
      { class: 'sn-keys' },
      goOn && host.live ? goOnButton(goOn) : null,
      host.live && rows
        ? button(open.length ? `${offer}…` : offer, () => filled(), first)
        : null,
      host.live ? keyed('Undo', 'u', () => host.undo()) : null,
      code && rows
        ? button('Insert as code cell', () => code(text(state.code)), 'sn-text')
        : null
    ),
    n(found.decided) && (rows || n(found.gone))
      ? h('p', { class: 'sn-dim sn-small' }, sum(found, rows))
      : null
  );
}

function goOnButton(press: () => void): HTMLElement {
  const made = keyed('Go on ranking', 'Enter', press);
  made.classList.add('sn-primary');
  return made;
}

/** `49 preference rows = 60 pairs − 6 ties − 5 both bad.`, and their columns. */
function sum(found: JSONObject, rows: number): string {
  const parts = [plural(n(found.pairs), 'pair')];
  if (n(found.ties)) {
    parts.push(plural(n(found.ties), 'tie'));
  }
  if (n(found.both_bad)) {
    parts.push(`${n(found.both_bad)} both bad`);
  }
  const same = n(found.left_out);
  const left = same ? ` ${plural(same, 'pair')} of equal answers never shown.` : '';
  const columns = 'columns: prompt, chosen, rejected, margin';
  const made = text(found.sum) || `${count(rows)} = ${parts.join(' − ')}; ${columns}`;
  return `${made}.${left}`;
}
