/** The heads of the table's columns: buttons that sort. */

import type { TableColumn } from './columns';
import type { Context, Part } from './context';
import { h } from './dom';
import { visible } from './format';
import { sortBy } from './state';

export function header(context: Context, columns: readonly TableColumn[]): Part[] {
  const number = { key: null, title: '#', numeric: true };
  return [number, ...columns].map(column => {
    const arrow = h('span', { class: 'sn-arrow', 'aria-hidden': 'true' });
    const { key } = column;
    const button = h(
      'button',
      {
        class: 'sn-sort',
        type: 'button',
        title: key ? `sort by ${visible(column.title)}` : 'plan order',
        onclick: () => context.set(sortBy(context.state, key))
      },
      visible(column.title),
      arrow
    );
    const node = h('th', { scope: 'col', class: column.numeric ? 'sn-num' : '' }, button);
    const paint = (): void => {
      const { sort } = context.state;
      const active = sort.column === key;
      node.setAttribute(
        'aria-sort',
        !active ? 'none' : sort.descending ? 'descending' : 'ascending'
      );
      arrow.textContent = !active ? '' : sort.descending ? ' ▼' : ' ▲';
    };
    return { node, paint };
  });
}
