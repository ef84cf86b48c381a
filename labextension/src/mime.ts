/** Draws batches, with or without a kernel, diffs and histories. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Linked, Placed, RANK } from './linked';
import { MIME_TYPE, mount, type Mounted } from './view';
import type { Host } from './view/context';
import { DIFF_MIME_TYPE, mountDiff } from './view/diff';
import { HISTORY_MIME_TYPE, mountHistory } from './view/history';

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

/** What was computed once and asks no kernel: a diff, a history. */
class Drawn extends Placed {
  constructor(
    app: JupyterFrontEnd,
    private mime: string,
    private draw: (element: HTMLElement, data: unknown, host: Host) => Mounted
  ) {
    super(app);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data: unknown = model.data[this.mime];
    if (this.mounted) {
      this.mounted.update(data);
    } else {
      this.mounted = this.draw(this.node, data, {
        leave: () => this.leave(),
        insertCode: (code, run, instead) => this.insert(code, run, instead)
      });
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
    const draws = [
      [DIFF_MIME_TYPE, mountDiff],
      [HISTORY_MIME_TYPE, mountHistory]
    ] as const;
    for (const [mime, draw] of draws) {
      const createRenderer = (): Drawn => new Drawn(app, mime, draw);
      rendermime.addFactory({ safe: true, mimeTypes: [mime], createRenderer }, RANK);
    }
  }
};
