/** Reviews and rankings as an anywidget, for frontends that load no extension. */

import css from '../style/batch.css';
import deskCss from '../style/desk.css';
import { anywidget } from './anywidget';
import { mountRank, RANK_MIME_TYPE } from './desk/rank';
import { mountReview } from './desk/review';

export default anywidget('desk', css + deskCss, 'state_now', (el, model, channel) => {
  const mount = model.get('mime') === RANK_MIME_TYPE ? mountRank : mountReview;
  return mount(el, model.get('state_now'), { channel });
});
