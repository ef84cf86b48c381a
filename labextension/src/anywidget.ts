/** A view as an anywidget: the kernel's messages in, ours out, one style a document. */

import { Channel } from './view/channel';
import type { Mounted } from './view';

/** Milliseconds without a word of the kernel after which there seems to be none. */
const PATIENCE = 5000;

/** The part of an anywidget model that is used here. */
export interface Model {
  get(name: string): unknown;
  on(event: string, callback: (message: unknown) => void): void;
  off(event: string, callback: (message: unknown) => void): void;
  send?(message: unknown): void;
}

export interface Host {
  model: Model;
  el: HTMLElement;
}

/** `draw` makes the view; it is updated when the trait `data` changes. */
export function anywidget(
  name: string,
  css: string,
  data: string,
  draw: (el: HTMLElement, model: Model, channel: Channel) => Mounted
): { render: (host: Host) => () => void } {
  function render({ model, el }: Host): () => void {
    style(el, name, css);
    const channel = new Channel();
    const mounted = draw(el, model, channel);
    const update = (): void => mounted.update(model.get(data));
    const hear = (message: unknown): void => channel.receive(message);
    model.on(`change:${data}`, update);
    model.on('msg:custom', hear);
    // The kernel says hello to this; without one the widget shows what was saved.
    const send = (message: unknown): void => model.send?.(message);
    channel.connect(send, 'opening');
    send({ id: 0, op: 'hello' });
    const patience = setTimeout(() => {
      if (channel.status === 'opening') {
        channel.connect(send, 'unknown'); // a busy kernel may still say hello
      }
    }, PATIENCE);
    return () => {
      clearTimeout(patience);
      model.off(`change:${data}`, update);
      model.off('msg:custom', hear);
      channel.connect(null, 'none');
      mounted.dispose();
    };
  }
  return { render };
}

/** Once for each document or shadow root that shows such a view. */
function style(el: HTMLElement, name: string, css: string): void {
  const root = el.getRootNode();
  const home = root instanceof ShadowRoot ? root : document.head;
  if (!home.querySelector(`style[data-synthnb="${name}"]`)) {
    const sheet = document.createElement('style');
    sheet.dataset.synthnb = name;
    sheet.textContent = css;
    home.append(sheet);
  }
}
