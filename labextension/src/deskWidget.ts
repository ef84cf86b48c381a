/** Reviews and rankings as an anywidget, for frontends that load no extension. */

import css from '../style/batch.css';
import deskCss from '../style/desk.css';
import { mountRank, RANK_MIME_TYPE } from './desk/rank';
import { mountReview } from './desk/review';
import { Channel } from './view/channel';

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
  const mount = model.get('mime') === RANK_MIME_TYPE ? mountRank : mountReview;
  const mounted = mount(el, model.get('state_now'), { channel });
  const hear = (message: unknown): void => channel.receive(message);
  model.on('msg:custom', hear);
  // The kernel says hello to this; without one the widget shows what was saved.
  channel.connect(message => model.send?.(message), 'opening');
  model.send?.({ id: 0, op: 'hello' });
  return () => {
    model.off('msg:custom', hear);
    channel.connect(null, 'none');
    mounted.dispose();
  };
}

/** Once for each document or shadow root that shows a desk. */
function style(el: HTMLElement): void {
  const root = el.getRootNode();
  const home = root instanceof ShadowRoot ? root : document.head;
  if (!home.querySelector('style[data-synthnb-desk]')) {
    const sheet = document.createElement('style');
    sheet.dataset.synthnbDesk = '';
    sheet.textContent = css + deskCss;
    home.append(sheet);
  }
}

export default { render };
