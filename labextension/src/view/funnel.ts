/** The funnel: what each rule took away. Every step leads to its rows. */

import type { Context, Part } from './context';
import { h, roving, toggle } from './dom';
import { count, plural, visible } from './format';
import type { Step } from './payload';
import { cleared, toggleOutcome, toggleRule } from './state';

export function funnel(context: Context): Part | null {
  const { funnel: steps, verdict } = context.payload;
  if (steps.length === 0) {
    return null;
  }
  const most = Math.max(...steps.map(s => s.count + s.lost), 1);
  const rows = steps.map((step, i) =>
    stepRow(context, step, most, i === 0 || i === steps.length - 1)
  );
  roving(rows.map(r => r.node));
  const group = h(
    'div',
    { role: 'group', 'aria-label': summary(context) },
    ...rows.map(r => r.node)
  );
  group.style.setProperty('--sn-digits', String(count(most).length));
  const node = h(
    'section',
    { class: 'sn-panel' },
    h(
      'h4',
      {},
      'Funnel',
      h('span', {}, `${plural(verdict.candidates, 'candidate')}, click a reason`)
    ),
    group
  );
  return { node, paint: () => rows.forEach(r => r.paint()) };
}

function summary({ payload }: Context): string {
  const { candidates, accepted, rejected } = payload.verdict;
  return `${plural(candidates, 'candidate')}: ${count(accepted)} accepted, ${count(rejected)} rejected`;
}

function stepRow(context: Context, step: Step, most: number, end: boolean): Part {
  const kept = h('i', { class: 'sn-fill' });
  kept.style.width = share(step.count, most);
  const lost = h('i', { class: 'sn-lost' });
  lost.style.width = share(step.lost, most);
  const node = h(
    'button',
    {
      class: end ? 'sn-step sn-end' : 'sn-step',
      type: 'button',
      title: visible(step.label),
      'aria-pressed': 'false',
      'aria-label': describeStep(step)
    },
    h('span', { class: 'sn-label' }, visible(step.label)),
    h('span', { class: 'sn-track' }, kept, step.lost > 0 && lost),
    h('span', { class: 'sn-num sn-bad' }, step.lost > 0 ? `−${count(step.lost)}` : ''),
    h('span', { class: 'sn-num' }, count(step.count))
  );
  node.addEventListener('click', () => press(context, step));
  const paint = (): void => {
    const on = pressed(context, step);
    toggle(node, 'sn-on', on);
    node.setAttribute('aria-pressed', String(on));
  };
  return { node, paint };
}

function describeStep(step: Step): string {
  return step.lost > 0
    ? `${step.label} took ${plural(step.lost, 'row')}, ${count(step.count)} left`
    : `${step.label}, ${plural(step.count, 'row')}`;
}

function press(context: Context, step: Step): void {
  if (step.rule) {
    context.set(toggleRule(context.state, step.rule));
  } else {
    context.set(
      step.label === 'accepted' ? toggleOutcome(context.state, true) : cleared(context.state)
    );
  }
}

function pressed({ state }: Context, step: Step): boolean {
  return state.filters.some(f =>
    f.kind === 'rule'
      ? step.rule !== null && f.rules.includes(step.rule)
      : f.kind === 'outcome' && step.label === 'accepted'
  );
}

function share(n: number, most: number): string {
  return `${((100 * n) / most).toFixed(2)}%`;
}
