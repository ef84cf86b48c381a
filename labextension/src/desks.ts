/** Draws reviews and rankings in Lab: the view, its kernel, the saved output. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { DeskHost, Mounted } from './desk/desk';
import { mountRank, RANK_MIME_TYPE } from './desk/rank';
import { mountReview, REVIEW_MIME_TYPE } from './desk/review';
import { Linked, RANK } from './linked';

const TARGET = 'synthnb.desk';

type Mount = (element: HTMLElement, data: unknown, host: DeskHost) => Mounted;

class RenderedDesk extends Linked {
  private desk = '';

  constructor(
    app: JupyterFrontEnd,
    private mime: string,
    private mount: Mount
  ) {
    super(app);
    this.addClass('jp-SynthnbDesk');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = model.data[this.mime];
    const id = (data as { id?: unknown } | undefined)?.id;
    if (this.mounted && id === this.desk) {
      this.mounted.update(data);
      return;
    }
    this.desk = typeof id === 'string' ? id : '';
    this.open(this.desk, TARGET, link =>
      this.mount(this.node, data, {
        channel: link.channel,
        leave: () => this.leave(),
        insertCode: code => this.insert(code),
        save: bundle => model.setData({ data: { ...model.data, ...bundle } })
      })
    );
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
