/** Buttons that put code into a cell below, where anyone can read it. */

import type { Door, Host } from './context';
import { h } from './dom';
import { visible } from './format';

/** A version as magics name it, without anything that a shell or a cell could read otherwise. */
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,199}@[1-9][0-9]{0,8}$/;

/**
 * Whether a name may stand in code that runs at a click. A notebook is a file that anyone may
 * have written: code comes from the kernel, or is made here of names that pass this.
 */
export function isVersion(name: string): boolean {
  return VERSION.test(name);
}

/** Its tooltip is the code, so that nobody runs what they could not read first. */
export function doorButton(door: Door, host: Host): HTMLButtonElement {
  return h(
    'button',
    {
      class: 'sn-text',
      type: 'button',
      title: visible(door.code),
      onclick: () => host.insertCode?.(door.code, door.run, door.instead)
    },
    visible(door.label)
  );
}
