/** Draws `application/vnd.synthnb.batch.v1+json`, with or without a kernel. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { Linked, RANK } from './linked';
import { MIME_TYPE, mount, type Mounted } from './view';
import { DIFF_MIME_TYPE, mountDiff } from './view/diff';

class RenderedBatch extends Linked {
  private batch = '';
  /** What this view itself wrote into the output. */
  private saved: string | null = null;

  constructor(app: JupyterFrontEnd) {
    super(app);
    this.addClass('jp-SynthnbBatch');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data: unknown = model.data[MIME_TYPE];
    if (this.saved !== null && JSON.stringify(data) === this.saved) {
      return; // our own words
    }
    if (this.mounted && idOf(data) === this.batch) {
      this.mounted.update(data);
      return;
    }
    this.batch = idOf(data);
    this.open(this.batch, undefined, link =>
      mount(this.node, data, {
        leave: () => this.leave(),
        channel: link.channel,
        connect: () => void this.app.commands.execute('notebook:change-kernel'),
        insertCode: (code, run) => this.insert(code, run),
        save: body => {
          this.saved = JSON.stringify(body);
          model.setData({ data: { ...model.data, [MIME_TYPE]: body } });
        }
      })
    );
  }
}

class RenderedDiff extends Widget implements IRenderMime.IRenderer {
  private mounted: Mounted | null = null;

  constructor() {
    super();
    this.addClass('jp-SynthnbDiff');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data: unknown = model.data[DIFF_MIME_TYPE];
    if (this.mounted) {
      this.mounted.update(data);
    } else {
      const leave = (): void => this.node.closest<HTMLElement>('.jp-Notebook')?.focus();
      this.mounted = mountDiff(this.node, data, { leave });
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.mounted?.dispose();
      this.mounted = null;
      super.dispose();
    }
  }
}

function idOf(data: unknown): string {
  const id = (data as { id?: unknown } | undefined)?.id;
  return typeof id === 'string' ? id : '';
}

export const batchRenderer: JupyterFrontEndPlugin<void> = {
  id: '@synthnb/labextension:mime',
  description: 'Draws the batch that a %%synth cell returns.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (app, rendermime: IRenderMimeRegistry) => {
    rendermime.addFactory(
      { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new RenderedBatch(app) },
      RANK
    );
    rendermime.addFactory(
      { safe: true, mimeTypes: [DIFF_MIME_TYPE], createRenderer: () => new RenderedDiff() },
      RANK
    );
  }
};
