/** Which columns the table shows, how wide they are and how a value is written in them. */

import {
  characters,
  count,
  decimalsOf,
  NOT_MEASURED,
  plain,
  shorten,
  valueOf,
  visible
} from './format';
import type { BatchRow, Column, Payload } from './payload';

/** Characters and lines of one value that a cell shows; the open row shows all of it. */
const CELL = 420;
const LINES = 6;

export interface TableColumn {
  name: string;
  /** What the table is sorted by. */
  key: string;
  title: string;
  numeric: boolean;
  main: boolean;
  code: boolean;
  /** Characters that it needs, or `null` for a share of what is left. */
  width: number | null;
  value(row: BatchRow): string;
}

/** The payload's columns, and the length of the main text where no column says it. */
export function tableColumns(payload: Payload): TableColumn[] {
  const main = mainColumn(payload);
  const columns: TableColumn[] = [];
  for (const column of payload.columns) {
    columns.push(tableColumn(payload, column, column === main));
    const sized = payload.columns.some(
      c => (c.type === 'score' && c.name === 'length') || c.name === 'chars'
    );
    if (column === main && column.type === 'text' && !sized) {
      const taken = payload.columns.some(c => c.name === 'length');
      columns.push(lengthColumn(column, taken ? `${column.name} length` : 'length'));
    }
  }
  return columns;
}

export function mainColumn(payload: Payload): Column | undefined {
  const texts = payload.columns.filter(c => c.type === 'text');
  return (
    payload.columns.find(c => c.main) ??
    texts[texts.length - 1] ??
    payload.columns[payload.columns.length - 1]
  );
}

function tableColumn(payload: Payload, column: Column, main: boolean): TableColumn {
  const values = payload.rows.map(row => valueOf(row.values, column.name));
  const numbers = values.filter((v): v is number => typeof v === 'number');
  const numeric = column.type === 'number' || column.type === 'score';
  const decimals = decimalsOf(numbers);
  const value = (row: BatchRow): string => {
    const raw = valueOf(row.values, column.name);
    if (raw === null || raw === undefined) {
      return NOT_MEASURED;
    }
    return numeric && typeof raw === 'number'
      ? count(raw, decimals, true)
      : excerpt(visible(plain(raw)));
  };
  const longest = payload.rows.reduce((n, row) => Math.max(n, value(row).length), 0);
  return {
    name: column.name,
    key: column.name,
    title: title(column),
    numeric,
    main,
    code: column.type === 'json',
    width: width(column, main, numeric, longest),
    value
  };
}

function excerpt(text: string): string {
  const lines = text.trim().split(/\n+/, LINES + 1);
  const cut = lines.length > LINES ? `${lines.slice(0, LINES).join('\n')}…` : lines.join('\n');
  return shorten(cut, CELL);
}

/** "judge: on topic" stands over its numbers as "on topic". */
function title(column: Column): string {
  return column.type === 'score'
    ? column.name.replace(/^.*: /, '').replace(/_/g, ' ')
    : column.name;
}

/** Columns of up to this many characters keep their width; longer ones share the rest. */
const NARROW = 20;
/** A column of labels is never wider. */
const LABELS = 26;
/** Width of a letter of a column's head, beside one of its values. */
const HEAD = 0.85;

function headWidth(text: string): number {
  return Math.ceil(Math.min(text.length, 16) * HEAD) + 1;
}

function width(
  column: Column,
  main: boolean,
  numeric: boolean,
  longest: number
): number | null {
  const head = headWidth(title(column));
  const own = column.type === 'category' ? Math.min(longest, LABELS) : longest;
  const keeps = numeric || column.type === 'category' || longest <= NARROW;
  return !main && keeps ? Math.max(head, own, 4) : null;
}

/** Called as its chart is. */
function lengthColumn(column: Column, title: string): TableColumn {
  const value = (row: BatchRow): string => {
    const text = row.values[column.name];
    return typeof text === 'string' ? count(characters(text)) : NOT_MEASURED;
  };
  return {
    name: column.name,
    key: 'chars',
    title,
    numeric: true,
    main: false,
    code: false,
    width: headWidth(title),
    value
  };
}
