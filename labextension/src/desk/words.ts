/** Numbers and sections as results write them. */

import { h } from '../view/dom';
import { count, NOT_MEASURED } from '../view/format';
import { number, type JSONObject } from '../view/payload';

export function block(title: string, note: string, ...children: (Node | null)[]): HTMLElement {
  return h(
    'section',
    { class: 'sn-block' },
    h('h4', {}, title, h('span', {}, note)),
    ...children
  );
}

export function n(value: unknown): number {
  return number(value as never) ?? 0;
}

export function fixed(value: number | null): string {
  return value === null ? NOT_MEASURED : count(value, 2, true);
}

export function signed(value: number | null, places = 2): string {
  if (value === null) {
    return NOT_MEASURED;
  }
  const said = count(value, places, true);
  return value > 0 && /[1-9]/.test(said) ? `+${said}` : said; // no sign before 0.00
}

export function interval(of: JSONObject, plus = true): string {
  const low = number(of.low ?? null);
  const high = number(of.high ?? null);
  if (low === null || high === null) {
    return NOT_MEASURED;
  }
  return plus ? `${signed(low)} to ${signed(high)}` : `${fixed(low)} to ${fixed(high)}`;
}
