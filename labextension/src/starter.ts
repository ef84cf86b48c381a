/** Code for cells. That of a first one runs unchanged on the embedded model. */

export const SETUP = '%load_ext synthnb';

/** The same for a kernel that may have it already: then nothing happens, and nothing is said. */
export const LOAD = "get_ipython().extension_manager.load_extension('synthnb')";

export const STARTER = `%%synth reviews -n 12
product: [laptop, kettle, headphones]
mood: {angry: 1, happy: 1}
---
A two-sentence review of a {{ product }} by someone who is {{ mood }}.`;

/** Whether no cell of the notebook loads the extension yet. */
export function needsLoading(sources: readonly string[]): boolean {
  return !sources.some(source => /^\s*%(load|reload)_ext\s+synthnb\b/m.test(source));
}

/**
 * A cell with `code` in the place of `line`; `null` unless that is all it runs, since whatever
 * else there is would run once more, and may cost money.
 */
export function replaced(source: string, line: string, code: string): string | null {
  const lines = source.split('\n');
  const place = lines.findIndex(text => text.trimEnd() === line);
  const alone = lines.every((text, i) => i === place || /^\s*(#|$)/.test(text));
  lines[place] = code;
  return alone && place >= 0 ? lines.join('\n') : null;
}
