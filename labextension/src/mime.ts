/** Draws `application/vnd.synthnb.batch.v1+json`, with or without a kernel. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { MIME_TYPE, mount, type Mounted } from './view';

/** Before widget views (−10), which need a kernel that has the model. */
const RANK = -20;

class RenderedBatch extends Widget implements IRenderMime.IRenderer {
  private mounted: Mounted | null = null;

  constructor() {
    super();
    this.addClass('jp-SynthnbBatch');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data: unknown = model.data[MIME_TYPE];
    if (this.mounted) {
      this.mounted.update(data);
    } else {
      this.mounted = mount(this.node, data, { leave: () => this.leave() });
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.mounted?.dispose();
      this.mounted = null;
      super.dispose();
    }
  }

  private leave(): void {
    this.node.closest<HTMLElement>('.jp-Notebook')?.focus();
  }
}

export const batchRenderer: JupyterFrontEndPlugin<void> = {
  id: '@synthnb/labextension:mime',
  description: 'Draws the batch that a %%synth cell returns.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (_app, rendermime: IRenderMimeRegistry) => {
    rendermime.addFactory(
      { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new RenderedBatch() },
      RANK
    );
  }
};
