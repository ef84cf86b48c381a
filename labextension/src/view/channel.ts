/** Questions to the kernel: numbered, answered in any order, told when it keeps us waiting. */

import type { JSONObject } from './payload';
import { number, object, text } from './payload';

/**
 * `opening` until the kernel has answered; `unknown` if it does not hold this batch;
 * `none` without a kernel.
 */
export type LinkStatus = 'none' | 'opening' | 'unknown' | 'live';

/** Milliseconds without an answer after which the kernel counts as busy. */
const PATIENCE = 1000;

interface Waiting {
  resolve(answer: JSONObject): void;
  reject(error: Error): void;
}

/** What carries messages: a comm, or a widget's model. `null` while there is none. */
export type Transport = (message: JSONObject) => void;

export class Channel {
  private state: LinkStatus = 'none';
  private transport: Transport | null = null;
  private waiting = new Map<number, Waiting>();
  private next = 1;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private late = false;
  private changes = new Set<() => void>();
  private events = new Set<(event: JSONObject) => void>();

  get status(): LinkStatus {
    return this.state;
  }

  /** Whether a question has been waiting for more than a second. */
  get busy(): boolean {
    return this.late;
  }

  /** Ask; rejects if the kernel goes away or says what is wrong. */
  request(op: string, body: JSONObject = {}): Promise<JSONObject> {
    const { transport } = this;
    if (!transport || this.state !== 'live') {
      return Promise.reject(new Error('There is no kernel to ask.'));
    }
    const id = this.next++;
    const answered = new Promise<JSONObject>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
    });
    this.watch();
    transport({ ...body, id, op });
    return answered;
  }

  /** Use this transport from now on; `status` says how far it is. */
  connect(transport: Transport | null, status: LinkStatus): void {
    this.transport = transport;
    this.drop(new Error('The kernel went away.'));
    this.become(status);
  }

  /** A message of the kernel: an answer, or something that happened. */
  receive(data: unknown): void {
    const message = object(data);
    const event = text(message.event);
    if (event === 'unknown') {
      this.connect(null, 'unknown');
    } else if (event) {
      if (event === 'hello') {
        this.become('live');
      }
      this.events.forEach(tell => tell(message));
    } else {
      this.answer(message);
    }
  }

  /** Told when `status` or `busy` changes. Returns how to stop that. */
  onChange(tell: () => void): () => void {
    this.changes.add(tell);
    return () => this.changes.delete(tell);
  }

  /** Told what other views or the kernel did. Returns how to stop that. */
  onEvent(tell: (event: JSONObject) => void): () => void {
    this.events.add(tell);
    return () => this.events.delete(tell);
  }

  private answer(message: JSONObject): void {
    const id = number(message.id);
    const asked = id === null ? undefined : this.waiting.get(id);
    if (id === null || !asked) {
      return;
    }
    this.waiting.delete(id);
    this.watch();
    const error = text(message.error);
    if (error) {
      asked.reject(new Error(error));
    } else {
      asked.resolve(message);
    }
  }

  private watch(): void {
    clearTimeout(this.timer);
    if (this.waiting.size === 0) {
      this.setLate(false);
    } else {
      this.timer = setTimeout(() => this.setLate(true), PATIENCE);
    }
  }

  private setLate(late: boolean): void {
    if (late !== this.late) {
      this.late = late;
      this.changes.forEach(tell => tell());
    }
  }

  private drop(error: Error): void {
    const asked = [...this.waiting.values()];
    this.waiting.clear();
    this.watch();
    asked.forEach(w => w.reject(error));
  }

  private become(status: LinkStatus): void {
    if (status !== this.state) {
      this.state = status;
      this.changes.forEach(tell => tell());
    }
  }
}
