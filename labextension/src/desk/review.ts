/** One row at a time: keep, drop, edit, tag, undo; what was decided stays in the output. */

import { h } from '../view/dom';
import { count, plural, visible } from '../view/format';
import { number, object, text, type JSONObject } from '../view/payload';
import { card, decision, saved } from './card';
import {
  keyed,
  mountDesk,
  paintUndo,
  progress,
  type Desk,
  type DeskHost,
  type Mounted,
  type Screen
} from './desk';
import { changed, editor, tagger, type Acts } from './forms';

export const REVIEW_MIME_TYPE = 'application/vnd.synthnb.review.v1+json';

export function mountReview(element: HTMLElement, data: unknown, host: DeskHost = {}): Mounted {
  return mountDesk(element, data, host, desk => new Review(desk));
}

class Review implements Screen, Acts {
  readonly node: HTMLElement;
  private state: JSONObject = {};
  private mode: 'look' | 'edit' | 'tag' = 'look';
  private drawn = '';
  private big = h('span', { class: 'sn-big', role: 'heading', 'aria-level': 3 });
  private facts = h('span', { class: 'sn-facts' });
  private place = h('span', { class: 'sn-num', role: 'status' });
  private bar = progress('rows reviewed');
  private finding = h('p', { class: 'sn-look' });
  private body = h('div', { class: 'sn-card', tabindex: 0, role: 'group' });
  private form = h('form', { class: 'sn-form' });
  private keys = h('div', { class: 'sn-keys' });
  private undo = keyed('Undo', 'u', () => this.acts.u?.());
  private acts: Record<string, () => void> = {
    k: () => this.decide('keep'),
    d: () => this.decide('drop'),
    e: () => this.open('edit'),
    t: () => this.open('tag'),
    u: () => void this.desk.queue('undo'),
    ArrowLeft: () => void this.desk.queue('move', { by: -1 }),
    ArrowUp: () => void this.desk.queue('move', { by: -1 }),
    ArrowRight: () => void this.desk.queue('move', { by: 1 }),
    ArrowDown: () => void this.desk.queue('move', { by: 1 }),
    Escape: () => this.desk.host.leave?.()
  };

  constructor(private desk: Desk) {
    const title = h('div', { class: 'sn-verdict' }, this.big, this.facts, this.place);
    const parts = [title, this.bar.node, this.finding, this.body, this.form, this.keys];
    this.node = h('div', {}, ...parts);
    this.form.onsubmit = event => {
      event.preventDefault();
      this.save();
    };
    const button = (label: string, key: string, act = key): HTMLElement =>
      keyed(label, key, () => this.acts[act]?.());
    this.keys.append(
      button('Keep', 'k'),
      button('Drop', 'd'),
      button('Edit', 'e'),
      button('Tag', 't'),
      this.undo,
      h('span', { class: 'sn-gap' }),
      button('Previous', '←', 'ArrowLeft'),
      button('Next', '→', 'ArrowRight'),
      h('span', { class: 'sn-space' }),
      h('span', { class: 'sn-dim sn-small' }, h('kbd', {}, 'Esc'), ' leave, nothing is lost')
    );
  }

  paint(state: JSONObject): void {
    this.state = state;
    const done = number(state.done) ?? 0;
    const total = number(state.total) ?? 0;
    this.big.textContent =
      done < total
        ? `${count(done)} of ${count(total)} reviewed`
        : `All ${plural(total, 'row')} reviewed`;
    this.facts.textContent = visible(factWords(state));
    this.bar.set(done, total);
    paintUndo(this.undo, state);
    this.finding.textContent = visible(text(state.finding));
    this.finding.hidden = !text(state.finding);
    const shown = this.desk.live && this.id !== '';
    this.keys.hidden = !shown || this.mode !== 'look';
    this.form.hidden = this.mode === 'look';
    this.body.hidden = this.mode === 'edit';
    if (shown) {
      const at = count((number(state.place) ?? 0) + 1);
      this.place.replaceChildren('row ', h('b', {}, at), ` of ${count(total)}`);
      this.paintRow();
    } else {
      this.place.textContent = '';
      this.drawn = '';
      this.body.replaceChildren(...saved(state));
    }
  }

  key(event: KeyboardEvent): boolean {
    const typing = (event.target as Element).matches('input, textarea');
    if (this.mode !== 'look') {
      const done = event.key === 'Enter' && (event.ctrlKey || (this.mode === 'tag' && typing));
      if (event.key === 'Escape') {
        this.close();
      } else if (done) {
        this.save();
      } else {
        return false;
      }
      return true;
    }
    const act = event.ctrlKey || typing ? undefined : this.acts[event.key];
    act?.();
    return act !== undefined;
  }

  focus(): void {
    this.body.focus();
  }

  save(): void {
    void this.saveFields();
  }

  close(): void {
    this.mode = 'look';
    this.form.replaceChildren();
    this.paint(this.state);
    this.body.focus();
  }

  private get row(): JSONObject {
    return object(this.state.row);
  }

  private get id(): string {
    return text(this.row.id);
  }

  /** Only a row that has changed is drawn again: a scrolled prompt stays where it is. */
  private paintRow(): void {
    const { row } = this;
    const print = JSON.stringify(row);
    if (print !== this.drawn) {
      this.drawn = print;
      const name = `row ${count((number(row.index) ?? 0) + 1)}, ${visible(decision(row))}`;
      this.body.setAttribute('aria-label', name);
      this.body.replaceChildren(...card(row));
    }
  }

  private decide(op: string): void {
    if (this.id) {
      void this.desk.ask(op, { row: this.id });
    }
  }

  private open(mode: 'edit' | 'tag'): void {
    if (!this.desk.live || !this.id) {
      return;
    }
    this.mode = mode;
    const made = mode === 'edit' ? editor(this.row, this) : tagger(this.row, this.state, this);
    this.form.replaceChildren(...made);
    this.paint(this.state);
    this.form.querySelector<HTMLElement>('textarea, input')?.focus();
  }

  private async saveFields(): Promise<void> {
    const named = '[name]';
    const fields = this.form.querySelectorAll<HTMLTextAreaElement | HTMLInputElement>(named);
    const values = Object.fromEntries([...fields].map(f => [f.name, f.value]));
    const row = this.id;
    const body: JSONObject =
      this.mode === 'edit'
        ? { row, values: changed(this.row, values) }
        : { row, tags: (values.tags ?? '').split(',') };
    if (await this.desk.queue(this.mode === 'edit' ? 'edit' : 'tag', body)) {
      this.close();
    }
  }
}

function factWords(state: JSONObject): string {
  const counts = object(state.counts);
  const version = number(state.version ?? null);
  const parts = [version === null ? text(state.name) : `${text(state.name)}@${version}`];
  for (const what of ['kept', 'dropped', 'edited', 'restored', 'tagged']) {
    const n = number(counts[what] ?? null) ?? 0;
    if (n) {
      parts.push(`${count(n)} ${what}`);
    }
  }
  return parts.join(' · ');
}
