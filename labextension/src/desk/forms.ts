/** Fields to edit a row and to tag it. */

import { h } from '../view/dom';
import { visible } from '../view/format';
import { list, objects, text, type JSONObject } from '../view/payload';
import { keyed } from './desk';

export interface Acts {
  save(): void;
  close(): void;
}

export function editor(row: JSONObject, acts: Acts): HTMLElement[] {
  const given = objects(row.fields).filter(f => f.written === true);
  return [
    ...given.map(field => {
      const area = h('textarea', {
        name: text(field.name),
        rows: Math.min(14, Math.max(3, Math.ceil(text(field.text).length / 90) + 1)),
        dir: 'auto',
        spellcheck: 'false'
      });
      area.value = text(field.text);
      return h(
        'label',
        {},
        h('span', { class: 'sn-small sn-dim' }, visible(text(field.name))),
        area
      );
    }),
    formKeys('Save', 'Ctrl Enter', acts)
  ];
}

export function tagger(row: JSONObject, state: JSONObject, acts: Acts): HTMLElement[] {
  const field = h('input', {
    name: 'tags',
    autocomplete: 'off',
    placeholder: 'off topic, funny'
  });
  field.value = list(row.tags).map(text).join(', ');
  const known = list(state.known_tags).map(text);
  const add = (tag: string): void => {
    const now = field.value
      .split(',')
      .map(t => t.trim())
      .filter(Boolean);
    field.value = now.includes(tag)
      ? now.filter(t => t !== tag).join(', ')
      : [...now, tag].join(', ');
    field.focus();
  };
  return [
    h('label', {}, h('span', { class: 'sn-small sn-dim' }, 'tags, with commas between'), field),
    known.length
      ? h(
          'div',
          { class: 'sn-keys' },
          ...known.map(tag =>
            h(
              'button',
              { class: 'sn-button', type: 'button', onclick: () => add(tag) },
              visible(tag)
            )
          )
        )
      : h('span', {}),
    formKeys('Save', 'Enter', acts)
  ];
}

function formKeys(label: string, key: string, acts: Acts): HTMLElement {
  return h(
    'div',
    { class: 'sn-keys' },
    keyed(label, key, () => acts.save()),
    keyed('Cancel', 'Esc', () => acts.close())
  );
}

/** Only what a person changed: a field that was cut for the view must not cut the row. */
export function changed(row: JSONObject, values: Record<string, string>): JSONObject {
  const before = new Map(objects(row.fields).map(f => [text(f.name), text(f.text)]));
  return Object.fromEntries(
    Object.entries(values).filter(
      ([name, value]) => before.get(name)?.replace(/\r\n?/g, '\n') !== value
    )
  );
}
