/** Versions as lines, the newest on top; buttons that open one or compare it. */

import type { Host } from '../context';
import { h } from '../dom';
import { doorButton, isVersion } from '../doors';
import { count, NOT_MEASURED, visible } from '../format';
import { picture, s } from '../svg';
import type { Figure, HistoryPayload, Version } from './payload';

const WIDTH = 48;
const HEIGHT = 18;
/** Points of a sparkline at most, the newest. */
const POINTS = 40;

const FOLLOWED = 'what people decided about the rows; rows and figures follow it';

interface Line {
  version: Version;
  buttons: HTMLButtonElement[];
  /** What it would be compared with is another one now. */
  compare(base: number | null): void;
}

/** The table, and the choice of what lines are compared with where code can be put. */
export function table(
  history: HistoryPayload,
  host: Host
): { node: HTMLElement; against: HTMLElement | null } {
  const { figures, name, versions } = history;
  const doors =
    Boolean(host.insertCode) && versions.every(v => isVersion(`${name}@${v.number}`));
  const decided = versions.some(v => v.decisions > 0);
  const lines = versions.map((version, i) =>
    doors
      ? lineOf(name, version, versions.slice(0, i).filter(hasRows).pop() ?? null, host)
      : null
  );
  const rows = versions.map((version, i) => rowOf(version, figures, decided, lines[i] ?? null));
  const head = h(
    'tr',
    {},
    h('th', { class: 'sn-num', scope: 'col' }, 'version'),
    doors && h('th', { scope: 'col' }, 'open'),
    h('th', { scope: 'col' }, 'made'),
    h('th', { class: 'sn-num', scope: 'col' }, 'rows'),
    h('th', { scope: 'col' }, 'changed'), // before the figures: it is what they are read by
    ...figures.map((figure, i) =>
      figureHead(
        figure,
        versions.map(v => v.values[i] ?? null)
      )
    ),
    decided && h('th', { class: 'sn-num', scope: 'col', title: FOLLOWED }, 'decisions')
  );
  const node = h(
    'table',
    { class: 'sn-versions', 'aria-label': `Versions of ${visible(name)}` },
    h('thead', {}, head),
    h('tbody', {}, ...rows.reverse())
  );
  const known = lines.filter((line): line is Line => line !== null);
  walk(
    known
      .map(line => line.buttons)
      .filter(buttons => buttons.length > 0)
      .reverse()
  );
  return { node, against: known.length > 2 ? against(known) : null };
}

/** A figure's name over its way through the versions, as they are written: a change that no
 * digit shows is none. */
function figureHead(figure: Figure, values: (number | null)[]): HTMLElement {
  return h(
    'th',
    { class: 'sn-num', scope: 'col', title: visible(figure.about) },
    visible(figure.label),
    sparkline(
      values.slice(-POINTS).map(v => (v === null ? v : Number(v.toFixed(figure.digits))))
    )
  );
}

function rowOf(
  version: Version,
  figures: readonly Figure[],
  decided: boolean,
  line: Line | null
): HTMLElement {
  const { candidates, changed, decisions, hash, made, number, rows, status } = version;
  const plain = (text: string): HTMLElement => h('td', { class: 'sn-num' }, text);
  const ended =
    status && status !== 'done' ? h('span', { class: 'sn-tag' }, visible(status)) : null;
  return h(
    'tr',
    {},
    h(
      'th',
      { class: 'sn-num', scope: 'row' },
      count(number),
      ' ',
      h('span', { class: 'sn-hash sn-mono sn-dim' }, visible(hash))
    ),
    line && h('td', { class: 'sn-opens' }, ...line.buttons, version.pruned && gone()),
    h(
      'td',
      { class: 'sn-when' },
      ...made.split(' ').flatMap(part => [h('span', {}, visible(part)), ' '])
    ),
    h('td', { class: 'sn-num' }, ended, ` ${count(rows)} of ${count(candidates)}`),
    h('td', { class: 'sn-changed', dir: 'auto' }, visible(changed)),
    ...figures.map(({ digits }, i) => {
      const value = version.values[i] ?? null;
      return plain(value === null ? NOT_MEASURED : count(value, digits, true));
    }),
    decided && plain(count(decisions))
  );
}

/** Whether a version has rows to compare: a run may have made none, or be pruned. */
function hasRows({ candidates, pruned }: Version): boolean {
  return candidates > 0 && !pruned;
}

function gone(): HTMLElement {
  const why = 'its rows were pruned from the store';
  return h('span', { class: 'sn-dim', title: why }, 'pruned');
}

function lineOf(name: string, version: Version, before: Version | null, host: Host): Line {
  const own = `${name}@${version.number}`;
  const show = doorButton({ label: 'Show', code: `%synth show ${own}`, run: true }, host);
  show.setAttribute('aria-label', `Show version ${version.number}`);
  const compared = { label: '', code: '', run: true }; // read when the button is pressed
  const diff = doorButton(compared, host);
  const compare = (base: number | null): void => {
    const other = base ?? before?.number ?? version.number;
    compared.code = `%synth diff ${name}@${other} ${own}`;
    diff.textContent = `Diff with ${other}`;
    diff.title = compared.code;
    diff.setAttribute('aria-label', `Diff of version ${version.number} with ${other}`);
    diff.hidden = other === version.number || !hasRows(version);
  };
  compare(null);
  return { version, buttons: version.pruned ? [] : [show, diff], compare };
}

/** What every line is compared with: the version before it, or one of them. */
function against(lines: readonly Line[]): HTMLElement {
  const versions = lines.map(line => line.version).filter(hasRows);
  const numbers = versions.map(version => version.number).reverse();
  const choice = h(
    'select',
    {},
    h('option', { value: '' }, 'the version before'),
    ...numbers.map(n => h('option', { value: n }, `version ${n}`))
  );
  choice.addEventListener('change', () => {
    const chosen = choice.value === '' ? null : Number(choice.value);
    lines.forEach(line => line.compare(chosen));
  });
  return h('label', { class: 'sn-against' }, 'Compare with ', choice);
}

/** Arrow keys walk all buttons as a grid that is one stop of the Tab key. */
function walk(rows: readonly HTMLElement[][]): void {
  const all = rows.flat();
  const stop = (at: HTMLElement | undefined): void =>
    all.forEach(other => (other.tabIndex = other === at ? 0 : -1));
  const to = (y: number, x: number): boolean => {
    const row = rows[y]?.filter(button => !button.hidden) ?? [];
    const found = row[Math.max(0, Math.min(x, row.length - 1))];
    found?.focus();
    return found !== undefined;
  };
  rows.forEach((row, y) =>
    row.forEach((button, x) => {
      button.addEventListener('focus', () => stop(button));
      button.addEventListener('keydown', event => {
        const last = rows.length - 1;
        const moves: Record<string, [number, number]> = {
          ArrowUp: [y - 1, x],
          ArrowDown: [y + 1, x],
          ArrowLeft: [y, x - 1],
          ArrowRight: [y, x + 1],
          Home: [0, x],
          End: [last, x]
        };
        const move = moves[event.key];
        if (move && !event.altKey && !event.ctrlKey && !event.metaKey) {
          to(...move);
          event.preventDefault();
          event.stopPropagation();
        }
      });
    })
  );
  stop(all[0]);
}

/** A line through the values, a dot at the newest; gaps where nothing was measured. */
function sparkline(values: readonly (number | null)[]): SVGElement | null {
  const known = values.filter((v): v is number => v !== null);
  if (known.length < 2) {
    return null;
  }
  const low = Math.min(...known);
  const spread = Math.max(...known) - low;
  const x = (i: number): number => 3 + (i / (values.length - 1)) * (WIDTH - 6);
  const y = (v: number): number =>
    spread ? HEIGHT - 3 - ((v - low) / spread) * (HEIGHT - 6) : HEIGHT / 2;
  let d = '';
  let pen = 'M';
  values.forEach((v, i) => {
    d += v === null ? '' : `${pen}${x(i).toFixed(1)} ${y(v).toFixed(1)}h0`; // a point alone, too
    pen = v === null ? 'M' : 'L';
  });
  const last = values[values.length - 1] ?? null;
  return picture(
    WIDTH,
    HEIGHT,
    s('path', { class: 'sn-trend', d }),
    ...(last === null
      ? []
      : [s('circle', { class: 'sn-newest', cx: x(values.length - 1), cy: y(last), r: 2.5 })])
  );
}
