/** What happened, the finding to look at first, and the change of the recipe. */

import { h } from '../dom';
import { count, visible } from '../format';
import type { DiffPayload, Op, Parts } from './payload';

export function verdict(diff: DiffPayload): HTMLElement {
  return h(
    'div',
    { class: 'sn-verdict' },
    h('span', { class: 'sn-big' }, visible(diff.verdict)),
    h('span', { class: 'sn-facts' }, visible(diff.facts))
  );
}

export function lookFirst(diff: DiffPayload): HTMLElement | null {
  return diff.lookFirst
    ? h('p', { class: 'sn-look' }, h('b', {}, 'Look first:'), ` ${visible(diff.lookFirst)}`)
    : null;
}

export function recipe(diff: DiffPayload): HTMLElement | null {
  const { changed, total, lines } = diff.recipe;
  if (!lines.length) {
    return null;
  }
  return section(
    'Recipe',
    `${count(changed)} of ${count(total)} keys changed`,
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
