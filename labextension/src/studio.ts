/** Keeps the studio readable where its widget is not: the recipe as last edited, its rows. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import { homeOf, type Home } from './kernel';
import { mount, type Mounted } from './view';
import { h } from './view/dom';
import { visible } from './view/format';
import { object, text, type JSONObject, type JSONValue } from './view/payload';

const STUDIO_MIME_TYPE = 'application/vnd.synthnb.studio.v1+json';
const WIDGET = 'application/vnd.jupyter.widget-view+json';
/** A widget whose kernel did not restart: one that lost it stays in the page, but is dead. */
const LIVE = '.synthnb-studio:not(.jupyter-widgets-disconnected)';
/** How a kernel is that answers no widget again. */
const GONE = ['dead', 'terminating'];
/** Before the batch view (−20) and the widget itself (−10). */
const RANK = -30;
/** Milliseconds in which a widget appears whose kernel is there. */
const PATIENCE = 2000;
/** Milliseconds between looks for the widget, and how many there are. */
const AGAIN = 250;
const TRIES = 80;

class RenderedStudio extends Widget implements IRenderMime.IRenderer {
  private model: IRenderMime.IMimeModel | null = null;
  private inner: Widget | null = null;
  private rows: Mounted | null = null;
  private still = h('div', { class: 'synthnb', hidden: true });
  private watch = new MutationObserver(() => this.choose());
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waited = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private home: Home | null = null;
  /** Id of the kernel that the widget came with. */
  private kernel: string | null = null;

  constructor(
    private app: JupyterFrontEnd,
    private rendermime: IRenderMimeRegistry
  ) {
    super();
    this.layout = new PanelLayout(); // the widget hears with it that it comes and goes
    this.addClass('jp-SynthnbStudio');
    this.node.append(this.still);
    this.node.addEventListener('synthnb-studio-saved', event => {
      this.keep((event as CustomEvent<JSONObject>).detail);
    });
    this.node.addEventListener('synthnb-studio-draft', event => {
      const saved = object(this.model?.data[STUDIO_MIME_TYPE] as JSONValue);
      const yaml = text((event as CustomEvent<JSONValue>).detail);
      this.keep({ [STUDIO_MIME_TYPE]: { ...saved, yaml } });
    });
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const before = this.model;
    this.model = model;
    if (before && idOf(before) === idOf(model)) {
      return; // our own words
    }
    this.clear();
    this.waited = false;
    this.timer = setTimeout(() => {
      this.waited = true;
      this.choose();
    }, PATIENCE);
    this.findWidget();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.clear();
      super.dispose();
    }
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.findWidget();
  }

  /**
   * The widget's own renderer, once the document has one that knows its kernel's widgets.
   * Both may come after this output was drawn.
   */
  private findWidget(tries = TRIES): void {
    clearTimeout(this.retry);
    if (!this.model || this.inner || this.isDisposed) {
      return;
    }
    const home = this.isAttached ? homeOf(this.app, this.node) : null;
    const own = (home as { content?: { rendermime?: IRenderMimeRegistry } } | null)?.content
      ?.rendermime;
    if (own && own.getFactory(WIDGET) !== this.rendermime.getFactory(WIDGET)) {
      const inner = own.createRenderer(WIDGET);
      this.inner = inner;
      inner.hide();
      this.home = home;
      home?.sessionContext.kernelChanged.connect(this.choose, this);
      home?.sessionContext.statusChanged.connect(this.choose, this);
      const attributeFilter = ['class'];
      this.watch.observe(inner.node, { childList: true, subtree: true, attributeFilter });
      (this.layout as PanelLayout).addWidget(inner);
      void inner.renderModel(this.model).then(() => this.choose());
    } else if (tries > 0) {
      this.retry = setTimeout(() => this.findWidget(tries - 1), AGAIN);
    }
  }

  /** The widget while it is there; without it, but for the first while, what was saved. */
  private choose(): void {
    const there = this.inner?.node.querySelector(LIVE) != null && !this.lost();
    const hidden = there || !this.waited;
    if (!hidden && this.still.hidden) {
      this.drawStill();
    }
    this.still.hidden = hidden;
    this.inner?.setHidden(!there);
  }

  /** Whether its kernel is gone: no widget says so, and the next kernel knows none of it. */
  private lost(): boolean {
    const now = this.home?.sessionContext.session?.kernel;
    this.kernel ??= now?.id ?? null;
    return this.kernel !== null && (now?.id !== this.kernel || GONE.includes(now.status));
  }

  /** Keep this in the output, which a notebook saves. */
  private keep(data: JSONObject): void {
    const { model } = this;
    model?.setData({ data: { ...model.data, ...data } as typeof model.data });
  }

  private drawStill(): void {
    const saved = object(this.model?.data[STUDIO_MIME_TYPE] as JSONValue);
    const command = visible(text(saved.command));
    const rows = h('div', {});
    this.still.replaceChildren(
      h('p', { class: 'sn-look' }, `No kernel holds this studio. ${command} opens it again.`),
      h('pre', { class: 'sn-mono', dir: 'auto' }, visible(text(saved.yaml))),
      rows
    );
    this.rows?.dispose();
    this.rows = null;
    if (saved.batch) {
      this.rows = mount(rows, saved.batch);
    }
  }

  private clear(): void {
    clearTimeout(this.timer);
    clearTimeout(this.retry);
    this.watch.disconnect();
    this.home?.sessionContext.kernelChanged.disconnect(this.choose, this);
    this.home?.sessionContext.statusChanged.disconnect(this.choose, this);
    this.home = null;
    this.kernel = null;
    this.rows?.dispose();
    this.rows = null;
    this.inner?.dispose();
    this.inner = null;
  }
}

function idOf(model: IRenderMime.IMimeModel): string {
  return text(object(model.data[WIDGET] as JSONValue).model_id);
}

export const studioRenderer: JupyterFrontEndPlugin<void> = {
  id: '@synthnb/labextension:studio',
  description: 'Shows the recipe and rows of %synth studio where no kernel holds its widget.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (app, rendermime: IRenderMimeRegistry) => {
    const createRenderer = (): RenderedStudio => new RenderedStudio(app, rendermime);
    const mimeTypes = [STUDIO_MIME_TYPE];
    rendermime.addFactory({ safe: true, mimeTypes, createRenderer }, RANK);
  }
};
