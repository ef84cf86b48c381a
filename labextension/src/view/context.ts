/** What every part of the view is given: the data, the state and how to change it. */

import type { Channel } from './channel';
import type { JSONObject, Payload } from './payload';
import type { Found } from './source';
import type { State } from './state';
import type { Sizes } from './window';

/** What the kernel offers to do next: code for a cell below, and whether to run it. */
export interface Door {
  label: string;
  code: string;
  run: boolean;
  /** What it stands beside: `map`; the verdict if unset. */
  place?: string;
  /** A line that it takes the place of, where the cell that shows the output runs only that. */
  instead?: string;
}

/**
 * The one door out of the view. Everything in it is optional: without a host the view
 * still filters, sorts and opens what was saved.
 */
export interface Host {
  /** Give the keyboard back to the cell. */
  leave?: () => void;
  /** Questions to the kernel. */
  channel?: Channel;
  /** Choose a kernel. */
  connect?: () => void;
  /** Put code into a cell below, or into the place of that line; with `run`, run it. */
  insertCode?: (code: string, run?: boolean, instead?: string) => void;
  /** Rows were decided: this is what should be saved now. */
  save?: (data: JSONObject) => void;
}

/** What outlives a repaint with newer data: where the reader was. */
export interface Memory {
  /** Pixels that the table is scrolled. */
  scroll: number;
  /** Position of the row that has the keyboard. */
  at: number;
  /** Rows as they were measured, and what was shown then. */
  sizes: { of: string; known: Sizes } | null;
  /** What the kernel told of rows, by id. */
  details: Map<string, JSONObject>;
}

export interface Context {
  readonly payload: Payload;
  readonly host: Host;
  readonly state: State;
  readonly found: Found;
  readonly memory: Memory;
  /** The kernel's channel while it can be asked. */
  readonly live: Channel | null;
  /** The last thing that went wrong, in one line. */
  readonly notice: string;
  /** What the kernel offers beside the verdict; nothing without one. */
  readonly doors: readonly Door[];
  /** Replace the state and repaint every part. */
  set(state: State): void;
  /** Keep, drop or undo; the kernel tells every view. */
  decide(row: string, outcome: 'keep' | 'drop' | null): void;
  /** Repaint with the state as it is. */
  repaint(): void;
  /** Say what went wrong. */
  say(notice: string): void;
  /** The kernel's map is drawn: ask which of its points are chosen. */
  mapped: boolean;
}

/** A part of the view: made once, repainted on every change of state. */
export interface Part {
  node: HTMLElement;
  paint(): void;
  /** The kernel has drawn another map. */
  remap?(): void;
}
