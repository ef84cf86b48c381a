/** What every part of the view is given: the data, the state and how to change it. */

import type { Payload } from './payload';
import type { Selection, State } from './state';

/** An action of the line on top, offered by whoever hosts the view (a kernel, an app). */
export interface Action {
  label: string;
  caption?: string;
  run: () => void;
}

/**
 * The one door out of the view. Everything in it is optional: without a host the view
 * still filters, sorts and opens what was saved.
 */
export interface Host {
  /** Actions beside the verdict, such as Diff, Review, Export. */
  actions?: readonly Action[];
  /** Give the keyboard back to the cell. */
  leave?: () => void;
}

export interface Context {
  readonly payload: Payload;
  readonly host: Host;
  readonly state: State;
  readonly selection: Selection;
  /** Replace the state and repaint every part. */
  set(state: State): void;
}

/** A part of the view: made once, repainted on every change of state. */
export interface Part {
  node: HTMLElement;
  paint(): void;
}
