/**
 * Where the view's rows come from: what was saved, or windows of all rows from the kernel.
 *
 * Both look the same from outside: how many rows match, and the row at a position, if it
 * is here already.
 */

import type { Channel } from './channel';
import type { BatchRow, JSONObject, Payload } from './payload';
import { list, number, object, objects, row as readRow, text } from './payload';
import { toJSON } from './exchange';
import { barIndex, isFiltered, select, START, type State } from './state';

/** Rows of one question. */
const PAGE = 100;

export interface Found {
  /** Rows to show. */
  total: number;
  accepted: number;
  rejected: number;
  filtered: boolean;
  /** What was looked through: all rows, or those saved. */
  of: { accepted: number; rejected: number };
  /** Accepted rows under each bar of a chart; `null` where they are not known. */
  counts(chart: string): number[] | null;
  /** Rejected rows that match, shown or not, under each bar. */
  lost(chart: string): number[] | null;
  /** The row at a position, `null` while it is on its way. */
  row(position: number): BatchRow | null;
  /** Positions that are about to be shown. */
  want(first: number, last: number): void;
  /** Which of the map's points are chosen: by point number, `null` for all of them. */
  points: ((point: number) => boolean) | null;
}

/** The saved rows: everything is there at once. */
export function savedRows(payload: Payload, state: State): Found {
  const chosen = select(payload, state);
  const accepted = payload.rows.filter(r => r.accepted).length;
  const matching = state.showRejected
    ? chosen.rows
    : select(payload, { ...state, showRejected: true }).rows;
  const known = new Map<string, number[]>();
  const under = (id: string, kept: boolean): number[] | null => {
    const chart = payload.charts.find(c => c.id === id);
    const key = `${kept} ${id}`;
    if (!chart || known.has(key)) {
      return known.get(key) ?? null;
    }
    const counts = chart.bars.map(() => 0);
    for (const row of matching) {
      const bar = row.accepted === kept ? barIndex(chart, row) : -1;
      if (bar >= 0) {
        counts[bar] = (counts[bar] ?? 0) + 1;
      }
    }
    known.set(key, counts);
    return counts;
  };
  const ids = new Set(chosen.rows.map(r => r.id));
  return {
    total: chosen.rows.length,
    accepted: chosen.accepted,
    rejected: chosen.rejected,
    filtered: chosen.filtered,
    of: { accepted, rejected: payload.rows.length - accepted },
    counts: id => under(id, true),
    lost: id => under(id, false),
    row: position => chosen.rows[position] ?? null,
    want: () => undefined,
    points: chosen.filtered
      ? point => ids.has(payload.rows[payload.map?.rows[point] ?? -1]?.id ?? '')
      : null
  };
}

/** All rows, asked for page by page. */
export class KernelRows {
  private pages = new Map<number, BatchRow[]>();
  private asked = new Set<number>();
  private question: JSONObject = {};
  private key = '';
  private state = START;
  private found: Found;

  constructor(
    private payload: Payload,
    private channel: Channel,
    private changed: () => void,
    private failed: (message: string) => void,
    private withMap: () => boolean
  ) {
    this.found = savedRows(payload, START);
  }

  /** What is known by now; a new state is answered later, `changed` tells when. */
  look(state: State): Found {
    const question = toQuestion(state, this.withMap());
    const key = JSON.stringify(question);
    if (key !== this.key) {
      this.key = key;
      this.state = state;
      this.question = question;
      this.asked = new Set();
      void this.ask(0, isFiltered(state));
    }
    return this.found;
  }

  private async ask(page: number, filtered: boolean): Promise<void> {
    const { key } = this;
    const first = this.asked.size === 0;
    this.asked.add(page);
    let reply: JSONObject;
    try {
      reply = await this.channel.request('rows', {
        ...this.question,
        start: page * PAGE,
        end: (page + 1) * PAGE,
        counts: first
      });
    } catch (error) {
      if (key === this.key) {
        this.asked.delete(page);
        this.failed((error as Error).message);
      }
      return;
    }
    if (key !== this.key) {
      return; // an answer to what is no longer asked
    }
    const rows = objects(reply.rows).map(readRow);
    if (first) {
      this.pages = new Map([[page, rows]]);
      this.found = this.read(reply, filtered);
    } else {
      this.pages.set(page, rows);
    }
    this.changed();
  }

  private read(reply: JSONObject, filtered: boolean): Found {
    const { pages, payload, state } = this;
    const { verdict } = payload;
    // Until all texts are mapped, the dots are rows that are here; the regions of the
    // kernel's map mean nothing to them.
    const local = !this.withMap() && !state.filters.some(f => f.kind === 'region');
    const dots = local ? savedRows(payload, { ...state, showRejected: true }).points : null;
    const [kept, gone] = [object(reply.counts), object(reply.lost)];
    const under = (counts: JSONObject, id: string): number[] | null =>
      id in counts ? list(counts[id]).map(n => number(n) ?? 0) : null;
    const bits = text(reply.map) ? unpack(text(reply.map)) : null;
    return {
      total: number(reply.total) ?? 0,
      accepted: number(reply.accepted) ?? 0,
      rejected: number(reply.rejected) ?? 0,
      filtered,
      of: { accepted: verdict.accepted, rejected: verdict.rejected },
      counts: id => under(kept, id),
      lost: id => under(gone, id),
      row: position => pages.get(Math.floor(position / PAGE))?.[position % PAGE] ?? null,
      want: (from, to) => {
        for (let page = Math.floor(from / PAGE); page * PAGE < to; page += 1) {
          if (!this.asked.has(page) && pages === this.pages) {
            void this.ask(page, filtered);
          }
        }
      },
      points: filtered ? (bits ?? dots) : null
    };
  }
}

function toQuestion(state: State, map: boolean): JSONObject {
  return {
    ...toJSON(state),
    show_rejected: state.showRejected,
    sort: { ...state.sort },
    map
  };
}

/** Bits of a base64 string, first bit highest. */
function unpack(encoded: string): (i: number) => boolean {
  const bytes = atob(encoded);
  return i => ((bytes.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1) === 1;
}
