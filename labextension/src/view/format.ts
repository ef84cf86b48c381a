/** Numbers and words as every synthnb view writes them. */

import type {
  BatchRow,
  Chart,
  JSONObject,
  JSONValue,
  Payload,
  Reason,
  Verdict
} from './payload';

export const NOT_MEASURED = '–';
const MINUS = '−';

/** `1,204`, `−0.195`: at most `decimals` places, exactly that many if `fixed`. */
export function count(value: number, decimals = 0, fixed = false): string {
  const digits = Math.abs(value).toLocaleString('en-US', {
    maximumFractionDigits: decimals,
    minimumFractionDigits: fixed ? decimals : 0
  });
  return value < 0 && /[1-9]/.test(digits) ? MINUS + digits : digits;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function seconds(value: number): string {
  if (value < 0.05) {
    return '< 0.1 s';
  }
  return value < 60
    ? `${count(value, 1, true)} s`
    : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

/** A cost that is not known is said to be so; it is never zero. */
export function cost(value: number | null, currency: string): string {
  if (value === null) {
    return 'cost unknown';
  }
  if (value === 0) {
    return 'no cost';
  }
  if (value < 0.00005) {
    return `< 0.0001 ${currency}`;
  }
  const places = value >= 0.1 ? 2 : 4;
  return `${count(value, places, true)} ${currency}`;
}

/** How many decimals a column of numbers needs, two at most. */
export function decimalsOf(values: readonly number[]): number {
  let places = 0;
  for (const value of values) {
    if (!Number.isInteger(value)) {
      places = Math.max(places, Number.isInteger(Math.round(value * 100) / 10) ? 1 : 2);
    }
  }
  return places;
}

/** One value as plain text; objects as JSON on one line, with the spaces of the kernel. */
export function plain(value: JSONValue | undefined): string {
  if (value === null || value === undefined) {
    return NOT_MEASURED;
  }
  return typeof value === 'string'
    ? value
    : JSON.stringify(value, null, 1).replace(/,\n */g, ', ').replace(/\n */g, '');
}

/** A number as the kernel spells a float: `1.0`, `1e-05`. */
export function float(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e16 || (size < 1e-4 && size > 0)) {
    return value.toExponential().replace(/(?<=e.)(?=.$)/, '0');
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** A value as the label of its bar, spelled as the kernel spells it; whole numbers as ints. */
export function label(value: JSONValue): string {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? String(value) : float(value);
  }
  const begin = [...plain(value).slice(0, 480)].slice(0, 240).join('');
  return shorten(visible(begin).split(/\s+/).filter(Boolean).join(' '), 60);
}

/**
 * Text that a person can judge: control characters and direction overrides are shown,
 * not obeyed, because rows are whatever a model wrote.
 */
export function visible(value: string): string {
  return value.replace(/\r\n/g, '\n').replace(HIDDEN, c => {
    const code = c.codePointAt(0) ?? 0;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

const HIDDEN =
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{d800}-\u{dfff}\u{e0000}-\u{e007f}]|(?<=[\ufe00-\ufe0f\u{e0100}-\u{e01ef}])[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

export function shorten(value: string, length: number): string {
  const characters = [...value.slice(0, length * 2 + 2)];
  return characters.length > length
    ? characters
        .slice(0, length - 1)
        .join('')
        .trimEnd() + '…'
    : value;
}

/** A value by its column name; `answer.score` reaches into an object. */
export function valueOf(values: JSONObject, path: string): JSONValue | undefined {
  if (Object.hasOwn(values, path)) {
    return values[path];
  }
  let value: JSONValue | undefined = values;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return undefined;
    }
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

/** What a histogram measures of one row: a number, or the length of a text. */
export function measure(
  chart: Pick<Chart, 'id' | 'column' | 'unit'>,
  row: BatchRow
): number | null {
  const score =
    chart.id === 'nearest'
      ? (row.values.nearest ?? row.values.near_duplicate)
      : row.values[chart.id];
  const value = typeof score === 'number' ? score : valueOf(row.values, chart.column);
  if (typeof value === 'number') {
    return value;
  }
  if (value === null || value === undefined) {
    return null;
  }
  if (chart.unit.startsWith('word')) {
    return plain(value).split(/\s+/).filter(Boolean).length;
  }
  return chart.unit.startsWith('char') ? characters(plain(value)) : null;
}

/** Characters as Python counts them: code points. */
export function characters(value: string): number {
  let n = 0;
  for (const _ of value) {
    n += 1;
  }
  return n;
}

/** Whether a person let in what the run rejected; a kept row may have been accepted before. */
export function isRestored(row: BatchRow): boolean {
  return row.accepted && row.decision === 'keep' && row.reasons.length > 0;
}

/** `rejected: length 71`: why, short enough for a tag. */
export function reason(row: BatchRow): string {
  const first = row.reasons[0];
  if (!first) {
    return 'rejected';
  }
  const more = row.reasons.length > 1 ? `, ${row.reasons.length - 1} more` : '';
  return `rejected: ${short(first)}${more}`;
}

/** The rule and what it measured; its own words where they begin with its name. */
function short({ rule, value, message }: Reason): string {
  if (message.startsWith(rule) && message.length <= 40) {
    return message;
  }
  if (typeof value === 'number') {
    return `${rule} ${count(value, 2)}`;
  }
  return typeof value === 'string' ? `${rule} ${shorten(value, 24)}` : rule;
}

/** What was written and paid; of stored answers nothing was. */
function spent({ tokens, cached, sent, cost: paid, currency }: Verdict): string[] {
  const written = tokens !== null ? plural(tokens, 'token') : '';
  const stored = cached > 0 ? plural(cached, 'stored answer') : '';
  return stored && !sent
    ? [tokens ? `${stored} (${written}), nothing sent` : `${stored}, nothing sent`]
    : [written, stored, cost(paid, currency)];
}

/** The facts after the verdict, in a fixed order. */
export function facts(payload: Payload): string[] {
  const { verdict, status } = payload;
  const version = payload.version === null ? '' : `version ${payload.version}`;
  if (verdict.head) {
    return [status.text, version].filter(Boolean);
  }
  const running = status.kind === 'running';
  const of = running
    ? `of ${count(verdict.candidates)} candidates, ${count(verdict.wanted ?? 0)} wanted`
    : `of ${plural(verdict.candidates, 'candidate')}`;
  return [
    of,
    verdict.realShare !== null ? `${Math.round(verdict.realShare * 100)}% real` : '',
    payload.elapsed !== null ? seconds(payload.elapsed) : '',
    ...spent(verdict),
    status.kind === 'done' ? '' : status.text,
    version
  ].filter(Boolean);
}
