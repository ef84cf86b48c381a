/** An open row: what was asked, what was answered, which checks it met, where it is from. */

import type { Context } from './context';
import { h } from './dom';
import {
  cost,
  count,
  isRestored,
  NOT_MEASURED,
  plain,
  plural,
  seconds,
  visible
} from './format';
import { mainColumn } from './columns';
import { list, number, object, objects, text, type BatchRow, type JSONObject } from './payload';

export function detail(context: Context, row: BatchRow, span: number): HTMLTableRowElement {
  const box = h('div', { class: 'sn-split' });
  const fill = (known: JSONObject): void => {
    box.replaceChildren(...panes(context, { ...row, detail: known }));
  };
  fill(context.memory.details.get(row.id) ?? row.detail);
  if (context.live && !context.memory.details.has(row.id)) {
    context.live.request('detail', { row: row.id }).then(
      reply => {
        context.memory.details.set(row.id, object(reply.detail));
        fill(object(reply.detail));
        context.repaint();
      },
      (error: Error) => context.say(error.message)
    );
  }
  return h('tr', { class: 'sn-detail' }, h('td', {}), h('td', { colspan: span - 1 }, box));
}

function panes(context: Context, row: BatchRow): HTMLElement[] {
  const calls = objects(row.detail.calls);
  const left = h('div', {}, ...calls.flatMap(call => callBlock(call, calls.length > 1)));
  if (calls.length === 0) {
    left.append(...valueBlock(context, row));
  }
  if (context.live) {
    left.append(decisions(context, row));
  }
  return [
    left,
    h(
      'div',
      {},
      ...checks(context, row),
      ...provenance(row, calls, context.payload.verdict.currency)
    )
  ];
}

/** Keep or restore, drop, undo: what a person may decide about this row. */
function decisions(context: Context, row: BatchRow): HTMLElement {
  const door = (label: string, key: string, outcome: 'keep' | 'drop' | null): HTMLElement => {
    const node = h(
      'button',
      { class: 'sn-act', type: 'button' },
      `${label} `,
      h('kbd', {}, key)
    );
    node.addEventListener('click', () => context.decide(row.id, outcome));
    return node;
  };
  const undone = row.decision === 'drop' ? 'drop' : isRestored(row) ? 'restore' : 'keep';
  const main = mainColumn(context.payload);
  const lost = !row.accepted && main !== undefined && !(main.name in row.values);
  return h(
    'div',
    { class: 'sn-doors' },
    !row.accepted && row.decision === null && !lost && door('Restore', 'k', 'keep'),
    lost &&
      h(
        'span',
        { class: 'sn-dim sn-small' },
        visible(`No ${main.name} to restore: edit the row in a review to give it one.`)
      ),
    row.accepted && row.decision === null && door('Drop', 'd', 'drop'),
    row.decision !== null && door(`Undo ${undone}`, 'u', null)
  );
}

function callBlock(call: JSONObject, several: boolean): HTMLElement[] {
  const of = several ? ` of ${visible(text(call.column))}` : '';
  const blocks: HTMLElement[] = [];
  const talk = objects(call.conversation);
  if (text(call.prompt)) {
    blocks.push(h('h5', {}, `Rendered prompt${of}`), code(text(call.prompt)));
    const shots = list(call.few_shot).length;
    const read = number(call.prompt_tokens);
    const notes = [
      shots ? `after ${plural(shots, 'few-shot pair')}` : '',
      read !== null ? `${plural(read, 'token')} in all` : ''
    ].filter(Boolean);
    if (notes.length) {
      blocks.push(h('div', { class: 'sn-dim sn-small sn-note' }, notes.join(', ')));
    }
    if (talk.length > 1) {
      blocks.push(conversation(talk.slice(0, -1)));
    }
  }
  blocks.push(h('h5', {}, `Raw answer${of}`), code(text(call.answer) || NOT_MEASURED));
  return blocks;
}

/** What was said before the prompt: system message and few-shot pairs, folded away. */
function conversation(talk: JSONObject[]): HTMLElement {
  const said = talk.flatMap(message => [
    h('h5', {}, visible(text(message.role))),
    code(text(message.content))
  ]);
  const words = `${plural(talk.length, 'earlier message')}`;
  return h('details', { class: 'sn-earlier' }, h('summary', {}, words), ...said);
}

function valueBlock({ payload }: Context, row: BatchRow): HTMLElement[] {
  const main = mainColumn(payload);
  return main ? [h('h5', {}, visible(main.name)), code(plain(row.values[main.name]))] : [];
}

function code(words: string): HTMLElement {
  return h(
    'pre',
    { class: 'sn-mono', dir: 'auto', tabindex: words.length > 1500 ? 0 : null },
    visible(words)
  );
}

/** Every check that ran; reasons that no check gave (a truncated answer) come first. */
function checks({ payload }: Context, row: BatchRow): HTMLElement[] {
  const ran = objects(row.detail.checks);
  const names = ran.map(c => text(c.rule));
  const own = row.reasons.filter(
    r => !names.some(name => name === r.rule || name.startsWith(`${r.rule}:`))
  );
  const rows = [
    ...own.map(r =>
      checkRow(payload.limits, { ...r, passed: row.accepted && row.decision !== 'keep' })
    ),
    ...ran.map(check => checkRow(payload.limits, check))
  ];
  if (rows.length === 0) {
    return [];
  }
  return [h('h5', {}, 'Checks'), h('table', { class: 'sn-checks' }, h('tbody', {}, ...rows))];
}

function checkRow(limits: JSONObject, check: JSONObject): HTMLElement {
  const value = check.value ?? null;
  const passed = check.passed === true;
  const unknown = passed && value === null && text(check.message) === 'unknown';
  const shown =
    typeof value === 'number' ? count(value, 2) : value === null ? '' : plain(value);
  const verdict = unknown ? 'unknown' : passed ? 'passed' : 'failed';
  return h(
    'tr',
    { class: passed ? '' : 'sn-failed' },
    h('td', {}, visible(text(check.rule))),
    h('td', { class: 'sn-num' }, visible(shown)),
    h('td', { class: 'sn-dim' }, visible(limitOf(limits, text(check.rule)))),
    h('td', {}, verdict),
    h('td', { class: 'sn-dim' }, unknown ? '' : visible(text(check.message)))
  );
}

/** A rubric item (`judge: on topic`) has the limit of its check. */
function limitOf(limits: JSONObject, rule: string): string {
  const own = Object.hasOwn(limits, rule) ? limits[rule] : limits[rule.replace(/:.*$/s, '')];
  return text(own);
}

function provenance(row: BatchRow, calls: JSONObject[], currency: string): HTMLElement[] {
  const facts: [string, string][] = [];
  const first = calls[0];
  if (first) {
    facts.push(['model', text(first.model) || NOT_MEASURED]);
  }
  facts.push(['request', request(row, first)]);
  const tokens = tokenFacts(calls, currency);
  if (tokens) {
    facts.push(['tokens', tokens]);
  }
  const generation = number(row.detail.generation);
  const parents = row.parents.length ? row.parents.join(', ') : 'none';
  facts.push([
    'parents',
    generation === null ? parents : `${parents}, generation ${generation}`
  ]);
  facts.push(['row', row.id]);
  for (const [name, value] of Object.entries(object(row.detail.hidden))) {
    facts.push([`hidden: ${name}`, plain(value)]);
  }
  const pairs = facts.flatMap(([name, value]) => [
    h('dt', {}, visible(name)),
    h('dd', { dir: 'auto' }, visible(value))
  ]);
  return [h('h5', {}, 'Provenance'), h('dl', { class: 'sn-pairs' }, ...pairs)];
}

function request(row: BatchRow, call: JSONObject | undefined): string {
  const parts = [`row ${row.index + 1}`];
  const attempt = number(row.detail.attempt);
  const candidate = number(row.detail.candidate);
  const seed = call ? number(call.seed) : null;
  if (attempt !== null) {
    parts.push(`attempt ${attempt + 1}`);
  }
  if (candidate !== null) {
    parts.push(`candidate ${candidate + 1}`);
  }
  if (seed !== null) {
    parts.push(`seed ${seed}`);
  }
  return parts.join(', ');
}

function tokenFacts(calls: JSONObject[], currency: string): string {
  const sum = (key: string): number | null => {
    const known = calls.map(c => number(c[key])).filter((n): n is number => n !== null);
    return known.length ? known.reduce((a, b) => a + b, 0) : null;
  };
  const read = sum('prompt_tokens');
  const written = sum('completion_tokens');
  if (read === null || written === null) {
    return '';
  }
  const parts = [`${count(read)} in, ${count(written)} out`];
  const spent = sum('elapsed');
  if (spent !== null && spent > 0) {
    const paid = calls.every(c => number(c.cost) !== null) ? sum('cost') : null;
    parts.push(seconds(spent), cost(paid, currency));
  }
  return parts.join(' · ');
}
