/** The same view as an anywidget, for frontends that load no extension (VS Code, Colab). */

import css from '../style/batch.css';
import diffCss from '../style/diff.css';
import { Channel, mount, type Mounted } from './view';
import { mountDiff } from './view/diff';

/** The part of an anywidget model that is used here. */
interface Model {
  get(name: string): unknown;
  on(event: string, callback: (message: unknown) => void): void;
  off(event: string, callback: (message: unknown) => void): void;
  send?(message: unknown): void;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  style(el);
  const channel = new Channel();
  const mounted = show(el, model.get('payload'), model.send ? channel : undefined);
  const update = (): void => mounted.update(model.get('payload'));
  const hear = (message: unknown): void => channel.receive(message);
  model.on('change:payload', update);
  model.on('msg:custom', hear);
  // The kernel says hello to this; without one the widget shows what was saved.
  channel.connect(message => model.send?.(message), 'opening');
  model.send?.({ id: 0, op: 'hello' });
  return () => {
    model.off('change:payload', update);
    model.off('msg:custom', hear);
    channel.connect(null, 'none');
    mounted.dispose();
  };
}

/** A diff says so itself; anything else is a batch. */
function show(el: HTMLElement, payload: unknown, channel?: Channel): Mounted {
  const kind = (payload as { kind?: unknown } | null | undefined)?.kind;
  return kind === 'diff' ? mountDiff(el, payload) : mount(el, payload, { channel });
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
