/** The rows, rejected ones beside accepted ones with their reason. */

import { tableColumns, type TableColumn } from './columns';
import type { Context, Part } from './context';
import { detail } from './detail';
import { h, toggle } from './dom';
import { count, plural, reason, visible } from './format';
import type { BatchRow } from './payload';
import { sortBy, toggleOpen } from './state';

export interface TablePart extends Part {
  /** Put the keyboard on the current row, or the first one. */
  focusRow(): void;
}

interface TableRow {
  node: HTMLTableRowElement;
  detail: HTMLTableRowElement | null;
}

/** Widths in characters: the row number, and the least that free text gets before the
 * table scrolls sideways. */
const NUMBER_WIDTH = 4;
const TEXT_WIDTH = 20;
const MAIN_WIDTH = 30;
/** Padding of a cell, in pixels. */
const PADDING = 16;

export function table(context: Context): TablePart {
  const columns = tableColumns(context.payload);
  const made = new Map<string, TableRow>();
  const body = h('tbody');
  const heads = header(context, columns);
  const grid = h(
    'table',
    { class: 'sn-table', 'aria-label': 'rows', 'aria-rowcount': context.payload.totalRows },
    group(columns),
    h('thead', {}, h('tr', {}, ...heads.map(head => head.node))),
    body
  );
  const wanted = columns.reduce(
    (sum, c) => sum + (c.width ?? (c.main ? MAIN_WIDTH : TEXT_WIDTH)),
    NUMBER_WIDTH
  );
  grid.style.minWidth = `calc(${wanted}ch + ${(columns.length + 1) * PADDING}px)`;
  const frame = h('div', { class: 'sn-window' }, grid);
  const foot = h('div', { class: 'sn-foot' }, h('span', { class: 'sn-count' }), hints());
  const rowOf = (row: BatchRow): TableRow => {
    const known = made.get(row.id) ?? { node: tableRow(context, columns, row), detail: null };
    made.set(row.id, known);
    return known;
  };
  const paint = (): void => {
    toggle(grid, 'sn-nowrap', !context.state.wrap);
    toggle(
      frame,
      'sn-open',
      context.selection.rows.some(r => context.state.open.has(r.id))
    );
    heads.forEach(head => head.paint());
    repaint(context, body, rowOf, columns.length + 1);
    const text = foot.firstElementChild as HTMLElement;
    text.textContent = footer(context);
  };
  keys(context, body);
  const focusRow = (): void => {
    const row = body.querySelector<HTMLElement>('tr[tabindex="0"]');
    (row ?? body.querySelector<HTMLElement>('tr.sn-row'))?.focus();
  };
  return { node: h('div', {}, frame, foot), paint, focusRow };
}

function group(columns: TableColumn[]): HTMLElement {
  const widths = [NUMBER_WIDTH, ...columns.map(c => c.width)];
  return h(
    'colgroup',
    {},
    ...widths.map(width => {
      const col = h('col');
      col.style.width = width === null ? '' : `calc(${width}ch + ${PADDING}px)`;
      return col;
    })
  );
}

function header(context: Context, columns: TableColumn[]): Part[] {
  const number = { name: null, title: '#', numeric: true };
  return [number, ...columns].map(column => {
    const arrow = h('span', { class: 'sn-arrow', 'aria-hidden': 'true' });
    const button = h(
      'button',
      {
        class: 'sn-sort',
        type: 'button',
        title: column.name ? `sort by ${visible(column.name)}` : 'plan order',
        onclick: () => context.set(sortBy(context.state, column.name))
      },
      visible(column.title),
      arrow
    );
    const derived = column.title === 'chars';
    const node = h(
      'th',
      { scope: 'col', class: column.numeric ? 'sn-num' : '' },
      derived ? 'chars' : button
    );
    const paint = (): void => {
      const { sort } = context.state;
      const active = sort.column === column.name && !derived;
      node.setAttribute(
        'aria-sort',
        !active ? 'none' : sort.descending ? 'descending' : 'ascending'
      );
      arrow.textContent = !active ? '' : sort.descending ? ' ▼' : ' ▲';
    };
    return { node, paint };
  });
}

function tableRow(
  context: Context,
  columns: TableColumn[],
  row: BatchRow
): HTMLTableRowElement {
  const cells = columns.map(column => {
    const text = column.value(row);
    const cell = h('td', { class: column.numeric ? 'sn-num' : column.main ? 'sn-main' : '' });
    const words = h('span', { class: column.code ? 'sn-mono' : '', dir: 'auto' }, text);
    cell.append(h('div', { class: 'sn-value' }, words, column.main ? tags(row) : null));
    return cell;
  });
  const node = h(
    'tr',
    {
      class: row.accepted ? 'sn-row' : 'sn-row sn-rejected',
      tabindex: -1,
      'aria-expanded': 'false',
      'data-row': row.id
    },
    h('td', { class: 'sn-num sn-dim' }, count(row.index + 1)),
    ...cells
  );
  node.addEventListener('click', event => {
    const selecting = String(document.getSelection() ?? '') !== '';
    if (!selecting && !(event.target as Element).closest('button, a')) {
      context.set(toggleOpen(context.state, row.id));
    }
  });
  return node;
}

function tags(row: BatchRow): HTMLElement {
  const box = h('span', { class: 'sn-tags' });
  if (!row.accepted) {
    const why = row.reasons.map(r => r.message).filter(Boolean);
    box.append(
      ' ',
      h('span', { class: 'sn-tag sn-no', title: visible(why.join('\n')) }, visible(reason(row)))
    );
  }
  if (row.edited) {
    box.append(' ', h('span', { class: 'sn-tag sn-edited' }, 'edited'));
  }
  return box;
}

/** Put the selected rows in place; rows are made once and only moved afterwards. */
function repaint(
  context: Context,
  body: HTMLElement,
  rowOf: (row: BatchRow) => TableRow,
  span: number
): void {
  const { open, current } = context.state;
  const rows = context.selection.rows;
  const stop = rows.some(r => r.id === current) ? current : (rows[0]?.id ?? null);
  const nodes: HTMLElement[] = [];
  for (const row of rows) {
    const item = rowOf(row);
    const isOpen = open.has(row.id);
    toggle(item.node, 'sn-selected', isOpen);
    item.node.setAttribute('aria-expanded', String(isOpen));
    item.node.tabIndex = row.id === stop ? 0 : -1;
    nodes.push(item.node);
    if (isOpen) {
      item.detail ??= detail(context, row, span);
      nodes.push(item.detail);
    }
  }
  const focused = document.activeElement;
  if (rows.length === 0) {
    nodes.push(h('tr', {}, h('td', { colspan: span, class: 'sn-dim' }, 'No row matches.')));
  }
  if (!same(body, nodes)) {
    body.replaceChildren(...nodes);
    if (focused instanceof HTMLElement && body.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  }
}

function same(body: HTMLElement, nodes: HTMLElement[]): boolean {
  return body.children.length === nodes.length && nodes.every((n, i) => body.children[i] === n);
}

function keys(context: Context, body: HTMLElement): void {
  body.addEventListener('keydown', event => {
    const row = event.target as HTMLElement;
    if (!row.matches('tr.sn-row') || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const id = row.dataset.row ?? '';
    const rows = [...body.querySelectorAll<HTMLElement>('tr.sn-row')];
    const i = rows.indexOf(row);
    const steps: Record<string, number> = {
      ArrowDown: i + 1,
      ArrowUp: i - 1,
      PageDown: i + 10,
      PageUp: i - 10,
      Home: 0,
      End: rows.length - 1
    };
    const to = steps[event.key];
    if (to !== undefined) {
      const next = rows[Math.max(0, Math.min(rows.length - 1, to))];
      context.set({ ...context.state, current: next?.dataset.row ?? null });
      next?.focus();
    } else if (event.key === 'Enter' || event.key === ' ') {
      context.set(toggleOpen(context.state, id));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
}

function footer({ payload, selection, state }: Context): string {
  const { verdict, totalRows, rows } = payload;
  const saved =
    totalRows > rows.length
      ? `first ${count(rows.length)} of ${count(totalRows)} rows saved here`
      : '';
  if (selection.filtered || !state.showRejected) {
    const found = `${plural(selection.rows.length, 'row')} shown`;
    return saved ? `${found}, ${saved}` : found;
  }
  const all = `${plural(totalRows, 'row')}: ${count(verdict.accepted)} accepted, ${count(verdict.rejected)} rejected`;
  return saved ? `${all}; ${saved}` : all;
}

function hints(): HTMLElement {
  const pairs: [string[], string][] = [
    [['↑', '↓'], 'row'],
    [['Enter'], 'open'],
    [['/'], 'search'],
    [['Esc'], 'clear']
  ];
  const box = h('span', { class: 'sn-hints' });
  for (const [names, verb] of pairs) {
    box.append(h('span', {}, ...names.map(name => h('kbd', {}, name)), ` ${verb}`));
  }
  return box;
}
