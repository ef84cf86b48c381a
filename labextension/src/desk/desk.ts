/**
 * What the view of a review and that of a ranking share: the link to the kernel, one
 * question at a time, what is saved. A desk without a kernel shows what was saved.
 */

import { Channel } from '../view/channel';
import { h } from '../view/dom';
import { object, text, type JSONObject, type JSONValue } from '../view/payload';
import { visible } from '../view/format';

export interface DeskHost {
  channel?: Channel;
  /** Give the keyboard back to the cell. */
  leave?: () => void;
  /** Keep this in the output: a MIME bundle. */
  save?: (data: JSONObject) => void;
  insertCode?: (code: string) => void;
}

export interface Screen {
  node: HTMLElement;
  paint(state: JSONObject): void;
  /** Whether the key was meant for this screen. */
  key(event: KeyboardEvent): boolean;
  focus(): void;
}

/** What a screen may do. */
export interface Desk {
  readonly host: DeskHost;
  readonly live: boolean;
  /**
   * Ask the kernel about what is in sight; the new state is painted. `null` if it could not
   * be, or was asked before: a second verdict in haste would be on a row not in sight yet.
   */
  ask(op: string, body?: JSONObject): Promise<JSONObject | null>;
  /** The same, but it waits for its turn: for what can be pressed in a row. */
  queue(op: string, body?: JSONObject): Promise<JSONObject | null>;
  /** Ask for something to look at; nothing is painted, and it waits for nothing. */
  look(op: string, body?: JSONObject): Promise<JSONObject | null>;
  say(message: string, wrong?: boolean): void;
}

export interface Mounted {
  update(data: unknown): void;
  dispose(): void;
}

/** Milliseconds without a decision after which the output is saved. */
const REST = 800;
const VERSION = 1;

export function mountDesk(
  element: HTMLElement,
  data: unknown,
  host: DeskHost,
  make: (desk: Desk) => Screen
): Mounted {
  const view = new View(host, make);
  element.append(view.root);
  view.read(data);
  return { update: raw => view.update(raw), dispose: () => view.dispose() };
}

class View implements Desk {
  readonly root = h('div', {
    class: 'synthnb sn-desk',
    'data-lm-suppress-shortcuts': 'true',
    tabindex: -1
  });
  private link = h('p', { class: 'sn-dim sn-small sn-link' });
  private said = h('p', { class: 'sn-said', role: 'status' });
  private channel: Channel;
  private screen: Screen;
  private state: JSONObject = {};
  private asking: Promise<unknown> | null = null;
  /** What was in sight when something was asked about it. */
  private asked: JSONObject | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stops: (() => void)[];

  constructor(
    readonly host: DeskHost,
    make: (desk: Desk) => Screen
  ) {
    this.channel = host.channel ?? new Channel();
    this.screen = make(this);
    this.stops = [
      this.channel.onChange(() => this.paint()),
      this.channel.onEvent(event => this.heard(event))
    ];
    this.root.onkeydown = event => {
      if (!event.altKey && !event.metaKey && this.screen.key(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
  }

  get live(): boolean {
    return this.channel.status === 'live';
  }

  async ask(op: string, body: JSONObject = {}): Promise<JSONObject | null> {
    // The kernel tells all views of the next row before it answers the one that asked.
    if (!this.live || (this.asking && this.asked === this.state)) {
      return null;
    }
    this.asked = this.state;
    return this.queue(op, body);
  }

  async queue(op: string, body: JSONObject = {}): Promise<JSONObject | null> {
    while (this.asking) {
      await this.asking;
    }
    return this.live ? this.send(op, body) : null;
  }

  async look(op: string, body: JSONObject = {}): Promise<JSONObject | null> {
    try {
      return this.live ? await this.channel.request(op, body) : null;
    } catch (error) {
      this.say((error as Error).message, true);
      return null;
    }
  }

  say(message: string, wrong = false): void {
    this.said.textContent = visible(message);
    this.said.classList.toggle('sn-bad', wrong);
  }

  /** Data of the output. */
  read(raw: unknown): void {
    const found = object(raw as JSONValue);
    if (found.v !== VERSION) {
      this.root.replaceChildren(h('p', { class: 'sn-look' }, UNREADABLE));
      return;
    }
    if (this.screen.node.parentNode !== this.root) {
      this.root.replaceChildren(this.screen.node, this.said, this.link);
    }
    this.state = found;
    this.paint();
  }

  /** What is saved says nothing new while the kernel is there. */
  update(raw: unknown): void {
    if (!this.live) {
      this.read(raw);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.stops.forEach(stop => stop());
    this.root.remove();
  }

  private async send(op: string, body: JSONObject): Promise<JSONObject | null> {
    const asked = this.channel.request(op, body);
    this.asking = asked.catch(() => undefined);
    try {
      const reply = await asked;
      this.say('');
      this.show(object(reply.state));
      return reply;
    } catch (error) {
      this.say((error as Error).message, true);
      return null;
    } finally {
      this.asking = null;
    }
  }

  private heard(event: JSONObject): void {
    if (event.state) {
      this.show(object(event.state));
      if (event.first === true && mayTake(this.root)) {
        this.screen.focus();
      }
    }
  }

  private show(state: JSONObject): void {
    this.state = state;
    this.paint();
    if (text(state.notice)) {
      this.say(text(state.notice), true);
    }
    clearTimeout(this.timer);
    if (this.host.save && this.live) {
      this.timer = setTimeout(() => void this.save(), REST);
    }
  }

  private paint(): void {
    this.screen.paint(this.state);
    this.link.textContent = linkWords(this.channel, text(this.state.command));
  }

  private async save(): Promise<void> {
    try {
      const reply = await this.channel.request('bundle');
      this.host.save?.(object(reply.data));
    } catch {
      // the kernel went away: what was saved before stays
    }
  }
}

const UNREADABLE =
  'This output was written by another version of synthnb and cannot be drawn by this one. ' +
  'Update synthnb, or run the cell again.';

function linkWords(channel: Channel, command: string): string {
  switch (channel.status) {
    case 'live':
      return channel.busy ? 'kernel busy' : '';
    case 'opening':
      return 'Looking for the kernel…';
    default:
      return `No kernel holds this. ${visible(command)} goes on where you stopped.`;
  }
}

/** Whether the keyboard may come here unasked: in sight, and nobody is typing elsewhere. */
function mayTake(root: HTMLElement): boolean {
  const box = root.getBoundingClientRect();
  const inSight = box.top < window.innerHeight && box.bottom >= 0;
  const active = document.activeElement;
  const typing =
    active instanceof HTMLElement &&
    (active.isContentEditable || active.matches('input, textarea')) &&
    (active.textContent ?? '').trim() !== '';
  return inSight && !typing;
}

/** A button with its key: `Keep k`. */
export function keyed(label: string, key: string, press: () => void): HTMLButtonElement {
  return h(
    'button',
    { class: 'sn-button', type: 'button', 'aria-keyshortcuts': key, onclick: press },
    label,
    ' ',
    h('kbd', { 'aria-hidden': 'true' }, key)
  );
}

/** Whether there is anything to take back. The button stays where the keyboard may be. */
export function paintUndo(button: HTMLElement, state: JSONObject): void {
  button.setAttribute('aria-disabled', String(state.can_undo === false));
}

export function progress(label: string): {
  node: HTMLElement;
  set(n: number, of: number): void;
} {
  const bar = h('i');
  const node = h(
    'div',
    { class: 'sn-progress', role: 'progressbar', 'aria-label': label },
    bar
  );
  return {
    node,
    set(n, of) {
      node.setAttribute('aria-valuenow', String(n));
      node.setAttribute('aria-valuemax', String(of));
      bar.style.width = `${of ? (100 * n) / of : 100}%`;
    }
  };
}
