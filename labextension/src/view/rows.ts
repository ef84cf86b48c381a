/** A row of the table: made once, filled as often as it comes into sight. */

import type { TableColumn } from './columns';
import type { Context } from './context';
import { h, toggle } from './dom';
import { count, isRestored, reason, visible } from './format';
import type { BatchRow } from './payload';
import { toggleOpen } from './state';

export interface TableRow {
  node: HTMLTableRowElement;
  number: HTMLElement;
  cells: { words: HTMLElement; tags: HTMLElement | null }[];
  /** What it shows; `undefined` before it showed anything. */
  row: BatchRow | null | undefined;
  position: number;
}

export function makeRow(context: Context, columns: readonly TableColumn[]): TableRow {
  const number = h('td', { class: 'sn-num sn-dim' });
  const node = h('tr', { class: 'sn-row', tabindex: -1, 'aria-expanded': 'false' }, number);
  const cells = columns.map(column => {
    const words = h('span', { class: column.code ? 'sn-mono' : '', dir: 'auto' });
    const tags = column.main ? h('span', { class: 'sn-tags' }) : null;
    const name = column.numeric ? 'sn-num' : column.main ? 'sn-main' : '';
    node.append(h('td', { class: name }, h('div', { class: 'sn-value' }, words, tags)));
    return { words, tags };
  });
  const made: TableRow = { node, number, cells, row: undefined, position: -1 };
  node.addEventListener('click', event => {
    const selecting = String(document.getSelection() ?? '') !== '';
    if (made.row && !selecting && !(event.target as Element).closest('button, a')) {
      context.memory.at = made.position;
      context.set(toggleOpen(context.state, made.row.id));
    }
  });
  node.addEventListener('focus', () => {
    context.memory.at = made.position;
  });
  return made;
}

/** Show a row, or that it is on its way. */
export function fillRow(
  item: TableRow,
  columns: readonly TableColumn[],
  row: BatchRow | null,
  position: number
): void {
  if (item.position !== position) {
    item.position = position;
    item.node.setAttribute('aria-rowindex', String(position + 2));
  }
  if (item.row === row) {
    return;
  }
  item.row = row;
  item.node.dataset.row = row?.id ?? '';
  toggle(item.node, 'sn-wait', row === null);
  toggle(item.node, 'sn-rejected', row !== null && !row.accepted);
  item.number.textContent = row ? count(row.index + 1) : '';
  const marks = row ? tags(row) : [];
  toggle(item.node, 'sn-tagged', marks.length > 0);
  columns.forEach((column, i) => {
    const cell = item.cells[i];
    if (cell) {
      cell.words.textContent = row ? column.value(row) : column.main ? '…' : '';
      cell.tags?.replaceChildren(...marks);
    }
  });
}

function tags(row: BatchRow): (string | HTMLElement)[] {
  const found: (string | HTMLElement)[] = [];
  const tag = (words: string, name: string, title = ''): void => {
    found.push(' ', h('span', { class: `sn-tag ${name}`, title: title || null }, words));
  };
  if (!row.accepted) {
    const why = row.reasons.map(r => r.message).filter(Boolean);
    tag(visible(reason(row)), 'sn-no', visible(why.join('\n')));
  } else if (isRestored(row)) {
    tag('restored', 'sn-edited', visible(`was ${reason(row)}`));
  } else if (row.decision === 'keep') {
    tag('kept', 'sn-edited');
  }
  if (row.edited) {
    tag('edited', 'sn-edited');
  }
  return found;
}
