/** The same view as an anywidget, for frontends that load no extension (VS Code, Colab). */

import css from '../style/batch.css';
import diffCss from '../style/diff.css';
import { mount, type Mounted } from './view';
import { mountDiff } from './view/diff';

/** The part of an anywidget model that is used here. */
interface Model {
  get(name: string): unknown;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  style(el);
  const mounted = show(el, model.get('payload'));
  const update = (): void => mounted.update(model.get('payload'));
  model.on('change:payload', update);
  return () => {
    model.off('change:payload', update);
    mounted.dispose();
  };
}

/** A diff says so itself; anything else is a batch. */
function show(el: HTMLElement, payload: unknown): Mounted {
  const kind = (payload as { kind?: unknown } | null | undefined)?.kind;
  return kind === 'diff' ? mountDiff(el, payload) : mount(el, payload);
}

/** Once for each document or shadow root that shows a batch. */
function style(el: HTMLElement): void {
  const root = el.getRootNode();
  const home = root instanceof ShadowRoot ? root : document.head;
  if (!home.querySelector('style[data-synthnb]')) {
    const sheet = document.createElement('style');
    sheet.dataset.synthnb = '';
    sheet.textContent = css + diffCss;
    home.append(sheet);
  }
}

export default { render };
