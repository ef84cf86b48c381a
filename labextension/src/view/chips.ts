/** The bar between charts and table: active filters, search, and what is shown. */

import type { Context, Part } from './context';
import { h, toggle } from './dom';
import { count } from './format';
import { toJSON } from './exchange';
import { text } from './payload';
import { cleared, describe, isFiltered, withFilter } from './state';

/** Milliseconds of rest before a search runs. */
const REST = 80;

export interface ChipsPart extends Part {
  focusSearch(): void;
}

export function chips(context: Context): ChipsPart {
  const left = h('span', { class: 'sn-chiplist' });
  const status = h('span', { role: 'status' });
  const search = searchBox(context);
  const { rejected } = context.payload.verdict;
  const shown = checkbox(`rejected ${count(rejected)}`, context.state.showRejected, on =>
    context.set({ ...context.state, showRejected: on })
  );
  const wrap = checkbox('wrap', context.state.wrap, on =>
    context.set({ ...context.state, wrap: on })
  );
  const insert = h('button', { class: 'sn-text', type: 'button' }, 'Insert as code cell');
  insert.addEventListener('click', () => insertCell(context));
  const node = h(
    'div',
    { class: 'sn-chips' },
    left,
    status,
    h('span', { class: 'sn-tools' }, insert, rejected > 0 && shown.node, wrap.node, search)
  );
  const paint = (): void => {
    const focused = left.contains(document.activeElement);
    left.replaceChildren(...chipNodes(context));
    if (focused) {
      (left.querySelector('button') ?? search).focus();
    }
    status.textContent = tally(context);
    toggle(status, 'sn-dim', !context.found.filtered);
    insert.hidden = !(context.live && context.host.insertCode && isFiltered(context.state));
    shown.box.checked = context.state.showRejected;
    wrap.box.checked = context.state.wrap;
    if (search.value !== context.state.search && document.activeElement !== search) {
      search.value = context.state.search;
    }
    if (context.state.search === '' && context.state.filters.length === 0) {
      search.value = '';
    }
  };
  return { node, paint, focusSearch: () => search.focus() };
}

function chipNodes(context: Context): HTMLElement[] {
  const nodes = context.state.filters.map(filter => {
    const words = describe(filter);
    return h(
      'button',
      {
        class: 'sn-chip',
        type: 'button',
        'aria-label': `remove filter ${words}`,
        title: words,
        onclick: () => context.set(withFilter(context.state, filter.key, null))
      },
      h('span', { class: 'sn-words', dir: 'auto' }, words),
      h('span', { 'aria-hidden': 'true' }, '×')
    );
  });
  if (isFiltered(context.state)) {
    nodes.push(
      h(
        'button',
        {
          class: 'sn-text',
          type: 'button',
          onclick: () => context.set(cleared(context.state))
        },
        'Clear ',
        h('kbd', {}, 'Esc')
      )
    );
  }
  return nodes;
}

/** A cell below with Python that makes this selection; the kernel writes it. */
function insertCell({ live, host, state, say }: Context): void {
  live?.request('code', toJSON(state)).then(
    reply => host.insertCode?.(text(reply.code)),
    (error: Error) => say(error.message)
  );
}

function tally({ payload, found }: Context): string {
  if (!found.filtered) {
    return payload.charts.length > 0 ? 'No filter. Click or brush a bar.' : 'No filter.';
  }
  const { accepted, rejected } = found.of;
  const lost = rejected ? `, ${count(found.rejected)} of ${count(rejected)} rejected` : '';
  return `${count(found.accepted)} of ${count(accepted)} accepted${lost}`;
}

function searchBox(context: Context): HTMLInputElement {
  const box = h('input', {
    type: 'search',
    class: 'sn-search',
    placeholder: 'Search text',
    'aria-label': 'search text',
    spellcheck: 'false'
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  box.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => context.set({ ...context.state, search: box.value }), REST);
  });
  return box;
}

function checkbox(
  label: string,
  on: boolean,
  change: (on: boolean) => void
): { node: HTMLElement; box: HTMLInputElement } {
  const box = h('input', { type: 'checkbox', checked: on });
  box.addEventListener('change', () => change(box.checked));
  return { node: h('label', { class: 'sn-dim' }, box, ` ${label}`), box };
}
