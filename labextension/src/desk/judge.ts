/** A judge beside people: where they agree, and whether the first place sways it. */

import { h } from '../view/dom';
import { count, plural, visible } from '../view/format';
import { list, number, object, objects, text, type JSONObject } from '../view/payload';
import { block, fixed, interval, n } from './words';

/** `differ` asks for the pairs where people and judge differ, if that can be asked. */
export function judge(
  found: JSONObject,
  differ: ((model: string) => Promise<JSONObject | null>) | null
): HTMLElement[] {
  const kappa = object(found.kappa);
  const enough = found.enough === true;
  const few = text(kappa.few);
  const words = h(
    'div',
    {},
    h('div', { class: 'sn-big' }, `κ = ${fixed(number(kappa.value))}`),
    h('div', { class: 'sn-dim' }, few || `95% ${interval(kappa, false)}`),
    h(
      'p',
      {},
      `${text(kappa.word) || (few ? 'No agreement is shown' : 'Undefined')}. To rank alone it needs ${fixed(number(found.threshold))} ` +
        `(${text(found.threshold_from)}): `,
      h('b', {}, enough ? 'it may' : 'not yet'),
      `. It agrees on ${n(kappa.same)} of ${n(kappa.pairs)}.`
    )
  );
  const people = visible(text(found.people) || 'you');
  const said = list(found.said).map(text).slice(1).join(' ');
  return [
    h(
      'div',
      { class: 'sn-two' },
      block(
        `Judge against ${people}`,
        `${visible(text(found.model))}, the same ${plural(n(found.pairs), 'pair')}`,
        h('div', { class: 'sn-kk' }, confusion(grid(kappa.table), people), words)
      ),
      block(
        'Position bias',
        'each pair asked in both orders',
        bias(found),
        h('p', {}, visible(said))
      )
    ),
    ...(n(found.differ) && differ ? [disagreements(found, people, differ)] : [])
  ];
}

function grid(value: unknown): number[][] {
  return list(value).map(row => list(row).map(x => number(x) ?? 0));
}

const SIDES = ['left', 'tie', 'right'];

function confusion(table: number[][], people: string): HTMLElement {
  const total = table.flat().reduce((a, b) => a + b, 0);
  const most = Math.max(1, ...table.flat());
  const head = h(
    'tr',
    {},
    h('th', { class: 'sn-small sn-dim', scope: 'col' }, `${people} ↓ judge →`),
    ...[...SIDES, 'all'].map(side => h('th', { class: 'sn-num', scope: 'col' }, side))
  );
  const body = table.map((row, i) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, SIDES[i] ?? ''),
      ...row.map((value, j) => {
        const cell = h(
          'td',
          { class: `sn-num ${i === j ? 'sn-same' : 'sn-other'}` },
          count(value)
        );
        cell.style.setProperty('--sn-share', `${Math.round((40 * value) / most)}%`);
        return cell;
      }),
      h('td', { class: 'sn-num sn-dim' }, count(row.reduce((a, b) => a + b, 0)))
    )
  );
  const sums = SIDES.map((_, j) => table.reduce((sum, row) => sum + (row[j] ?? 0), 0));
  const foot = h(
    'tr',
    { class: 'sn-dim' },
    h('th', { scope: 'row' }, 'all'),
    ...[...sums, total].map(value => h('td', { class: 'sn-num' }, count(value)))
  );
  return h('table', { class: 'sn-conf' }, h('thead', {}, head), h('tbody', {}, ...body, foot));
}

function bias(found: JSONObject): HTMLElement {
  const kept = n(found.kept);
  const flips = n(found.flips);
  const first = n(found.first);
  const of = Math.max(1, kept + flips);
  const part = (value: number, name: string): HTMLElement => {
    const bar = h('i', { class: name });
    bar.style.width = `${(100 * value) / of}%`;
    return bar;
  };
  return h(
    'div',
    { class: 'sn-bias' },
    h(
      'div',
      { class: 'sn-small sn-ends' },
      h('span', {}, `${count(kept)} kept their winner`),
      h('span', { class: 'sn-bad' }, `${count(flips)} flipped`)
    ),
    h(
      'div',
      { class: 'sn-biasbar', 'aria-hidden': 'true' },
      part(kept, 'sn-fill'),
      part(first, 'sn-badfill'),
      part(flips - first, 'sn-lost')
    ),
    flips
      ? h(
          'div',
          { class: 'sn-small sn-dim sn-num' },
          `${count(first)} chose the first shown, ${count(flips - first)} the second`
        )
      : null
  );
}

/** A button that opens the pairs behind the count, and closes them again. */
function disagreements(
  found: JSONObject,
  people: string,
  differ: (model: string) => Promise<JSONObject | null>
): HTMLElement {
  const rows = h('div', { class: 'sn-differ', hidden: true });
  const words = `the ${plural(n(found.differ), 'disagreement')}`;
  const button = h(
    'button',
    { class: 'sn-button', type: 'button', 'aria-expanded': 'false' },
    `Show ${words}`
  );
  button.onclick = async () => {
    const reply = rows.hidden ? await differ(text(found.model)) : null;
    rows.hidden = reply === null;
    rows.replaceChildren(...(reply ? [pairs(reply, people)] : []));
    button.setAttribute('aria-expanded', String(!rows.hidden));
    button.textContent = `${rows.hidden ? 'Show' : 'Hide'} ${words}`;
  };
  return h('div', {}, h('div', { class: 'sn-keys' }, button), rows);
}

function pairs(reply: JSONObject, people: string): HTMLElement {
  const names = ['question', 'left', 'right', people, 'judge'];
  const shown = objects(reply.rows);
  const lines = shown.map(row =>
    h(
      'tr',
      {},
      ...['question', 'left', 'right'].map(name =>
        h('td', { dir: 'auto' }, visible(text(row[name])))
      ),
      ...['people', 'judge'].map(name => h('td', {}, text(row[name])))
    )
  );
  const total = n(reply.total);
  return h(
    'div',
    {},
    h(
      'table',
      { class: 'sn-kt' },
      h('thead', {}, h('tr', {}, ...names.map(name => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, ...lines)
    ),
    total > shown.length
      ? h('p', { class: 'sn-dim sn-small' }, `first ${shown.length} of ${count(total)}`)
      : null
  );
}
