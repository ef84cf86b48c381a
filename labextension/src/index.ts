/** What synthnb adds to JupyterLab and Notebook 7: small plugins, each can be disabled. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { insertCell } from './commands';
import { deskRenderer } from './desks';
import { batchRenderer } from './mime';
import { recipeFiles } from './recipes';
import { studioRenderer } from './studio';

const plugins: JupyterFrontEndPlugin<void>[] = [
  batchRenderer,
  deskRenderer,
  insertCell,
  recipeFiles,
  studioRenderer
];

export default plugins;
