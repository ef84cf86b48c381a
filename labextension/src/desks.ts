/** Draws reviews and rankings in Lab: the view, its kernel, the saved output. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { DeskHost, Mounted } from './desk/desk';
import { mountRank, RANK_MIME_TYPE } from './desk/rank';
import { mountReview, REVIEW_MIME_TYPE } from './desk/review';
import { KernelLink } from './kernel';

/** Before widget views (−10), which need a kernel that has the model. */
const RANK = -20;
const TARGET = 'synthnb.desk';

type Mount = (element: HTMLElement, data: unknown, host: DeskHost) => Mounted;

class RenderedDesk extends Widget implements IRenderMime.IRenderer {
  private mounted: Mounted | null = null;
  private link: KernelLink | null = null;
  private desk = '';

  constructor(
    private app: JupyterFrontEnd,
    private mime: string,
    private mount: Mount
  ) {
    super();
    this.addClass('jp-SynthnbDesk');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = model.data[this.mime];
    const id = (data as { id?: unknown } | undefined)?.id;
    if (this.mounted && id === this.desk) {
      this.mounted.update(data);
      return;
    }
    this.clear();
    this.desk = typeof id === 'string' ? id : '';
    const link = new KernelLink(this.app, this.desk, TARGET);
    this.link = link;
    this.mounted = this.mount(this.node, data, {
      channel: link.channel,
      leave: () => this.node.closest<HTMLElement>('.jp-Notebook')?.focus(),
      insertCode: code => this.insert(code),
      save: bundle => model.setData({ data: { ...model.data, ...bundle } })
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
    if (!link || this.isDisposed || (this.isAttached && link.attach(this.node))) {
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

  /** A new cell below the one that shows this desk. */
  private insert(code: string): void {
    const notebook = (this.link?.document as NotebookPanel | null)?.content;
    if (!notebook || !('widgets' in notebook)) {
      return;
    }
    const own = notebook.widgets.findIndex(cell => cell.node.contains(this.node));
    if (own >= 0) {
      notebook.activeCellIndex = own;
    }
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(code);
  }
}

export const deskRenderer: JupyterFrontEndPlugin<void> = {
  id: '@synthnb/labextension:desks',
  description: 'Draws the review queue and the ranking of %synth review and %synth rank.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (app, rendermime: IRenderMimeRegistry) => {
    const mounts: [string, Mount][] = [
      [REVIEW_MIME_TYPE, mountReview],
      [RANK_MIME_TYPE, mountRank]
    ];
    for (const [mime, mount] of mounts) {
      const createRenderer = (): RenderedDesk => new RenderedDesk(app, mime, mount);
      rendermime.addFactory({ safe: true, mimeTypes: [mime], createRenderer }, RANK);
    }
  }
};
