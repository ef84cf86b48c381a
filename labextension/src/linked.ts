/** Drawn outputs and the document around them, with and without its kernel. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import { NotebookActions, type Notebook, type NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { homeOf, KernelLink } from './kernel';
import { LOAD, needsLoading, replaced, SETUP } from './starter';
import type { Mounted } from './view';

/** Before widget views (−10), which need a kernel that has the model. */
export const RANK = -20;

/** A drawn output that can give the keyboard and code to the notebook around it. */
export abstract class Placed extends Widget implements IRenderMime.IRenderer {
  protected mounted: Mounted | null = null;

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

  protected clear(): void {
    this.mounted?.dispose();
    this.mounted = null;
  }

  /** Give the keyboard back to the notebook. */
  protected leave(): void {
    this.node.closest<HTMLElement>('.jp-Notebook')?.focus();
  }

  /** A new cell below the one that shows this output, or another line in that one. */
  protected insert(code: string, run = false, instead?: string): void {
    const panel = homeOf(this.app, this.node) as NotebookPanel | null;
    const notebook = panel?.content;
    if (!notebook || !('widgets' in notebook)) {
      return;
    }
    const own = notebook.widgets.findIndex(cell => cell.node.contains(this.node));
    if (own >= 0) {
      notebook.activeCellIndex = own;
    }
    const sources = notebook.widgets.map(cell => cell.model.sharedModel.getSource());
    const turned = instead === undefined ? null : replaced(sources[own] ?? '', instead, code);
    if (turned !== null) {
      notebook.activeCell?.model.sharedModel.setSource(turned);
      notebook.deselectAll(); // all that is selected would run
      runActive(notebook, panel.sessionContext);
      return;
    }
    const setup = code.startsWith('%synth') && needsLoading(sources);
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(setup ? `${SETUP}\n${code}` : code);
    if (run) {
      runActive(notebook, panel.sessionContext);
    } else {
      notebook.mode = 'edit';
    }
  }
}

/**
 * Run the active cell. The notebook may say that the extension is loaded where the kernel has
 * restarted since, or is only started by this run.
 */
function runActive(notebook: Notebook, session: ISessionContext): void {
  const load = (): void => {
    const kernel = session.session?.kernel;
    if (kernel && kernel.status !== 'dead') {
      const content = { code: LOAD, silent: true, stop_on_error: false };
      kernel.requestExecute(content).done.catch(() => undefined); // the cell says what is wrong
    }
  };
  load();
  session.kernelChanged.connect(load);
  void NotebookActions.run(notebook, session).finally(() =>
    session.kernelChanged.disconnect(load)
  );
}

/** One that also talks to the kernel of that notebook. */
export abstract class Linked extends Placed {
  private link: KernelLink | null = null;

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

  protected clear(): void {
    super.clear();
    this.link?.dispose();
    this.link = null;
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
}
