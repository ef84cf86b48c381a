/** The same view as an anywidget, for frontends that load no extension (VS Code, Colab). */

import css from '../style/batch.css';
import diffCss from '../style/diff.css';
import { anywidget } from './anywidget';
import { mount } from './view';
import { mountDiff } from './view/diff';

export default anywidget('batch', css + diffCss, 'payload', (el, model, channel) => {
  const payload = model.get('payload');
  // A diff says so itself; anything else is a batch.
  const kind = (payload as { kind?: unknown } | null | undefined)?.kind;
  return kind === 'diff'
    ? mountDiff(el, payload)
    : mount(el, payload, { channel: model.send ? channel : undefined });
});
