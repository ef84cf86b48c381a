/** Recipe files: `.synth.yaml` has an icon and opens as text. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { synthIcon } from './icon';

const RECIPE_FILE_TYPE = 'synthnb-recipe';

export const recipeFiles: JupyterFrontEndPlugin<void> = {
  id: '@synthnb/labextension:recipes',
  description: 'Makes .synth.yaml files known to the file browser.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    app.docRegistry.addFileType({
      name: RECIPE_FILE_TYPE,
      displayName: 'Synth recipe',
      extensions: ['.synth.yaml', '.synth.yml'],
      mimeTypes: ['text/yaml', 'text/x-yaml'],
      contentType: 'file',
      fileFormat: 'text',
      icon: synthIcon
    });
  }
};
