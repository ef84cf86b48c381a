/**
 * The versions of a name as the kernel saved them: `application/vnd.synthnb.history.v1+json`.
 *
 * A notebook is a file that anyone may have written: what does not fit is dropped.
 */

import { list, number, object, objects, text } from '../payload';

export const HISTORY_MIME_TYPE = 'application/vnd.synthnb.history.v1+json';

export interface Figure {
  label: string;
  about: string;
  digits: number;
}

export interface Version {
  number: number;
  hash: string;
  made: string;
  status: string;
  rows: number;
  candidates: number;
  decisions: number;
  changed: string;
  /** Its rows are in the store no more. */
  pruned: boolean;
  /** One a figure, in its order. */
  values: (number | null)[];
}

export interface HistoryPayload {
  name: string;
  /** Versions that there are; the newest are saved. */
  total: number;
  figures: Figure[];
  /** Oldest first. */
  versions: Version[];
}

/** Read a payload; `null` for anything that is not version 1 of a history. */
export function parseHistory(data: unknown): HistoryPayload | null {
  const raw = object(data);
  if (raw.v !== 1 || raw.kind !== 'history') {
    return null;
  }
  const versions = objects(raw.versions)
    .slice(-200)
    .map(version => ({
      number: number(version.number) ?? 0,
      hash: text(version.hash),
      made: text(version.made),
      status: text(version.status),
      rows: number(version.rows) ?? 0,
      candidates: number(version.candidates) ?? 0,
      decisions: number(version.decisions) ?? 0,
      changed: text(version.changed),
      pruned: version.pruned === true,
      values: list(version.values).map(number)
    }));
  const figures = objects(raw.figures)
    .slice(0, 12)
    .map(figure => ({
      label: text(figure.label),
      about: text(figure.about),
      digits: Math.min(6, Math.max(0, Math.round(number(figure.digits) ?? 2)))
    }));
  return {
    name: text(raw.name),
    total: number(raw.total) ?? versions.length,
    figures,
    versions
  };
}
