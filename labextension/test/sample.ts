/** A small batch, as the kernel writes it. */

export function sample(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const texts = ['Loud and hot.', 'I like it.', 'Bad.', 'It is fine, I think.', 'Broken lid.'];
  const moods = ['angry', 'happy', 'angry', 'happy', 'angry'];
  return {
    v: 1,
    id: 'abc',
    name: 'reviews',
    version: 3,
    paired_with: 2,
    status: { kind: 'done', text: '' },
    verdict: {
      accepted: 4,
      candidates: 5,
      rejected: 1,
      wanted: 4,
      tokens: 1204,
      cost: null,
      currency: 'USD'
    },
    look_first: { text: '2 rows are short.', rows: ['r0', 'r4'] },
    funnel: [
      { label: 'candidates', count: 5, lost: 0, rule: null },
      { label: 'length 5–40', count: 4, lost: 1, rule: 'length' },
      { label: 'accepted', count: 4, lost: 0, rule: null }
    ],
    charts: [
      {
        id: 'mood',
        title: 'mood',
        unit: 'rows',
        kind: 'category',
        column: 'mood',
        bars: [
          { label: 'angry', count: 2, planned: 2.4, rejected: 1, lo: null, hi: null },
          { label: 'happy', count: 2, planned: 1.6, rejected: 0, lo: null, hi: null }
        ],
        limits: [],
        total: 4,
        finding: 'All labels are within one row of the plan.'
      },
      {
        id: 'length',
        title: 'text length',
        unit: 'characters',
        kind: 'histogram',
        column: 'text',
        bars: [
          { label: '0–10', count: 1, planned: null, rejected: 1, lo: 0, hi: 10 },
          { label: '10–20', count: 3, planned: null, rejected: 0, lo: 10, hi: 20 }
        ],
        limits: [5],
        total: 4,
        finding: '10 to 20 characters.'
      }
    ],
    columns: [
      { name: 'mood', kind: 'category', type: 'category', main: false },
      { name: 'text', kind: 'prompt', type: 'text', main: true }
    ],
    rows: texts.map((text, i) => ({
      id: `r${i}`,
      index: i,
      accepted: i !== 2,
      reasons: i === 2 ? [{ rule: 'length', value: 4, message: '' }] : [],
      values: { mood: moods[i], text },
      parents: [],
      edited: false,
      detail: {
        checks: [{ rule: 'length', value: text.length, message: '', passed: i !== 2 }],
        calls: [
          {
            column: 'text',
            model: 'local/smollm2-135m',
            prompt: `Write something ${moods[i]}.`,
            few_shot: [0, 1],
            answer: text,
            prompt_tokens: 203,
            completion_tokens: 9,
            seed: 7
          }
        ],
        attempt: 0,
        candidate: 0,
        generation: 1
      }
    })),
    total_rows: 5,
    recipe: 'synthnb: 1\nname: reviews\n',
    ...changes
  };
}
