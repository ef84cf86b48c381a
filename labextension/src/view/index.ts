/**
 * The view of a batch: plain DOM, no framework, nothing of Lab's.
 *
 * `mount(element, payload, host)` is the one door; Lab's renderer and the widget for
 * other frontends both come through it.
 */

import { bars } from './bars';
import { chips } from './chips';
import type { Context, Door, Host, Memory, Part } from './context';
import { h } from './dom';
import { fromJSON, toJSON } from './exchange';
import { funnel } from './funnel';
import { histogram } from './histogram';
import { map } from './map';
import { parsePayload, type JSONObject, type Payload } from './payload';
import { number, object, objects, text } from './payload';
import { KernelRows, savedRows, type Found } from './source';
import { cleared, isFiltered, START, type State } from './state';
import { table } from './table';
import { lookFirst, verdict } from './verdict';

export { Channel, type LinkStatus } from './channel';
export type { Host } from './context';
export { MIME_TYPE } from './payload';

export interface Mounted {
  /** Show other data in the same place; filters of the same batch stay. */
  update(data: unknown): void;
  dispose(): void;
}

const NONE: readonly Door[] = [];
/** A cell that ran again, or a page that was loaded again, shows the batch of before. */
const KEPT = 'Filtered as you left it. Esc clears.';
/** Milliseconds of rest before the kernel is told what is selected. */
const REST = 60;

export function mount(element: HTMLElement, data: unknown, host: Host = {}): Mounted {
  const root = h('div', {
    class: 'synthnb',
    'data-lm-suppress-shortcuts': 'true',
    tabindex: -1
  });
  element.append(root);
  let view: View | null = null;
  const show = (next: unknown): void => {
    const payload = parsePayload(next);
    if (!payload) {
      view?.dispose();
      view = null;
      root.replaceChildren(h('p', { class: 'sn-look' }, UNREADABLE));
    } else if (view?.id === payload.id) {
      view.show(payload);
    } else {
      view?.dispose();
      view = new View(root, payload, host);
    }
  };
  show(data);
  return {
    update: show,
    dispose: () => {
      view?.dispose();
      root.remove();
    }
  };
}

const UNREADABLE =
  'This output was written by another version of synthnb and cannot be drawn by this one. ' +
  'Update synthnb, or run the cell again.';

/** Views of one batch in this page: they agree with or without a kernel. */
const siblings = new Map<string, Set<View>>();

class View {
  readonly id: string;
  private state: State = START;
  private parts: Part[] = [];
  private memory: Memory = { scroll: 0, at: 0, sizes: null, details: new Map() };
  private rows: KernelRows | null = null;
  private notice = '';
  private doors: Door[] = [];
  private stops: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private told: string;
  private context: Context;
  private found: Found;

  constructor(
    private root: HTMLElement,
    private payload: Payload,
    private host: Host
  ) {
    this.id = payload.id;
    this.found = savedRows(payload, START);
    this.context = this.makeContext();
    const family = siblings.get(this.id) ?? new Set();
    siblings.set(this.id, family.add(this));
    for (const other of family) {
      this.state = { ...this.state, filters: other.state.filters, search: other.state.search };
    }
    this.told = JSON.stringify(toJSON(this.state)); // they know: to clear it is news
    const { channel } = host;
    if (channel) {
      this.stops.push(
        channel.onChange(() => this.linkChanged()),
        channel.onEvent(event => this.heard(event))
      );
    }
    this.show(payload);
  }

  /** Draw this newer data of the same batch; the reader stays where they were. */
  show(payload: Payload): void {
    this.payload = payload;
    const focus = this.focused();
    this.rows = null;
    this.look();
    this.fill();
    focus?.();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.stops.forEach(stop => stop());
    const family = siblings.get(this.id);
    family?.delete(this);
    if (family?.size === 0) {
      siblings.delete(this.id);
    }
  }

  private get live(): Host['channel'] | null {
    const { channel } = this.host;
    return channel?.status === 'live' ? channel : null;
  }

  private makeContext(): Context {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- getters have their own
    const view = this;
    return {
      host: this.host,
      memory: this.memory,
      mapped: false,
      get payload() {
        return view.payload;
      },
      get state() {
        return view.state;
      },
      get found() {
        return view.found;
      },
      get live() {
        return view.live ?? null;
      },
      get notice() {
        return view.notice;
      },
      get doors() {
        return view.live ? view.doors : NONE;
      },
      set: state => view.set(state),
      decide: (row, outcome) => view.decide(row, outcome),
      repaint: () => view.paint(),
      say: notice => {
        // Without a kernel the state of the link is told, not what broke as it went.
        view.notice = view.live ? notice : '';
        view.paint();
      }
    };
  }

  /** Rows of the kernel where more exist than were saved, else the saved ones. */
  private look(): void {
    const { live, payload } = this;
    if (!live || payload.totalRows <= payload.rows.length) {
      this.rows = null;
      this.found = savedRows(payload, this.state);
      return;
    }
    this.rows ??= new KernelRows(
      payload,
      live,
      () => {
        this.look();
        this.paint();
      },
      message => this.context.say(message),
      () => this.context.mapped
    );
    this.found = this.rows.look(this.state);
  }

  private set(next: State): void {
    const changed = next.filters !== this.state.filters || next.search !== this.state.search;
    this.state = next;
    this.notice = '';
    if (changed) {
      this.memory.scroll = 0;
      this.memory.at = 0;
    }
    this.look();
    this.paint();
    if (changed) {
      this.tell();
    }
  }

  /** Other views in this page at once, the kernel after a moment. */
  private tell(): void {
    const selection = toJSON(this.state);
    const said = JSON.stringify(selection);
    if (said === this.told) {
      return;
    }
    this.told = said;
    for (const other of siblings.get(this.id) ?? []) {
      if (other !== this) {
        other.follow(selection);
      }
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tellKernel(), REST);
  }

  private tellKernel(): void {
    this.live?.request('select', toJSON(this.state)).catch(() => undefined);
  }

  /** Show the selection that someone else made. */
  private follow(selection: JSONObject, notice = ''): void {
    const next = fromJSON(this.payload, this.state, selection);
    const said = JSON.stringify(toJSON(next));
    if (said !== JSON.stringify(toJSON(this.state))) {
      this.told = said;
      this.state = next;
      this.notice = isFiltered(next) ? notice : '';
      this.look();
      this.paint();
    }
  }

  private heard(event: JSONObject): void {
    const kind = text(event.event);
    if (kind === 'hello') {
      this.greeted(event);
    } else if (kind === 'selection') {
      this.follow(event);
    } else if (kind === 'changed') {
      this.decided(object(event.payload));
    } else if (kind === 'map') {
      this.parts.forEach(part => part.remap?.());
    }
  }

  /** The kernel holds the batch: one of the two knows what was selected last. */
  private greeted(event: JSONObject): void {
    this.doors = objects(event.doors).map(door => ({
      label: text(door.label),
      code: text(door.code),
      run: door.run === true,
      place: text(door.place)
    }));
    this.paint();
    if (isFiltered(this.state)) {
      this.tellKernel();
    } else {
      this.follow(event, KEPT);
    }
    if ((number(event.decided) ?? 0) > 0) {
      void this.live?.request('payload').then(reply => this.decided(object(reply.payload)));
    }
  }

  private decided(data: JSONObject): void {
    const payload = parsePayload(data);
    if (payload?.id === this.id) {
      this.memory.details.clear();
      this.show(payload);
      this.host.save?.(data);
    }
  }

  private decide(row: string, outcome: 'keep' | 'drop' | null): void {
    this.live?.request('decide', { row, outcome }).then(
      reply => text(reply.notice) && this.context.say(text(reply.notice)),
      (error: Error) => this.context.say(error.message)
    );
  }

  private linkChanged(): void {
    if (!this.live) {
      this.rows = null;
      this.notice = '';
      this.context.mapped = false;
    }
    this.look();
    this.paint();
  }

  private paint(): void {
    this.parts.forEach(part => part.paint());
  }

  private fill(): void {
    const { context, root } = this;
    const filterBar = chips(context);
    const grid = table(context);
    const panels = charts(context);
    const look = lookFirst(context);
    const head = verdict(context);
    this.parts = [head, ...(look ? [look] : []), ...panels, filterBar, grid];
    const rows = context.payload.totalRows > 0;
    root.replaceChildren(
      ...[
        head.node,
        look?.node,
        rows && panels.length ? side(panels) : null,
        rows ? filterBar.node : null,
        rows ? grid.node : null
      ].filter((node): node is HTMLElement => Boolean(node))
    );
    this.paint();
    root.onkeydown = event => onKey(event, context, filterBar.focusSearch, grid.focusRow);
  }

  /** How to give the keyboard back to what has it now, once everything is drawn anew. */
  private focused(): (() => void) | null {
    const active = document.activeElement;
    if (!(active instanceof HTMLElement) || !this.root.contains(active)) {
      return null;
    }
    const row = active.closest<HTMLElement>('tr.sn-row, tr.sn-detail');
    const name = active.getAttribute('aria-label');
    return () => {
      const all = [...this.root.querySelectorAll<HTMLElement>('button, canvas')];
      const same = row ? null : name && all.find(b => b.getAttribute('aria-label') === name);
      const current = this.root.querySelector<HTMLElement>('tr.sn-row[tabindex="0"]');
      (same || (row && current) || this.root).focus({ preventScroll: true });
    };
  }
}

/** Charts in lines that wrap, and the map, which is twice as high, beside them. */
function side(panels: Part[]): HTMLElement {
  const nodes = panels.map(p => p.node);
  const last = nodes.filter(node => node.classList.contains('sn-map'));
  const others = nodes.filter(node => !last.includes(node));
  return h('div', { class: 'sn-panels' }, h('div', { class: 'sn-charts' }, ...others), ...last);
}

function charts(context: Context): Part[] {
  const first = funnel(context);
  const drawn = context.payload.charts.map(chart =>
    chart.kind === 'histogram' ? histogram(context, chart) : bars(context, chart)
  );
  const last = map(context);
  return [...(first ? [first] : []), ...drawn, ...(last ? [last] : [])];
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
