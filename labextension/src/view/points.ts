/** The points of the map: those that were saved, or a sample of all from the kernel. */

import type { Context } from './context';
import { list, number, numbers, object, text, type JSONObject } from './payload';
import { barOf } from './state';

export interface Points {
  x: readonly number[];
  y: readonly number[];
  accepted: readonly boolean[];
  /** Bar of each point, by chart. */
  labels: Record<string, readonly number[]>;
  clusters: readonly (readonly number[])[];
  /** Ids of the rows in clusters. */
  copies: readonly string[];
  /** Texts that the points stand for. */
  total: number;
  about: string;
}

export function savedPoints({ payload }: Context): Points {
  const { rows, map: saved } = payload;
  const places = saved?.rows ?? [];
  const at = new Map(places.map((place, i) => [place, i]));
  const labels: Record<string, number[]> = {};
  for (const chart of payload.charts.filter(c => c.kind === 'category')) {
    labels[chart.id] = places.map(place => {
      const row = rows[place];
      const own = row ? barOf(chart, row) : null;
      return chart.bars.findIndex(b => b.label === own);
    });
  }
  const clusters = (saved?.clusters ?? []).map(group => group.map(place => at.get(place) ?? 0));
  const ids = (saved?.clusters ?? []).flat().map(place => rows[place]?.id ?? '');
  return {
    x: saved?.x ?? [],
    y: saved?.y ?? [],
    accepted: places.map(place => rows[place]?.accepted !== false),
    labels,
    clusters,
    copies: ids.filter(Boolean),
    total: payload.totalRows > rows.length ? payload.totalRows : places.length,
    about: saved?.about || 'shared words'
  };
}

export function kernelPoints(reply: JSONObject): Points {
  const labels = Object.entries(object(reply.labels)).map(([id, found]) => [
    id,
    numbers(found)
  ]);
  return {
    x: numbers(reply.x),
    y: numbers(reply.y),
    accepted: numbers(reply.accepted).map(Boolean),
    labels: Object.fromEntries(labels) as Record<string, number[]>,
    clusters: list(reply.clusters).map(numbers),
    copies: list(reply.copies).map(text),
    total: number(reply.total) ?? 0,
    about: text(reply.about)
  };
}
