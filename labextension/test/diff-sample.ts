/** A small diff, as the kernel writes it. */

export function diffSample(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const side = (
    parts: [number, string][],
    outcome = 'accepted',
    tag = ''
  ): Record<string, unknown> => ({
    parts,
    outcome,
    tag,
    calls: [{ column: 'text', prompt: 'A review.', answer: 'raw' }]
  });
  return {
    v: 1,
    kind: 'diff',
    id: 'd1',
    name: 'reviews',
    old: { label: 'version 2', short: '2', version: 'reviews@2' },
    new: { label: 'version 3', short: '3', version: 'reviews@3' },
    paired: true,
    same: false,
    verdict: { text: '1 worse, 1 no evidence', counts: {} },
    facts: 'reviews, version 3 against 2 · 3 of 3 planned rows share mood and seed',
    look_first: 'nearest other row rose.',
    recipe: {
      changed: 1,
      total: 9,
      lines: [
        { op: 'same', parts: [[0, 'columns:']] },
        {
          op: 'removed',
          parts: [
            [0, '  text: A '],
            [1, 'long'],
            [0, ' review']
          ]
        },
        {
          op: 'added',
          parts: [
            [0, '  text: A '],
            [1, 'short'],
            [0, ' review']
          ]
        },
        { op: 'skipped', parts: [[0, '… seed unchanged']] }
      ]
    },
    subtitle: '3 pairs of first answers',
    metrics: [
      {
        id: 'nearest',
        label: 'nearest other row',
        unit: 'similarity 0–1, lower is better',
        digits: 3,
        verdict: 'worse',
        pairs: 3,
        old: 0.17,
        new: 0.202,
        change: 0.032,
        low: 0.018,
        high: 0.048,
        scaled: [0.3, 0.5, 9]
      },
      {
        id: 'length',
        label: 'length',
        unit: 'characters, no direction',
        digits: 1,
        verdict: 'no evidence',
        pairs: 3,
        old: 171.9,
        new: 162.9,
        change: -9,
        low: -18.1,
        high: 0.04,
        scaled: [-0.4, -0.2, 0]
      }
    ],
    note: 'Dot and line: mean change.',
    charts: [
      {
        id: 'length',
        title: 'Length',
        unit: 'characters',
        kind: 'histogram',
        old_total: 3,
        new_total: 3,
        bars: [
          { label: '0–10', old: 1, new: 2, lo: 0, hi: 10 },
          { label: '10–20', old: 2, new: 1, lo: 10, hi: 20 }
        ]
      },
      {
        id: 'outcome',
        title: 'Outcome',
        unit: 'first answers',
        kind: 'category',
        old_total: 3,
        new_total: 3,
        bars: [
          { label: 'accepted', old: 3, new: 2, lo: null, hi: null },
          { label: 'length', old: 0, new: 1, lo: null, hi: null }
        ]
      }
    ],
    attributes: ['mood'],
    total_rows: 3,
    differing: 1,
    rows: [
      {
        n: 1,
        attributes: ['angry'],
        mode: 'differences',
        differs: true,
        old: side([
          [0, 'The '],
          [1, 'lid'],
          [0, ' broke.']
        ]),
        new: side(
          [
            [0, 'The '],
            [1, 'zip'],
            [0, ' broke.']
          ],
          'length',
          'rejected: length 14'
        ),
        values: { length: [14, 14] }
      },
      {
        n: 2,
        attributes: ['happy'],
        mode: 'shared',
        differs: false,
        old: side([
          [1, 'I like it'],
          [0, '.']
        ]),
        new: side([
          [0, 'Yes, '],
          [1, 'I like it']
        ]),
        values: { length: [10, 8] }
      },
      {
        n: 3,
        attributes: ['angry'],
        mode: 'differences',
        differs: false,
        old: side([[0, 'No.']]),
        new: side([[0, 'No.']]),
        values: { length: [3, 3] }
      }
    ],
    saved_rows: 3,
    ...changes
  };
}
