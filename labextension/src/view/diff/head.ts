/** What happened, the finding to look at first, and the change of the recipe. */

import type { Host } from '../context';
import { h } from '../dom';
import { doorButton } from '../doors';
import { count, visible } from '../format';
import { cells, magics, python } from './code';
import type { DiffPayload, Op, Parts } from './payload';
import type { Filter } from './state';

/** `filter` tells which pairs are shown when code for them is asked for. */
export function verdict(diff: DiffPayload, host: Host, filter: () => Filter): HTMLElement {
  const insert = (): void => host.insertCode?.(python(diff, filter()));
  const acts = host.insertCode && [
    ...magics(diff).map(door => doorButton(door, host)),
    python(diff, filter()) &&
      h('button', { class: 'sn-text', type: 'button', onclick: insert }, 'Insert as code cell')
  ];
  return h(
    'div',
    { class: 'sn-verdict' },
    h('span', { class: 'sn-big' }, visible(diff.verdict)),
    h('span', { class: 'sn-facts' }, visible(diff.facts)),
    acts && h('span', { class: 'sn-acts' }, ...acts)
  );
}

export function lookFirst(diff: DiffPayload, host: Host): HTMLElement | null {
  const made = host.insertCode ? cells(diff) : [];
  // Each goes right below this output: the last one first.
  const insert = (): void => [...made].reverse().forEach(cell => host.insertCode?.(cell));
  const door = h(
    'button',
    { class: 'sn-text', type: 'button', onclick: insert },
    'Insert a cell for each'
  );
  return diff.lookFirst
    ? h(
        'p',
        { class: 'sn-look' },
        h('b', {}, 'Look first:'),
        ` ${visible(diff.lookFirst)}`,
        ...(made.length ? [' ', door] : [])
      )
    : null;
}

export function recipe(diff: DiffPayload): HTMLElement | null {
  const { changed, total, said, lines } = diff.recipe;
  if (!lines.length) {
    return null;
  }
  return section(
    'Recipe',
    visible(said) || `${count(changed)} of ${count(total)} keys changed`,
    h(
      'pre',
      { class: 'sn-yaml sn-mono', tabindex: 0, 'aria-label': 'Changes of the recipe' },
      ...lines.map(line =>
        h(
          'span',
          { class: `sn-line sn-${line.op}` },
          SIGNS[line.op],
          ...marked(line.parts, line.op)
        )
      )
    )
  );
}

const SIGNS: Record<Op, string> = {
  same: '  ',
  removed: '− ',
  added: '+ ',
  skipped: '  '
};

export function section(
  title: string,
  sub: string | Node,
  ...body: (Node | null)[]
): HTMLElement {
  return h('section', { class: 'sn-section' }, h('h4', {}, title, h('span', {}, sub)), ...body);
}

/** Text in pieces, marked ones as what was removed, added or is shared. */
export function marked(parts: Parts, kind: Op | 'shared'): (HTMLElement | string)[] {
  return parts.map(part => {
    const shown = visible(part.text);
    if (!part.marked) {
      return shown;
    }
    if (kind === 'shared') {
      return h('span', { class: 'sn-shared' }, shown);
    }
    return kind === 'removed'
      ? h('del', {}, shown)
      : kind === 'added'
        ? h('ins', {}, shown)
        : shown;
  });
}
