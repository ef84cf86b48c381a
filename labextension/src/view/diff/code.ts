/** What the view of a diff offers to do next, as code for a cell below. */

import type { Door } from '../context';
import { isVersion } from '../doors';
import type { DiffPayload, Overlay, OverlayBar } from './payload';
import type { Filter } from './state';

/** Magics on the two versions; none where rows were never kept under a name. */
export function magics(diff: DiffPayload): Door[] {
  const names = versions(diff);
  if (!names || diff.same) {
    return [];
  }
  const [old, now] = names;
  const [shown, other] = [`%synth diff ${old} ${now}`, `%synth diff ${now} ${old}`];
  const swap = { label: 'Swap sides', code: other, run: true, instead: shown };
  const rank = { label: 'Rank these pairs', code: `%synth rank ${old} ${now}`, run: true };
  return diff.paired ? [rank, swap] : [swap];
}

/**
 * Cells that make each of several changes alone and compare it with the old version. What was
 * saved is only ever the body of a `%%synth` cell: a recipe, which is no code.
 */
export function cells(diff: DiffPayload): string[] {
  const names = versions(diff);
  if (!names) {
    return [];
  }
  const [name, number] = names[0].split('@');
  return diff.alone.map(body => `%%synth ${name} --vs ${number}\n${body}`);
}

/** Python that makes this diff, and the pairs that the filter shows, as tables. */
export function python(diff: DiffPayload, filter: Filter): string {
  const names = versions(diff);
  if (!names) {
    return '';
  }
  const [old, now] = names;
  const lines = [
    'from synthnb.versions import open_version',
    '',
    `changes = open_version("${now}").diff(open_version("${old}"))`
  ];
  return [...lines, ...(diff.paired ? chosen(filter) : ['changes.df'])].join('\n');
}

function chosen(filter: Filter): string[] {
  switch (filter.kind) {
    case 'all':
      return ['changes.pairs_df()'];
    case 'differs':
      return among('pair.outcomes[0] != pair.outcomes[1]');
    case 'outcome':
      return isWord(filter.outcome)
        ? among(`"${filter.outcome}" in pair.outcomes`)
        : ['changes.pairs_df()'];
    case 'bin':
      return inBin(filter.chart, filter.bar);
  }
}

function among(condition: string): string[] {
  return [
    `chosen = [pair for pair in changes.pairs if ${condition}]`,
    'changes.pairs_df(chosen)'
  ];
}

function inBin(chart: Overlay, bar: OverlayBar): string[] {
  const last = chart.bars[chart.bars.length - 1] === bar;
  const known = isWord(chart.id) && !chart.id.startsWith('own:'); // those are not in the store
  if (!known || bar.lo === null || bar.hi === null) {
    return ['changes.pairs_df()'];
  }
  const inside = `${bar.lo} <= value ${last ? '<=' : '<'} ${bar.hi}`;
  return [
    `measure = next(m for m in changes.measured if m.id == "${chart.id}")`,
    'chosen = [',
    '    pair',
    '    for pair, value in zip(changes.pairs, measure.new)',
    `    if value is not None and ${inside}`,
    ']',
    'changes.pairs_df(chosen)'
  ];
}

/** Old and new as magics name them; `null` where either is no kept version. */
function versions(diff: DiffPayload): [string, string] | null {
  const { old, new: now } = diff;
  return isVersion(old.version) && isVersion(now.version) ? [old.version, now.version] : null;
}

/** Whether a text may stand between quotes: rules and metrics are named by people. */
function isWord(text: string): boolean {
  return /^[\w .:-]+$/.test(text);
}
