/**
 * The view of a batch: plain DOM, no framework, nothing of Lab's.
 *
 * `mount(element, payload, host)` is the one door; Lab's renderer and the widget for
 * other frontends both come through it.
 */

import { bars } from './bars';
import { chips } from './chips';
import type { Context, Host, Part } from './context';
import { h } from './dom';
import { funnel } from './funnel';
import { histogram } from './histogram';
import { parsePayload, type Payload } from './payload';
import { cleared, isFiltered, select, START, type State } from './state';
import { table } from './table';
import { lookFirst, verdict } from './verdict';

export type { Action, Host } from './context';
export { MIME_TYPE } from './payload';

export interface Mounted {
  /** Show other data in the same place; filters of the same batch stay. */
  update(data: unknown): void;
  dispose(): void;
}

export function mount(element: HTMLElement, data: unknown, host: Host = {}): Mounted {
  const root = h('div', { class: 'synthnb', 'data-lm-suppress-shortcuts': 'true' });
  element.append(root);
  let batch: string | null = null;
  let state: State = START;
  const show = (next: unknown): void => {
    const payload = parsePayload(next);
    if (!payload) {
      root.replaceChildren(h('p', { class: 'sn-look' }, UNREADABLE));
      return;
    }
    state = payload.id === batch ? state : START;
    batch = payload.id;
    fill(root, payload, host, state, changed => (state = changed));
  };
  show(data);
  return { update: show, dispose: () => root.remove() };
}

const UNREADABLE =
  'This output was written by another version of synthnb and cannot be drawn by this one. ' +
  'Update synthnb, or run the cell again.';

function fill(
  root: HTMLElement,
  payload: Payload,
  host: Host,
  start: State,
  remember: (state: State) => void
): void {
  const parts: Part[] = [];
  let state = start;
  let selection = select(payload, state);
  const context: Context = {
    payload,
    host,
    get state() {
      return state;
    },
    get selection() {
      return selection;
    },
    set(next: State) {
      state = next;
      selection = select(payload, next);
      remember(next);
      parts.forEach(part => part.paint());
    }
  };
  const filterBar = chips(context);
  const grid = table(context);
  const panels = charts(context);
  const look = lookFirst(context);
  parts.push(verdict(context), ...(look ? [look] : []), ...panels, filterBar, grid);
  const [head, ...rest] = parts;
  const drawn = h('div', { class: 'sn-panels' }, ...panels.map(p => p.node));
  root.replaceChildren(
    ...[head?.node, look?.node, panels.length ? drawn : null, filterBar.node, grid.node].filter(
      (node): node is HTMLElement => Boolean(node)
    )
  );
  [head, ...rest].forEach(part => part?.paint());
  root.onkeydown = event => onKey(event, context, filterBar.focusSearch, grid.focusRow);
}

function charts(context: Context): Part[] {
  const first = funnel(context);
  const drawn = context.payload.charts.map(chart =>
    chart.kind === 'histogram' ? histogram(context, chart) : bars(context, chart)
  );
  return first ? [first, ...drawn] : drawn;
}

/** `/` searches; `Esc` clears the filters, then gives the keyboard back to the cell. */
function onKey(
  event: KeyboardEvent,
  context: Context,
  focusSearch: () => void,
  focusRow: () => void
): void {
  const typing = (event.target as Element).matches('input[type="search"], textarea');
  if (event.key === '/' && !typing) {
    focusSearch();
  } else if (event.key === 'Escape') {
    if (isFiltered(context.state)) {
      context.set(cleared(context.state));
    } else {
      context.host.leave?.();
    }
  } else if (typing && event.key === 'ArrowDown') {
    focusRow();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}
