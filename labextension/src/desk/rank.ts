/** A ranking: pairs until all are judged, then the result; Esc shows the result so far. */

import { number, object, text, type JSONObject } from '../view/payload';
import { h } from '../view/dom';
import { mountDesk, type Desk, type DeskHost, type Mounted, type Screen } from './desk';
import { Pair } from './pair';
import { result } from './result';

export const RANK_MIME_TYPE = 'application/vnd.synthnb.rank.v1+json';

export function mountRank(element: HTMLElement, data: unknown, host: DeskHost = {}): Mounted {
  return mountDesk(element, data, host, desk => new Rank(desk));
}

function onButton(event: KeyboardEvent): boolean {
  return (event.target as Element).matches('button');
}

class Rank implements Screen {
  readonly node = h('div', {});
  private state: JSONObject = {};
  /** The result that Esc asked for, while pairs are left. */
  private peeked: JSONObject | null = null;
  private pair: Pair;
  /** What the result in sight was drawn from. */
  private drawn = '';

  constructor(private desk: Desk) {
    this.pair = new Pair({ vote: verdict => this.vote(verdict), undo: () => this.undo() });
  }

  paint(state: JSONObject): void {
    this.state = state;
    const had = this.node.contains(document.activeElement);
    if (this.ranking) {
      this.pair.paint(state, this.desk.live);
      this.drawn = '';
      if (this.pair.node.parentNode !== this.node) {
        this.node.replaceChildren(this.pair.node);
      }
    } else {
      const found = this.peeked ?? object(state.result);
      const drawn = JSON.stringify([found, state, this.desk.live]);
      if (drawn !== this.drawn) {
        // Drawn anew it would close what is open in it, and take the keyboard along.
        this.drawn = drawn;
        this.node.replaceChildren(result(found, state, this.actions()));
      }
    }
    if (had && !this.node.contains(document.activeElement)) {
      this.focus();
    }
  }

  key(event: KeyboardEvent): boolean {
    if (event.ctrlKey) {
      return false;
    }
    if (event.key === 'Escape') {
      if (this.ranking && this.desk.live && number(this.state.done)) {
        void this.peek();
      } else {
        this.desk.host.leave?.();
      }
    } else if (event.key === 'Enter' && this.peeked && !onButton(event)) {
      this.goOn();
    } else if (event.key === 'u') {
      this.undo();
    } else {
      return this.ranking && this.pair.key(event);
    }
    return true;
  }

  focus(): void {
    if (this.ranking) {
      this.pair.focus();
    } else {
      this.node.querySelector<HTMLElement>('.sn-big')?.focus();
    }
  }

  /** Whether a pair is in sight. */
  private get ranking(): boolean {
    return this.peeked === null && text(object(this.state.current).id) !== '';
  }

  private vote(verdict: string): void {
    const item = text(object(this.state.current).id);
    if (this.ranking) {
      void this.desk.ask('vote', { verdict, item });
    }
  }

  private undo(): void {
    this.peeked = null;
    void this.desk.queue('undo');
  }

  private async peek(): Promise<void> {
    const reply = await this.desk.ask('result');
    if (reply) {
      this.peeked = object(reply.result);
      this.paint(this.state);
      this.focus();
    }
  }

  private goOn(): void {
    this.peeked = null;
    this.paint(this.state);
    this.focus();
  }

  private async more(n: number): Promise<void> {
    this.peeked = null;
    await this.desk.queue('more', { n });
    this.focus();
  }

  private async exportRows(): Promise<void> {
    const reply = await this.desk.queue('export');
    if (reply) {
      this.desk.say(text(reply.said));
    }
  }

  private fillIn(names: string[]): void {
    this.desk.host.insertCode?.(text(this.state.code));
    this.desk.say(`Fill in ${names.join(' and ')} in the new cell, and run it.`);
  }

  private actions(): Parameters<typeof result>[2] {
    const open = text(object(this.state.current).id) !== '';
    return {
      live: this.desk.live,
      code: this.desk.host.insertCode,
      goOn: open ? () => this.goOn() : null,
      differ: this.desk.live && !open ? model => this.desk.look('differ', { model }) : null,
      more: n => void this.more(n),
      undo: () => this.undo(),
      exportRows: () => void this.exportRows(),
      fillIn: names => this.fillIn(names)
    };
  }
}
