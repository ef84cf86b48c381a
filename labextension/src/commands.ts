/** Commands: the first step into a notebook for people who have not typed `%%synth` yet. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { synthIcon } from './icon';
import { needsLoading, SETUP, STARTER } from './starter';

const INSERT_CELL = 'synthnb:insert-cell';

export const insertCell: JupyterFrontEndPlugin<void> = {
  id: '@synthnb/labextension:insert-cell',
  description: 'Inserts a %%synth cell that runs as it is.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('synthnb');
    app.commands.addCommand(INSERT_CELL, {
      label: trans.__('Synth: insert a %%synth cell'),
      caption: trans.__('Insert a cell that writes a small batch of synthetic rows'),
      icon: synthIcon,
      isEnabled: () => notebooks.currentWidget !== null,
      describedBy: { args: { type: 'object', properties: {}, additionalProperties: false } },
      execute: () => {
        if (notebooks.currentWidget) {
          insert(notebooks.currentWidget);
        }
      }
    });
    notebooks.currentChanged.connect(() => app.commands.notifyCommandChanged(INSERT_CELL));
    palette?.addItem({ command: INSERT_CELL, category: trans.__('Synthetic data') });
  }
};

/** Below the active cell, after a cell that loads the extension if none does yet. */
function insert(panel: NotebookPanel): void {
  const notebook = panel.content;
  const sources = notebook.widgets.map(cell => cell.model.sharedModel.getSource());
  for (const source of needsLoading(sources) ? [SETUP, STARTER] : [STARTER]) {
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(source);
  }
  notebook.mode = 'edit';
}
