/** A drawn output that is linked to the kernel of the document around it. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { KernelLink } from './kernel';
import type { Mounted } from './view';

/** Before widget views (−10), which need a kernel that has the model. */
export const RANK = -20;

export abstract class Linked extends Widget implements IRenderMime.IRenderer {
  protected mounted: Mounted | null = null;
  private link: KernelLink | null = null;

  constructor(protected app: JupyterFrontEnd) {
    super();
  }

  abstract renderModel(model: IRenderMime.IMimeModel): Promise<void>;

  dispose(): void {
    if (!this.isDisposed) {
      this.clear();
      super.dispose();
    }
  }

  /** Draw anew: `draw` gets the link to whatever in the kernel has this id. */
  protected open(
    id: string,
    target: string | undefined,
    draw: (link: KernelLink) => Mounted
  ): void {
    this.clear();
    const link = new KernelLink(this.app, id, target);
    this.link = link;
    this.mounted = draw(link);
    this.findHome();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.findHome();
  }

  /** Give the keyboard back to the notebook. */
  protected leave(): void {
    this.node.closest<HTMLElement>('.jp-Notebook')?.focus();
  }

  /** A new cell below the one that shows this output. */
  protected insert(code: string, run = false): void {
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
}
