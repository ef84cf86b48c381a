/** The text of a first cell: it runs unchanged on the embedded model. */

export const SETUP = '%load_ext synthnb';

export const STARTER = `%%synth reviews -n 12
product: [laptop, kettle, headphones]
mood: {angry: 1, happy: 1}
---
A two-sentence review of a {{ product }} by someone who is {{ mood }}.`;

/** Whether no cell of the notebook loads the extension yet. */
export function needsLoading(sources: readonly string[]): boolean {
  return !sources.some(source => /^\s*%(load|reload)_ext\s+synthnb\b/m.test(source));
}
