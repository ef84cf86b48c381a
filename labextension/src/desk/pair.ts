/** A pair: source beside the question, keys on the answers. Nothing tells who wrote what. */

import { h } from '../view/dom';
import { count, plural, visible } from '../view/format';
import { number, object, objects, text, type JSONObject } from '../view/payload';
import { keyed, paintUndo, progress } from './desk';

interface Acts {
  vote(verdict: string): void;
  undo(): void;
}

const DEFAULT_RUBRIC = 'Which one would you rather train on?';
const KEYS: Record<string, string> = {
  '1': 'left',
  '2': 'right',
  '0': 'tie',
  b: 'both_bad',
  s: 'skip'
};

/** Made once, so that the keyboard stays where it is from pair to pair. */
export class Pair {
  readonly node: HTMLElement;
  private facts = h('span', { class: 'sn-facts' });
  private place = h('span', { class: 'sn-num', role: 'status' });
  private bar = progress('pairs done');
  private question = h('div', {});
  private source = h('div', {});
  private context = h('div', { class: 'sn-ctx' }, this.question, this.source);
  private rubric = h('span', { class: 'sn-rubric' });
  private undo: HTMLElement;
  private keys: HTMLElement;
  private foot = h('div', { class: 'sn-dim sn-small sn-desk-foot' });
  private left: Answer;
  private right: Answer;

  constructor(private acts: Acts) {
    this.left = answer('Left', '1', () => acts.vote('left'));
    this.right = answer('Right', '2', () => acts.vote('right'));
    this.undo = keyed('Undo', 'u', () => acts.undo());
    this.keys = buttons(acts, this.undo, this.rubric);
    const title = 'Which answer is better?';
    this.node = h(
      'div',
      {},
      h(
        'div',
        { class: 'sn-verdict' },
        h('span', { class: 'sn-big', role: 'heading', 'aria-level': 3 }, title),
        this.facts,
        this.place
      ),
      this.bar.node,
      this.context,
      h(
        'div',
        { class: 'sn-ab', role: 'group', 'aria-label': 'answers' },
        this.left.node,
        this.right.node
      ),
      this.keys,
      this.foot
    );
  }

  /** Without a kernel there is a pair to read, and nothing to press. */
  paint(state: JSONObject, live: boolean): void {
    const current = object(state.current);
    const done = number(state.done) ?? 0;
    const total = number(state.total) ?? 0;
    const minutes = number(state.minutes);
    this.facts.textContent = visible(about(state));
    this.place.replaceChildren(
      'pair ',
      h('b', {}, count(Math.min(done + 1, total))),
      ` of ${count(total)}`,
      minutes === null ? '' : ` · about ${count(minutes)} min left`
    );
    this.bar.set(done, total);
    paintUndo(this.undo, state);
    const from = object(current.source);
    const label = text(from.label);
    this.question.replaceChildren(...fields(objects(current.question), true));
    this.source.replaceChildren(...(label ? sourceOf(label, objects(from.fields)) : []));
    this.context.classList.toggle('sn-single', !label);
    this.left.set(text(current.left), live);
    this.right.set(text(current.right), live);
    this.keys.hidden = !live;
    this.rubric.textContent = `Rubric: ${visible(text(state.rubric) || DEFAULT_RUBRIC)}`;
    this.foot.textContent = tallied(object(state.tally), number(state.repeats) ?? 0);
  }

  key(event: KeyboardEvent): boolean {
    const verdict = KEYS[event.key];
    if (verdict) {
      this.acts.vote(verdict);
    } else if (event.key === '?') {
      this.rubric.classList.toggle('sn-all');
    } else if (event.key === 'ArrowLeft') {
      this.left.node.focus();
    } else if (event.key === 'ArrowRight') {
      this.right.node.focus();
    } else {
      return false;
    }
    return true;
  }

  focus(): void {
    this.left.node.focus();
  }
}

function about(state: JSONObject): string {
  const who = text(state.rater) === 'you' ? '' : ` · rater ${text(state.rater)}`;
  const hidden = state.versions === true ? 'versions' : 'models';
  return (
    `${text(state.title)}, column ${text(state.column)}${who} · ` +
    `blind: ${hidden} and sides are hidden until the end`
  );
}

/** The keys; the rubric stands beside them, in one line: `?` shows a long one whole. */
function buttons({ vote }: Acts, undo: HTMLElement, rubric: HTMLElement): HTMLElement {
  const hint = (key: string, words: string): HTMLElement =>
    h('span', {}, h('kbd', {}, key), ` ${words}`);
  return h(
    'div',
    { class: 'sn-keys' },
    keyed('Left better', '1', () => vote('left')),
    keyed('Tie', '0', () => vote('tie')),
    keyed('Right better', '2', () => vote('right')),
    h('span', { class: 'sn-gap' }),
    keyed('Both bad', 'b', () => vote('both_bad')),
    keyed('Skip', 's', () => vote('skip')),
    undo,
    h('span', { class: 'sn-space' }),
    h(
      'span',
      { class: 'sn-dim sn-small sn-hints' },
      rubric,
      hint('?', 'rubric'),
      hint('Esc', 'result so far, nothing is lost')
    )
  );
}

interface Answer {
  node: HTMLButtonElement;
  set(words: string, live: boolean): void;
}

function answer(side: string, key: string, press: () => void): Answer {
  const words = h('span', { class: 'sn-tx', dir: 'auto' });
  const hint = h('kbd', { 'aria-hidden': 'true' }, key);
  const node = h(
    'button',
    {
      class: 'sn-ans',
      type: 'button',
      'aria-keyshortcuts': key,
      onclick: press
    },
    h('span', { class: 'sn-hd' }, h('span', {}, side), hint),
    words
  );
  return {
    node,
    set(value, live) {
      words.textContent = visible(value);
      hint.hidden = !live;
      node.setAttribute('aria-disabled', String(!live));
    }
  };
}

/** The last field is what is asked; those before it are its attributes. */
function fields(given: JSONObject[], question: boolean): HTMLElement[] {
  return given.flatMap(field => [
    ...(text(field.name) ? [caption(text(field.name))] : []),
    h(
      'div',
      { class: question && given.length === 1 ? 'sn-asked' : '', dir: 'auto' },
      visible(text(field.text))
    )
  ]);
}

/** One field needs no name beside the source's. */
function sourceOf(label: string, given: JSONObject[]): HTMLElement[] {
  const [only, ...more] = given;
  return only && !more.length
    ? [caption(`${label}, ${text(only.name)}`), ...fields([{ ...only, name: '' }], false)]
    : [caption(label), ...fields(given, false)];
}

function caption(words: string): HTMLElement {
  return h('span', { class: 'sn-small sn-dim' }, visible(words));
}

function tallied(tally: JSONObject, repeats: number): string {
  const n = (key: string): number => number(tally[key]) ?? 0;
  const parts = [`${n('left')} left`, `${n('right')} right`];
  parts.push(plural(n('tie'), 'tie'));
  if (n('both_bad')) {
    parts.push(`${n('both_bad')} both bad`);
  }
  if (n('skip')) {
    parts.push(`${n('skip')} skipped`);
  }
  const again = repeats
    ? ` ${repeats} of the next 10 ${repeats === 1 ? 'repeats an earlier one' : 'repeat earlier ones'} ` +
      'with the sides swapped, to measure how steady you are.'
    : '';
  return `Done: ${parts.join(', ')}. Sides are random.${again}`;
}
