/** The first lines: what happened, and the one finding to look at first. */

import type { Context, Part } from './context';
import { h } from './dom';
import { doorButton, isVersion } from './doors';
import { count, facts, plural, visible } from './format';
import { withFilter } from './state';

export function verdict(context: Context): Part {
  const { payload } = context;
  const { accepted, head } = payload.verdict;
  const recipe = h(
    'pre',
    { class: 'sn-recipe sn-mono', hidden: true },
    visible(payload.recipe)
  );
  const show = h(
    'button',
    { class: 'sn-text', type: 'button', 'aria-expanded': 'false' },
    'Recipe'
  );
  show.addEventListener('click', () => {
    recipe.hidden = !recipe.hidden;
    show.setAttribute('aria-expanded', String(!recipe.hidden));
  });
  const offered = doors(context);
  const line = h(
    'div',
    { class: 'sn-verdict' },
    h(
      'span',
      { class: head ? 'sn-big sn-bad' : 'sn-big' },
      visible(head || `${count(accepted)} accepted`)
    ),
    h('span', { class: 'sn-facts' }, visible(facts(payload).join(' · ')), paired(context)),
    h('span', { class: 'sn-acts' }, offered.node, payload.recipe ? show : null)
  );
  const link = linkNote(context);
  const node = h('div', {}, line, progress(context), link.node, recipe);
  return {
    node,
    paint: () => {
      link.paint();
      offered.paint();
    }
  };
}

/** What the kernel offers to do next: each puts a cell below that anyone can read. */
function doors(context: Context): Part {
  const node = h('span', { class: 'sn-offered' });
  let drawn: unknown = null;
  const paint = (): void => {
    const { doors: offered, host } = context;
    if (offered === drawn) {
      return; // a button that is replaced would lose the keyboard
    }
    drawn = offered;
    const buttons = offered.filter(d => !d.place).map(door => doorButton(door, host));
    node.replaceChildren(...(host.insertCode ? buttons : []));
  };
  return { node, paint };
}

/** What needs a kernel, and whether it is there: nothing where all is well. */
function linkNote(context: Context): Part {
  const words = h('span');
  const door = h('button', { class: 'sn-text', type: 'button' }, 'Connect kernel');
  door.addEventListener('click', () => context.host.connect?.());
  const node = h('div', { class: 'sn-link', 'aria-live': 'polite' }, words, door);
  const paint = (): void => {
    const said = linkWords(context);
    words.textContent = said;
    node.hidden = said === '';
    door.hidden = context.host.channel?.status !== 'none' || !context.host.connect;
  };
  return { node, paint };
}

function linkWords({ host, payload, notice }: Context): string {
  const { channel } = host;
  if (notice) {
    return visible(notice);
  }
  if (!channel || channel.status === 'opening') {
    return '';
  }
  const rows = `filters work on these ${plural(payload.rows.length, 'saved row')}`;
  if (channel.status === 'none') {
    return `No kernel: ${rows}; restoring rows and making cells needs one.`;
  }
  if (channel.status === 'unknown') {
    const own = `${payload.name}@${payload.version}`;
    const open = isVersion(own) ? `%synth show ${own} opens it` : 'Run its cell again';
    return `The kernel does not hold this batch: ${rows}. ${open}.`;
  }
  return channel.busy ? 'kernel busy: it runs a cell or reads many rows' : '';
}

function paired({ payload }: Context): string {
  return payload.pairedWith === null ? '' : `, paired with ${payload.pairedWith}`;
}

function progress({ payload }: Context): HTMLElement | null {
  const { accepted, wanted } = payload.verdict;
  if (payload.status.kind !== 'running' || !wanted) {
    return null;
  }
  const share = Math.min(100, Math.round((accepted / wanted) * 100));
  const bar = h('i');
  bar.style.width = `${share}%`;
  return h(
    'div',
    {
      class: 'sn-progress',
      role: 'progressbar',
      'aria-label': 'accepted rows',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': share
    },
    bar
  );
}

/** Rows that a finding names at most. */
const MOST = 200;

/** At most one sentence, with a button that shows its rows. No finding, no line. */
export function lookFirst(context: Context): Part | null {
  const look = context.payload.lookFirst;
  if (!look) {
    return null;
  }
  const { totalRows, rows } = context.payload;
  const here = look.rows.filter(id => rows.some(r => r.id === id));
  // Rows that were not saved here the kernel may have.
  const known = (): string[] => (context.live && totalRows > rows.length ? look.rows : here);
  const door = h('button', { class: 'sn-text', type: 'button', 'aria-pressed': 'false' });
  const pressed = (): boolean => context.state.filters.some(f => f.kind === 'rows');
  door.addEventListener('click', () => {
    const ids = known();
    const label =
      ids.length === 1 ? 'the row to look at' : `${count(ids.length)} rows to look at`;
    context.set(
      withFilter(
        { ...context.state, showRejected: true },
        'rows',
        pressed() ? null : { kind: 'rows', key: 'rows', ids, label }
      )
    );
  });
  const node = h(
    'p',
    { class: 'sn-look' },
    h('b', {}, 'Look first:'),
    ` ${visible(look.text)} `,
    door
  );
  const paint = (): void => {
    const n = known().length;
    const words = n < MOST ? `Show the ${count(n)}` : `Show the first ${count(n)}`;
    door.textContent = n === 1 ? 'Show the row' : words;
    door.hidden = n === 0;
    door.setAttribute('aria-pressed', String(pressed()));
  };
  return { node, paint };
}
