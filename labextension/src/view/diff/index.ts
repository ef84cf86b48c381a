/** The view of a diff: verdict, evidence, rows. `mountDiff` is the one door. */

import type { Host } from '../context';
import { h } from '../dom';
import type { Mounted } from '../index';
import { charts } from './charts';
import { lookFirst, recipe, verdict } from './head';
import { metrics } from './metrics';
import { pairs } from './pairs';
import { parseDiff, type DiffPayload } from './payload';
import { start, type Filter } from './state';

export { DIFF_MIME_TYPE } from './payload';

export function mountDiff(element: HTMLElement, data: unknown, host: Host = {}): Mounted {
  const root = h('div', { class: 'synthnb sn-diff', 'data-lm-suppress-shortcuts': 'true' });
  element.append(root);
  const show = (next: unknown): void => {
    const diff = parseDiff(next);
    if (diff) {
      fill(root, diff, host);
    } else {
      root.replaceChildren(h('p', { class: 'sn-look' }, UNREADABLE));
    }
  };
  show(data);
  return { update: show, dispose: () => root.remove() };
}

const UNREADABLE =
  'This comparison was written by another version of synthnb and cannot be drawn by this ' +
  'one. Update synthnb, or run the cell again.';

function fill(root: HTMLElement, diff: DiffPayload, host: Host): void {
  let filter: Filter = start(diff);
  const choose = (next: Filter): void => {
    filter = next;
    drawn?.paint(next);
    table?.paint(next);
  };
  const drawn = charts(diff, choose);
  const table = pairs(diff, choose);
  const parts = [
    verdict(diff, host, () => filter),
    lookFirst(diff, host),
    recipe(diff),
    metrics(diff),
    drawn?.node,
    table?.node
  ];
  root.replaceChildren(...parts.filter((node): node is HTMLElement => Boolean(node)));
  choose(filter);
  root.onkeydown = event => {
    if (event.key !== 'Escape') {
      return;
    }
    if (filter.kind === 'all') {
      host.leave?.();
    } else {
      choose({ kind: 'all' });
      table?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };
}
