/** Four bars: the distribution of a batch. */

import { LabIcon } from '@jupyterlab/ui-components';

const svgstr =
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
  '<g class="jp-icon3" fill="#616161"><rect x="1" y="9" width="2" height="5"/>' +
  '<rect x="5" y="5" width="2" height="9"/><rect x="9" y="11" width="2" height="3"/>' +
  '<rect x="13" y="2" width="2" height="12"/></g></svg>';

export const synthIcon = new LabIcon({ name: 'synthnb:batch', svgstr });
