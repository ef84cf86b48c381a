/** The link of a drawn batch to the kernel that may hold it: one comm for each view. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { Widget } from '@lumino/widgets';
import { Channel } from './view';

/** Name of the kernel's comm target. */
const TARGET = 'synthnb.batch';

/** A document with a kernel: a notebook, a console. */
export type Home = Widget & { sessionContext: ISessionContext };

export class KernelLink {
  readonly channel = new Channel();
  private home: Home | null = null;
  private comm: Kernel.IComm | null = null;

  constructor(
    private app: JupyterFrontEnd,
    private batch: string,
    private target = TARGET
  ) {}

  /** Look for the document around this element, and talk to its kernel. */
  attach(node: HTMLElement): boolean {
    const home = homeOf(this.app, node);
    if (!home || home === this.home) {
      return home !== null;
    }
    this.leave();
    this.home = home;
    home.sessionContext.kernelChanged.connect(this.open, this);
    home.sessionContext.statusChanged.connect(this.statusChanged, this);
    this.open();
    return true;
  }

  dispose(): void {
    this.leave();
    this.channel.connect(null, 'none');
  }

  private leave(): void {
    this.home?.sessionContext.kernelChanged.disconnect(this.open, this);
    this.home?.sessionContext.statusChanged.disconnect(this.statusChanged, this);
    this.home = null;
    this.close();
  }

  private close(): void {
    const { comm } = this;
    this.comm = null;
    if (comm && !comm.isDisposed) {
      comm.onClose = () => undefined;
      try {
        comm.close();
      } catch {
        // its kernel is gone already
      }
    }
  }

  private statusChanged(_: unknown, status: string): void {
    if (['dead', 'terminating', 'restarting', 'autorestarting'].includes(status)) {
      this.close();
      this.channel.connect(null, 'none');
    } else if (!this.comm && ['idle', 'busy'].includes(status)) {
      if (this.channel.status === 'none') {
        this.open();
      }
    }
  }

  private open(): void {
    this.close();
    const kernel = this.home?.sessionContext.session?.kernel;
    if (!kernel) {
      this.channel.connect(null, 'none');
      return;
    }
    this.channel.connect(null, 'opening');
    void kernel.info
      .then(info => {
        if (kernel === this.home?.sessionContext.session?.kernel && !this.comm) {
          const speaks = info.language_info.name === 'python';
          if (speaks && kernel.handleComms) {
            this.talk(kernel);
          } else {
            this.channel.connect(null, 'unknown');
          }
        }
      })
      .catch(() => undefined);
  }

  private talk(kernel: Kernel.IKernelConnection): void {
    const comm = kernel.createComm(this.target);
    this.comm = comm;
    comm.onMsg = message => {
      const live = (): boolean => this.channel.status === 'live';
      const greeted = live();
      this.channel.receive(message.content.data);
      if (!greeted && live()) {
        void this.settle(comm);
      }
    };
    comm.onClose = () => {
      if (this.comm === comm) {
        this.comm = null;
        this.channel.connect(null, 'unknown');
      }
    };
    this.channel.connect(message => {
      comm.send(message);
    }, 'opening');
    comm.open({ batch: this.batch });
  }

  /**
   * ipykernel hands what a view asks to where it was told something last. The greeting came
   * from the kernel's own thread, where a running cell would hold up the next question.
   */
  private async settle(comm: Kernel.IComm): Promise<void> {
    const { subshellStarted } = comm as { subshellStarted?: Promise<void> };
    await subshellStarted?.catch(() => undefined);
    if (this.comm === comm && !comm.isDisposed) {
      comm.send({ id: 0, op: 'here' });
    }
  }
}

/** The document whose widget holds this element. */
export function homeOf(app: JupyterFrontEnd, node: HTMLElement): Home | null {
  for (const widget of app.shell.widgets('main')) {
    if (isHome(widget) && widget.node.contains(node)) {
      return widget;
    }
  }
  return null;
}

function isHome(widget: Widget): widget is Home {
  return 'sessionContext' in widget && Boolean(widget.sessionContext);
}
