/**
 * The rows, rejected ones beside accepted ones with their reason.
 *
 * A few rows stand there whole, as high as their text. Many are a window: rows of up to
 * three lines, of which only those in sight exist, filled anew as the reader scrolls. Each
 * is measured when it is drawn. More rows than a browser can lay out are all of one height.
 */

import { tableColumns, type TableColumn } from './columns';
import type { Context, Part } from './context';
import { detail } from './detail';
import { h, toggle } from './dom';
import { count, plural } from './format';
import { header } from './heads';
import type { BatchRow } from './payload';
import { fillRow, makeRow, type TableRow } from './rows';
import { toggleOpen } from './state';
import { edges, exact, heightBefore, placeAt, Sizes, space, type Layout } from './window';

export interface TablePart extends Part {
  /** Put the keyboard on the current row, or the first one. */
  focusRow(): void;
}

/** Widths in characters: the least of the row number, and of free text before the table
 * scrolls sideways. */
const NUMBER_WIDTH = 4;
const TEXT_WIDTH = 20;
const MAIN_WIDTH = 30;
/** Padding of a cell, in pixels. */
const PADDING = 16;
/** Up to so many rows all of them are there. */
const WHOLE = 250;
/** Pixels of a row in a window: of three lines, as assumed until it is measured, of one. */
const WRAPPED = 63;
const ASSUMED = 45;
const ONE_LINE = 27;
const HEAD = 29;

export function table(context: Context): TablePart {
  const grid = new Grid(context);
  return {
    node: grid.node,
    paint: () => grid.paint(),
    focusRow: () => grid.focus(context.memory.at)
  };
}

class Grid {
  readonly node: HTMLElement;
  private readonly columns: TableColumn[];
  private readonly body = h('tbody');
  private readonly frame: HTMLElement;
  private readonly grid: HTMLElement;
  private readonly count = h('span', { class: 'sn-count' });
  private readonly heads: Part[];
  private readonly before = h('tr', { class: 'sn-space', 'aria-hidden': 'true' }, h('td'));
  private readonly after = h('tr', { class: 'sn-space', 'aria-hidden': 'true' }, h('td'));
  private readonly shown = new Map<number, TableRow>();
  private readonly spare: TableRow[] = [];
  private readonly details = new Map<string, HTMLTableRowElement>();
  private drawing = false;
  private readonly hints = h('span', { class: 'sn-hints' });
  private live: boolean | null = null;
  /** A row that was asked for and is on its way: it comes into sight when it is here. */
  private sought: number | null = null;

  constructor(private context: Context) {
    this.columns = tableColumns(context.payload);
    this.heads = header(context, this.columns);
    const digits = Math.max(NUMBER_WIDTH, count(context.payload.totalRows).length);
    this.grid = h(
      'table',
      { class: 'sn-table', 'aria-label': 'rows' },
      group(this.columns, digits),
      h('thead', {}, h('tr', {}, ...this.heads.map(head => head.node))),
      this.body
    );
    const wanted = this.columns.reduce(
      (sum, c) => sum + (c.width ?? (c.main ? MAIN_WIDTH : TEXT_WIDTH)),
      digits
    );
    this.grid.style.minWidth = `calc(${wanted}ch + ${(this.columns.length + 1) * PADDING}px)`;
    this.frame = h('div', { class: 'sn-window', tabindex: -1 }, this.grid);
    this.frame.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.frame.addEventListener('keydown', event => this.key(event));
    this.node = h(
      'div',
      {},
      this.frame,
      h('div', { class: 'sn-foot' }, this.count, this.hints)
    );
  }

  paint(): void {
    const { state, found, live } = this.context;
    if (this.live !== (live !== null)) {
      this.live = live !== null;
      this.details.clear(); // they offer more while the kernel is there
      this.hints.replaceChildren(...hints(this.live));
    }
    const fixed = found.total > WHOLE;
    toggle(this.grid, 'sn-nowrap', !state.wrap);
    toggle(this.grid, 'sn-fixed', fixed);
    toggle(this.grid, 'sn-fit', this.fit);
    this.grid.setAttribute('aria-rowcount', String(found.total + 1));
    this.heads.forEach(head => head.paint());
    this.draw();
    if (this.sought !== null && found.row(this.sought)) {
      this.reveal(this.sought);
      this.sought = null;
      this.draw();
    }
    if (Math.abs(this.frame.scrollTop - this.context.memory.scroll) > 1) {
      this.frame.scrollTop = this.context.memory.scroll;
    }
    this.count.textContent = footer(this.context);
  }

  /** Put the keyboard on the row at a position, bringing it into sight. */
  focus(position: number): void {
    const { found, memory } = this.context;
    if (found.total === 0) {
      return;
    }
    memory.at = Math.max(0, Math.min(found.total - 1, position));
    for (let look = 0; look < 2; look += 1) {
      this.reveal(memory.at); // once more when the rows around it were measured
      this.draw();
    }
    this.sought = found.row(memory.at) ? null : memory.at;
    const row = this.shown.get(memory.at);
    row?.node.focus({ preventScroll: this.fixed });
  }

  private get fixed(): boolean {
    return this.context.found.total > WHOLE;
  }

  /** Whether rows of a window are as high as their text. */
  private get fit(): boolean {
    const { found, state } = this.context;
    return this.fixed && state.wrap && exact(found.total, WRAPPED);
  }

  private get layout(): Layout {
    const { fit } = this;
    const wrapped = fit ? ASSUMED : WRAPPED;
    const height = this.context.state.wrap ? wrapped : ONE_LINE;
    return {
      total: this.context.found.total,
      height,
      least: fit ? ONE_LINE : height,
      view: (this.frame.clientHeight || 330) - HEAD,
      sizes: this.sizes
    };
  }

  /** What is known of these very rows in this order; it outlives a repaint with new data. */
  private get sizes(): Sizes {
    const { found, memory, state } = this.context;
    const { filters, search, sort, showRejected, wrap } = state;
    const of = JSON.stringify([found.total, filters, search, sort, showRejected, wrap]);
    if (memory.sizes?.of !== of) {
      memory.sizes = { of, known: new Sizes(found.total) };
    }
    return memory.sizes.known;
  }

  private reveal(position: number): void {
    if (!this.fixed) {
      return;
    }
    const { layout, frame } = this;
    const top = heightBefore(layout, position);
    const now = frame.scrollTop;
    const height = Math.min(heightBefore(layout, position + 1) - top, WRAPPED);
    if (top < now) {
      frame.scrollTop = top;
    } else if (top + height > now + layout.view) {
      frame.scrollTop = top + height - layout.view;
    }
    this.context.memory.scroll = frame.scrollTop;
  }

  private scrolled(): void {
    this.context.memory.scroll = this.frame.scrollTop;
    if (this.fixed && !this.drawing) {
      this.drawing = true;
      requestAnimationFrame(() => {
        this.drawing = false;
        this.draw();
      });
    }
  }

  private draw(): void {
    const { found, memory, state } = this.context;
    const { layout } = this;
    const inSight = placeAt(layout, memory.scroll);
    const [first, last] = this.fixed ? edges(layout, inSight) : [0, found.total];
    found.want(first, last);
    this.recycle(first, last);
    memory.at = Math.max(0, Math.min(memory.at, found.total - 1));
    const nodes: HTMLElement[] = [];
    const opened = new Map<number, HTMLElement>();
    for (let position = first; position < last; position += 1) {
      const row = found.row(position);
      const item = this.item(position, row);
      nodes.push(item.node);
      const open = row !== null && state.open.has(row.id);
      toggle(item.node, 'sn-selected', open);
      item.node.setAttribute('aria-expanded', String(open));
      item.node.tabIndex = position === memory.at ? 0 : -1;
      if (open) {
        const node = this.detailOf(row);
        opened.set(position, node);
        nodes.push(node);
      }
    }
    toggle(this.frame, 'sn-open', opened.size > 0);
    this.place(nodes);
    if (this.fixed) {
      const above = heightBefore(layout, inSight);
      this.measure(layout, opened);
      this.space(first, last, inSight);
      this.shift(heightBefore(layout, inSight) - above);
    }
  }

  /** Rows that went out of sight are filled anew for those that came in. */
  private recycle(first: number, last: number): void {
    for (const [position, item] of this.shown) {
      if (position < first || position >= last) {
        this.shown.delete(position);
        if (item.node === document.activeElement) {
          this.frame.focus({ preventScroll: true });
        }
        this.spare.push(item);
      }
    }
    this.spare.length = Math.min(this.spare.length, 60);
  }

  private item(position: number, row: BatchRow | null): TableRow {
    const item =
      this.shown.get(position) ?? this.spare.pop() ?? makeRow(this.context, this.columns);
    this.shown.set(position, item);
    fillRow(item, this.columns, row, position);
    return item;
  }

  private detailOf(row: BatchRow): HTMLTableRowElement {
    const known = this.details.get(row.id);
    const made = known ?? detail(this.context, row, this.columns.length + 1);
    this.details.set(row.id, made);
    return made;
  }

  private place(nodes: HTMLElement[]): void {
    const { body, context } = this;
    if (context.found.total === 0) {
      const span = this.columns.length + 1;
      nodes.push(h('tr', {}, h('td', { colspan: span, class: 'sn-dim' }, 'No row matches.')));
    }
    const all = this.fixed ? [this.before, ...nodes, this.after] : nodes;
    if (body.children.length === all.length && all.every((n, i) => body.children[i] === n)) {
      return;
    }
    const focused = document.activeElement;
    const { at } = context.memory;
    body.replaceChildren(...all);
    if (focused instanceof HTMLElement && body.contains(focused)) {
      focused.focus({ preventScroll: true });
      context.memory.at = at; // the row that the keyboard leaves is not where it goes
    }
  }

  /** Rows on their way are no rows yet: they are measured when they are here. */
  private measure(layout: Layout, opened: Map<number, HTMLElement>): void {
    const { fit } = this;
    for (const [position, item] of this.shown) {
      const high = fit && item.row ? item.node.getBoundingClientRect().height : 0;
      const detail = opened.get(position)?.offsetHeight ?? 0;
      if (item.row) {
        layout.sizes.set(position, (high || layout.height) + detail - layout.height);
      }
    }
  }

  /** Rows above the first in sight turned out higher or lower: it stays where it is. */
  private shift(pixels: number): void {
    if (Math.abs(pixels) >= 1) {
      const { memory } = this.context; // a table that was made anew is not scrolled yet
      this.frame.scrollTop = memory.scroll + pixels;
      memory.scroll = this.frame.scrollTop;
    }
  }

  private space(first: number, last: number, inSight: number): void {
    const { layout } = this;
    const whole = heightBefore(layout, layout.total);
    const top = space(layout, first, inSight);
    const rest = whole - heightBefore(layout, last);
    (this.before.firstElementChild as HTMLElement).style.height = `${top}px`;
    (this.after.firstElementChild as HTMLElement).style.height = `${Math.max(0, rest)}px`;
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const onRow = target.matches('tr.sn-row') || target === this.frame;
    if (!onRow || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const { context } = this;
    const { at } = context.memory;
    const row = context.found.row(at);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: context.found.total - 1
    };
    const to = steps[event.key];
    if (to !== undefined) {
      this.focus(to);
    } else if ((event.key === 'Enter' || event.key === ' ') && row) {
      context.set(toggleOpen(context.state, row.id));
    } else if (row && context.live && 'kdu'.includes(event.key)) {
      const outcomes = { k: 'keep', d: 'drop', u: null } as const;
      context.decide(row.id, outcomes[event.key as 'k' | 'd' | 'u']);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function group(columns: TableColumn[], digits: number): HTMLElement {
  const widths = [digits, ...columns.map(c => c.width)];
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

function footer({ payload, found, state, live }: Context): string {
  const { verdict, totalRows, rows } = payload;
  const saved =
    totalRows > rows.length && !live
      ? `first ${count(rows.length)} of ${count(totalRows)} rows saved here`
      : '';
  if (found.filtered || !state.showRejected) {
    const shown = `${plural(found.total, 'row')} shown`;
    return saved ? `${shown}, ${saved}` : shown;
  }
  const all = `${plural(totalRows, 'row')}: ${count(verdict.accepted)} accepted, ${count(verdict.rejected)} rejected`;
  return saved ? `${all}; ${saved}` : all;
}

function hints(live: boolean): HTMLElement[] {
  const pairs: [string[], string][] = [
    [['↑', '↓'], 'row'],
    [['Enter'], 'open'],
    [['/'], 'search'],
    [['Esc'], 'clear']
  ];
  if (live) {
    pairs.push([['k'], 'keep'], [['d'], 'drop'], [['u'], 'undo']);
  }
  return pairs.map(([names, verb]) =>
    h('span', {}, ...names.map(name => h('kbd', {}, name)), ` ${verb}`)
  );
}
