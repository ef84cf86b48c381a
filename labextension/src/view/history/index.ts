/** The view of a history: one line a version, a sparkline a figure, doors to both. */

import type { Host } from '../context';
import { h } from '../dom';
import { plural, visible } from '../format';
import type { Mounted } from '../index';
import { parseHistory, type HistoryPayload } from './payload';
import { table } from './table';

export { HISTORY_MIME_TYPE } from './payload';

export function mountHistory(element: HTMLElement, data: unknown, host: Host = {}): Mounted {
  const root = h('div', {
    class: 'synthnb sn-history',
    'data-lm-suppress-shortcuts': 'true'
  });
  element.append(root);
  root.onkeydown = event => {
    if (event.key === 'Escape') {
      host.leave?.();
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const show = (next: unknown): void => {
    const history = parseHistory(next);
    root.replaceChildren(...(history ? parts(history, host) : [h('p', {}, UNREADABLE)]));
  };
  show(data);
  return { update: show, dispose: () => root.remove() };
}

const UNREADABLE =
  'This history was written by another version of synthnb and cannot be drawn by this one. ' +
  'Update synthnb, or run the cell again.';

function parts(history: HistoryPayload, host: Host): HTMLElement[] {
  const { figures, name, total, versions } = history;
  const cut =
    versions.length < total ? `, the newest ${plural(versions.length, 'version')}` : '';
  const drawn = table(history, host);
  const about = figures.map(
    f => `${f.label[0]?.toUpperCase() ?? ''}${f.label.slice(1)}: ${f.about}.`
  );
  return [
    h(
      'div',
      { class: 'sn-verdict' },
      h('span', { class: 'sn-big' }, plural(total, 'version')),
      h('span', { class: 'sn-facts' }, visible(`${name}${cut}`)),
      drawn.against
    ),
    h('div', { class: 'sn-scroll' }, drawn.node),
    h('p', { class: 'sn-note sn-small sn-dim' }, visible(about.join(' ')))
  ];
}
