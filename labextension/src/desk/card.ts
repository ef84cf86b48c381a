/** A row to decide about, and the rows that were decided. */

import { h } from '../view/dom';
import { count, NOT_MEASURED, plain, visible } from '../view/format';
import { list, number, object, objects, text, type JSONObject } from '../view/payload';

/** What became of the row, in a word or two. */
export function decision(row: JSONObject): string {
  const outcome = text(row.outcome);
  if (outcome === 'drop') {
    return 'dropped';
  }
  if (row.edited === true) {
    return 'edited';
  }
  if (outcome === 'keep') {
    return row.was_accepted === true ? 'kept' : 'restored';
  }
  const first = objects(row.reasons)[0];
  return first ? `rejected: ${text(first.rule) || text(first.message)}` : 'undecided';
}

export function card(row: JSONObject): HTMLElement[] {
  const given = objects(row.fields);
  const main = given.find(f => f.main === true) ?? given[given.length - 1];
  const others = given.filter(f => f !== main);
  const word = decision(row);
  const tone = row.accepted === true ? (word === 'undecided' ? '' : ' sn-edited') : ' sn-no';
  const tags = [
    h('span', { class: `sn-tag${tone}` }, visible(word)),
    ...list(row.tags).map(tag => h('span', { class: 'sn-tag' }, visible(text(tag))))
  ];
  return [
    h(
      'div',
      { class: 'sn-split' },
      h(
        'div',
        {},
        h('div', { class: 'sn-taglist' }, ...tags),
        ...(main ? [h('h5', {}, heading(main)), words(main)] : []),
        others.length
          ? h(
              'dl',
              { class: 'sn-pairs' },
              ...others.flatMap(f => [
                h('dt', {}, heading(f)),
                h('dd', { dir: 'auto' }, visible(text(f.text)))
              ])
            )
          : null
      ),
      h('div', {}, ...checks(row), ...prompts(row))
    )
  ];
}

/** A raw answer is no value yet: an edit makes it one. */
function heading(field: JSONObject): string {
  const name = visible(text(field.name));
  return field.raw === true ? `${name}: none, the raw answer` : name;
}

function words(field: JSONObject): HTMLElement {
  const was = typeof field.made === 'string' ? field.made : null;
  return h(
    'div',
    {},
    h('div', { class: 'sn-tx', dir: 'auto' }, visible(text(field.text)) || NOT_MEASURED),
    was === null
      ? null
      : h(
          'div',
          { class: 'sn-dim sn-small sn-was' },
          'was: ',
          h('span', { dir: 'auto' }, visible(was))
        )
  );
}

function checks(row: JSONObject): HTMLElement[] {
  const ran = objects(object(row.detail).checks);
  const names = ran.map(check => text(check.rule));
  const own = objects(row.reasons).filter(r => !names.includes(text(r.rule)));
  const all: JSONObject[] = [...own.map(r => ({ ...r, passed: false })), ...ran];
  if (!all.length) {
    return [];
  }
  const lines = all.map(check => {
    const passed = check.passed === true;
    const value = check.value ?? null;
    const shown =
      typeof value === 'number' ? count(value, 2) : typeof value === 'string' ? value : '';
    const rule = text(check.rule);
    const message = text(check.message);
    const news = message === `${rule} ${shown}` ? '' : message; // the cells before say so
    return h(
      'tr',
      { class: passed ? '' : 'sn-failed' },
      h('td', {}, visible(rule)),
      h('td', { class: 'sn-num' }, visible(shown)),
      h('td', {}), // no limit here: the columns are those of an opened row, and wrap like them
      h('td', {}, passed ? 'passed' : 'failed'),
      h('td', { class: 'sn-dim' }, visible(news))
    );
  });
  return [h('h5', {}, 'Checks'), h('table', { class: 'sn-checks' }, h('tbody', {}, ...lines))];
}

function prompts(row: JSONObject): HTMLElement[] {
  const calls = objects(object(row.detail).calls).filter(
    call => text(call.prompt) && !text(call.column).startsWith('check ')
  );
  return calls
    .slice(0, 3)
    .flatMap(call => [
      h('h5', {}, `Prompt${calls.length > 1 ? ` of ${visible(text(call.column))}` : ''}`),
      h('pre', { class: 'sn-mono', dir: 'auto' }, visible(text(call.prompt)))
    ]);
}

/** Without a kernel. */
export function saved(state: JSONObject): HTMLElement[] {
  const rows = objects(state.decided);
  if (!rows.length) {
    return [];
  }
  const total = number(state.decided_total) ?? rows.length;
  const lines = rows.map(row =>
    h(
      'tr',
      {},
      h('td', { class: 'sn-num' }, count((number(row.index) ?? 0) + 1)),
      h(
        'td',
        {},
        h(
          'span',
          { class: `sn-tag${text(row.what) === 'dropped' ? ' sn-no' : ' sn-edited'}` },
          text(row.what)
        )
      ),
      h('td', {}, visible(list(row.tags).map(plain).join(', '))),
      h('td', { class: 'sn-main', dir: 'auto' }, visible(text(row.text)))
    )
  );
  const names = ['row', 'decision', 'tags', 'text'];
  return [
    h(
      'table',
      { class: 'sn-kt sn-decided' },
      h('thead', {}, h('tr', {}, ...names.map(name => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, ...lines)
    ),
    ...(total > rows.length
      ? [h('p', { class: 'sn-dim sn-small' }, `first ${rows.length} of ${count(total)}`)]
      : [])
  ];
}
