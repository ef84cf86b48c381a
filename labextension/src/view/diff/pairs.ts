/** Answers to the same planned row side by side, words that differ highlighted. */

import { h } from '../dom';
import { count, visible } from '../format';
import { marked, section } from './head';
import type { DiffPayload, Row, Side } from './payload';
import { describe, matching, type Filter, type Part } from './state';

/** Characters and lines of a text beyond which its pair shows its beginning only. */
const LONG = 360;
const LINES = 6;

/** `null` where there is nothing to show. */
export function pairs(diff: DiffPayload, choose: (filter: Filter) => void): Pairs | null {
  return diff.rows.length ? new Pairs(diff, choose) : null;
}

export class Pairs implements Part {
  readonly node: HTMLElement;
  private readonly chips = h('div', { class: 'sn-chips' });
  private readonly body = h('tbody');
  private readonly foot = h('div', { class: 'sn-foot' });
  private readonly opened = new Set<Row>();
  private lines: HTMLElement[] = [];
  private current = 0;

  constructor(
    private readonly diff: DiffPayload,
    private readonly choose: (filter: Filter) => void
  ) {
    const table = h('table', { class: 'sn-table sn-pairtable' }, head(diff), this.body);
    const sub = diff.paired
      ? 'same attributes, same seed'
      : 'not paired: each version by itself';
    this.node = section(
      diff.paired ? 'Row pairs' : 'Rows',
      sub,
      this.chips,
      h('div', { class: 'sn-window sn-pairwindow' }, table),
      this.foot
    );
  }

  /** Put the keyboard on the current pair. */
  focus(): void {
    this.lines[this.current]?.focus();
  }

  paint(filter: Filter): void {
    const { diff, opened } = this;
    const rows = matching(diff, filter);
    const held = hasFocus(this.chips);
    this.chips.replaceChildren(...chipsOf(diff, filter, this.choose));
    this.lines = rows.map((row, i) => this.listen(lineOf(diff, row, opened.has(row)), row, i));
    const shown = rows.flatMap((row, i) => {
      const line = this.lines[i] as HTMLElement;
      return opened.has(row) && hasCalls(row) ? [line, detail(diff, row)] : [line];
    });
    this.body.replaceChildren(...(rows.length ? shown : [nothing(diff)]));
    this.foot.replaceChildren(...footOf(diff, rows, filter));
    this.mark(this.current < rows.length ? this.current : 0);
    if (held) {
      // The button that was pressed is gone: the keyboard stays where its like stands now.
      (this.chips.querySelector('button') ?? this.lines[this.current])?.focus();
    }
  }

  private mark(to: number): void {
    this.current = to;
    this.lines.forEach((line, i) => (line.tabIndex = i === to ? 0 : -1));
  }

  private listen(line: HTMLElement, row: Row, i: number): HTMLElement {
    line.addEventListener('click', () => {
      if (!document.getSelection()?.toString()) {
        this.toggle(row, line);
      }
    });
    line.addEventListener('focus', () => this.mark(i));
    line.addEventListener('keydown', event => {
      if (event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      const last = this.lines.length - 1;
      const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: last }[event.key];
      if (event.key === 'Enter' || event.key === ' ') {
        this.toggle(row, line);
      } else if (to !== undefined) {
        this.mark(Math.max(0, Math.min(to, last)));
        this.focus();
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
    return line;
  }

  /** Open or close a pair in place: a line that is replaced would lose the keyboard. */
  private toggle(row: Row, line: HTMLElement): void {
    if (!opens(row)) {
      return;
    }
    if (!this.opened.delete(row)) {
      this.opened.add(row);
    }
    if (hasCalls(row)) {
      if (this.opened.has(row)) {
        line.after(detail(this.diff, row));
      } else {
        line.nextElementSibling?.remove();
      }
    }
    line.setAttribute('aria-expanded', String(this.opened.has(row)));
    line.focus();
  }
}

function hasFocus(node: HTMLElement): boolean {
  const root = node.getRootNode() as Document | ShadowRoot;
  return Boolean(root.activeElement && node.contains(root.activeElement));
}

function head(diff: DiffPayload): HTMLElement {
  return h(
    'thead',
    {},
    h(
      'tr',
      {},
      h('th', { class: 'sn-num', scope: 'col' }, '#'),
      diff.paired && h('th', { scope: 'col' }, 'attributes'),
      h('th', { scope: 'col' }, visible(diff.old.label)),
      h('th', { scope: 'col' }, visible(diff.new.label))
    )
  );
}

function nothing(diff: DiffPayload): HTMLElement {
  const words = diff.paired ? 'No pair matches.' : 'No row matches.';
  return h('tr', {}, h('td', { colspan: diff.paired ? 4 : 3, class: 'sn-dim' }, words));
}

function chipsOf(
  diff: DiffPayload,
  filter: Filter,
  choose: (filter: Filter) => void
): HTMLElement[] {
  const words = describe(diff, filter);
  const made: HTMLElement[] = [];
  const button = (text: string, next: Filter): HTMLElement =>
    h('button', { class: 'sn-text', type: 'button', onclick: () => choose(next) }, text);
  if (words) {
    made.push(
      h(
        'button',
        {
          class: 'sn-chip',
          type: 'button',
          'aria-label': `remove filter: ${words}`,
          onclick: () => choose({ kind: 'all' })
        },
        h('span', { class: 'sn-words' }, visible(words)),
        h('span', { 'aria-hidden': 'true' }, '×')
      ),
      button(`all ${count(diff.totalRows)}`, { kind: 'all' })
    );
  }
  if (filter.kind !== 'differs' && diff.rows.some(row => row.differs)) {
    const saved = { kind: 'differs' } as const;
    made.push(button(describe(diff, saved), saved));
  }
  if (diff.paired) {
    made.push(
      h('span', { class: 'sn-space' }),
      h(
        'span',
        { class: 'sn-small sn-dim sn-legend' },
        h('del', {}, `only in ${visible(diff.old.short)}`),
        h('ins', {}, `only in ${visible(diff.new.short)}`),
        h(
          'span',
          {},
          h('span', { class: 'sn-shared' }, 'in both'),
          ', marked where less than 30% of words are shared'
        )
      )
    );
  }
  return made;
}

function lineOf(diff: DiffPayload, row: Row, open: boolean): HTMLElement {
  return h(
    'tr',
    {
      class: 'sn-row sn-pair',
      tabindex: -1,
      'aria-expanded': opens(row) ? String(open) : null
    },
    h('td', { class: 'sn-num sn-dim' }, count(row.n)),
    diff.paired &&
      h(
        'td',
        {},
        ...row.attributes.map((value, i) =>
          h('div', { class: i ? 'sn-dim' : '', dir: 'auto' }, visible(value))
        )
      ),
    cell(row, row.old, 'removed'),
    cell(row, row.new, 'added')
  );
}

function cell(row: Row, side: Side | null, op: 'removed' | 'added'): HTMLElement {
  if (!side) {
    return h('td');
  }
  const kind = row.mode === 'shared' ? 'shared' : op;
  return h(
    'td',
    { class: 'sn-main' },
    side.attributes.length > 0 &&
      h('div', { class: 'sn-dim sn-small', dir: 'auto' }, visible(side.attributes.join(' · '))),
    side.parts.length
      ? h('span', { class: wordsOf(side), dir: 'auto' }, ...marked(side.parts, kind))
      : h('span', { class: 'sn-dim' }, 'no text'),
    side.tag ? ' ' : null,
    side.tag && h('span', { class: 'sn-tag sn-no' }, visible(side.tag))
  );
}

/** Whether it has prompts and answers to show, or more text than its line does. */
function opens(row: Row): boolean {
  return hasCalls(row) || [row.old, row.new].some(side => side !== null && isLong(side));
}

function hasCalls(row: Row): boolean {
  return [row.old, row.new].some(side => (side?.calls.length ?? 0) > 0);
}

/** Such a text is cut after a few lines until its pair is opened. */
function isLong(side: Side): boolean {
  const whole = side.parts.map(part => part.text).join('');
  return whole.length > LONG || whole.split('\n').length > LINES;
}

function wordsOf(side: Side): string {
  return isLong(side) ? 'sn-words sn-long' : 'sn-words';
}

function detail(diff: DiffPayload, row: Row): HTMLElement {
  const column = (side: Side | null): HTMLElement =>
    h(
      'td',
      {},
      ...(side?.calls ?? []).flatMap(call => [
        h('h5', {}, `Rendered prompt of ${visible(call.column)}`),
        h('pre', { class: 'sn-mono', dir: 'auto' }, visible(call.prompt) || 'not saved'),
        h('h5', {}, 'Raw answer'),
        h('pre', { class: 'sn-mono', dir: 'auto' }, visible(call.answer) || 'not saved')
      ])
    );
  return h(
    'tr',
    { class: 'sn-detail' },
    h('td', { colspan: diff.paired ? 2 : 1 }),
    column(row.old),
    column(row.new)
  );
}

function footOf(diff: DiffPayload, rows: readonly Row[], filter: Filter): HTMLElement[] {
  const noun = diff.paired ? 'Pairs' : 'Rows';
  const total = filter.kind === 'differs' ? diff.differing : diff.totalRows;
  const cut = filter.kind === 'all' || filter.kind === 'differs';
  const text =
    cut && total > rows.length
      ? `${noun}: ${count(rows.length)} of ${count(total)} saved here`
      : `${noun}: ${count(rows.length)}`;
  const hint = (words: string, ...keys: string[]): HTMLElement =>
    h('span', {}, ...keys.map(key => h('kbd', {}, key)), ` ${words}`);
  const toOpen = diff.rows.some(hasCalls) ? 'both prompts and raw answers' : 'whole texts';
  return [
    h('span', { role: 'status' }, text),
    h(
      'span',
      { class: 'sn-hints' },
      hint(diff.paired ? 'pair' : 'row', '↑', '↓'),
      diff.rows.some(opens) ? hint(toOpen, 'Enter') : h('span'),
      hint('clear', 'Esc')
    )
  ];
}
