/** Draws `application/vnd.synthnb.batch.v1+json`, with or without a kernel. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { KernelLink } from './kernel';
import { MIME_TYPE, mount, type Mounted } from './view';
import { DIFF_MIME_TYPE, mountDiff } from './view/diff';

/** Before widget views (−10), which need a kernel that has the model. */
const RANK = -20;

class RenderedBatch extends Widget implements IRenderMime.IRenderer {
  private mounted: Mounted | null = null;
  private link: KernelLink | null = null;
  private batch = '';
  /** What this view itself wrote into the output. */
  private saved: string | null = null;

  constructor(private app: JupyterFrontEnd) {
    super();
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
    this.clear();
    this.batch = idOf(data);
    const link = new KernelLink(this.app, this.batch);
    this.link = link;
    this.mounted = mount(this.node, data, {
      leave: () => this.leave(),
      channel: link.channel,
      connect: () => void this.app.commands.execute('notebook:change-kernel'),
      insertCode: (code, run) => this.insert(code, run),
      save: body => {
        this.saved = JSON.stringify(body);
        model.setData({ data: { ...model.data, [MIME_TYPE]: body } });
      }
    });
    this.findHome();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.clear();
      super.dispose();
    }
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.findHome();
  }

  /** The document may be put into the shell after its outputs were drawn. */
  private findHome(tries = 20): void {
    const { link } = this;
    if (!link || this.isDisposed) {
      return;
    }
    if (this.isAttached && link.attach(this.node)) {
      return;
    }
    if (tries > 0) {
      setTimeout(() => link === this.link && this.findHome(tries - 1), 250);
    }
  }

  private clear(): void {
    this.mounted?.dispose();
    this.mounted = null;
    this.link?.dispose();
    this.link = null;
  }

  private leave(): void {
    this.node.closest<HTMLElement>('.jp-Notebook')?.focus();
  }

  /** A new cell below the one that shows this batch. */
  private insert(code: string, run = false): void {
    const panel = this.link?.document as NotebookPanel | null;
    const notebook = panel?.content;
    if (!notebook || !('widgets' in notebook)) {
      return;
    }
    const own = notebook.widgets.findIndex(cell => cell.node.contains(this.node));
    if (own >= 0) {
      notebook.activeCellIndex = own;
    }
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(code);
    if (run) {
      void NotebookActions.run(notebook, panel.sessionContext);
    } else {
      notebook.mode = 'edit';
    }
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
