/**
 * The map of the texts: near means alike. Drag a region, or move one with the arrow keys.
 *
 * Drawn on a canvas; near copies are joined by a line and ringed. The points of a long
 * batch come from the kernel when they are asked for.
 */

import type { Context, Door, Part } from './context';
import { COLOURS, coloursOf } from './colours';
import { h } from './dom';
import { doorButton } from './doors';
import { onLook } from './look';
import { withFilter, type Pair } from './state';
import { count, plural, visible } from './format';
import { HEIGHT, inside, ordered, screen, shifted, SIDE, STEP, unscreen, WIDTH } from './plane';
import { kernelPoints, savedPoints, type Points } from './points';
import type { Chart } from './payload';

export function map(context: Context): Part | null {
  if (!context.payload.map) {
    return null;
  }
  return new MapPanel(context);
}

class MapPanel implements Part {
  readonly node: HTMLElement;
  private points: Points;
  private chart: Chart | null;
  private region: [Pair, Pair] | null = null;
  /** The colours of the last drawing. */
  private drawn = '';
  /** A region among the saved dots, and the rows that it stands for. */
  private saved: { ids: readonly string[]; region: [Pair, Pair] } | null = null;
  private readonly canvas = h('canvas', {
    class: 'sn-canvas',
    width: WIDTH * 2,
    height: HEIGHT * 2,
    tabindex: 0,
    role: 'application',
    'aria-roledescription': 'map'
  });
  private readonly unit = h('span');
  private readonly key = h('div', { class: 'sn-key' });
  private readonly copies = h('button', { class: 'sn-text sn-small', type: 'button' });
  private readonly offered = h('span', { class: 'sn-small' });
  private offer: Door | undefined;
  private readonly more = h('button', { class: 'sn-text sn-small', type: 'button' });
  private readonly choice: HTMLSelectElement | null;

  constructor(private context: Context) {
    this.points = savedPoints(context);
    const charts = context.payload.charts.filter(c => c.kind === 'category');
    this.chart = charts.find(c => c.bars.length <= COLOURS) ?? null;
    this.choice = charts.length > 1 ? this.chooser(charts) : null;
    this.copies.addEventListener('click', () => this.chooseCopies());
    this.more.addEventListener('click', () => void this.askForAll());
    const under = h(
      'div',
      { class: 'sn-under' },
      this.choice,
      this.copies,
      this.more,
      this.offered
    );
    this.node = h(
      'section',
      { class: 'sn-panel sn-map' },
      h('h4', {}, 'Map', this.unit),
      this.canvas,
      this.key,
      under
    );
    this.drag();
    this.canvas.addEventListener('keydown', event => this.move(event));
    onLook(this, this.canvas);
  }

  /** Draw again in the colours of now. */
  looked(): void {
    if (this.canvas.isConnected && this.look() !== this.drawn) {
      this.draw();
    }
  }

  private look(): string {
    const style = getComputedStyle(this.canvas);
    return ['--sn-dim', '--sn-pale', '--sn-c0'].map(n => style.getPropertyValue(n)).join();
  }

  paint(): void {
    const { context, points } = this;
    this.region = this.chosen();
    const drawn = points.x.length;
    const of =
      drawn < points.total ? `${count(drawn)} of ${count(points.total)}` : count(drawn);
    this.unit.textContent = `${of} texts by ${visible(points.about)}`;
    this.canvas.setAttribute('aria-label', this.describe());
    this.copies.hidden = points.copies.length === 0;
    this.copies.textContent = this.clusters();
    const { totalRows, rows } = context.payload;
    this.more.hidden = !context.live || context.mapped || totalRows <= rows.length;
    const doing = this.more.disabled ? 'Mapping' : 'Map all';
    this.more.textContent = `${doing} ${count(totalRows)}`;
    this.paintOffer();
    this.paintKey();
    this.draw();
  }

  private chosen(): [Pair, Pair] | null {
    for (const f of this.context.state.filters) {
      if (f.kind === 'region') {
        return [f.x, f.y];
      }
      if (f.kind === 'rows' && f.ids.join() === this.saved?.ids.join()) {
        return this.saved.region;
      }
    }
    return null;
  }

  /** The kernel's map has changed. */
  remap(): void {
    void this.askForAll();
  }

  private paintOffer(): void {
    const { doors, host } = this.context;
    const door = host.insertCode ? doors.find(d => d.place === 'map') : undefined;
    if (door !== this.offer) {
      this.offer = door;
      this.offered.replaceChildren(...(door ? [doorButton(door, host)] : []));
    }
  }

  /** The chart of the nearest row tells of accepted rows alone. */
  private clusters(): string {
    const { accepted, clusters } = this.points;
    const lost = clusters.some(group => group.some(place => accepted[place] === false));
    const said = `${plural(clusters.length, 'cluster')} of near copies`;
    return lost ? `${said}, rejected rows included` : said;
  }

  private describe(): string {
    const { points, region } = this;
    const copies = points.clusters.length ? `${this.clusters()}. ` : '';
    const where = region ? 'A region is chosen. ' : '';
    return (
      `Map of ${plural(points.total, 'text')}, near means alike. ${copies}${where}` +
      'Arrow keys move a region, with Shift they resize it.'
    );
  }

  /** Names of the labels in their colours. */
  private paintKey(): void {
    const bars = this.chart?.bars ?? [];
    const own = coloursOf(bars);
    const named = (name: string, colour: number): HTMLElement =>
      h(
        'span',
        { class: 'sn-name', title: visible(name) },
        h('i', { class: `sn-c${colour}` }),
        visible(name)
      );
    const names = bars.map((bar, i) => [bar.label, own[i] ?? COLOURS] as const);
    this.key.replaceChildren(
      ...names.filter(([, colour]) => colour < COLOURS).map(pair => named(...pair)),
      ...(bars.length > COLOURS ? [named('other', COLOURS)] : [])
    );
  }

  private draw(): void {
    const pen = this.canvas.getContext('2d');
    if (!pen) {
      return;
    }
    this.drawn = this.look();
    const style = getComputedStyle(this.canvas);
    const colour = (name: string): string => style.getPropertyValue(name).trim() || '#0072b2';
    pen.setTransform(2, 0, 0, 2, 0, 0);
    pen.clearRect(0, 0, WIDTH, HEIGHT);
    this.drawClusters(pen, colour('--sn-dim'));
    const palette = [0, 1, 2, 3, 4, 5, 6].map(i => colour(`--sn-c${i}`));
    const owned = coloursOf(this.chart?.bars ?? []);
    const { points, context } = this;
    const chosen = context.found.filtered ? context.found.points : null;
    const size = points.x.length > 3000 ? 1.4 : points.x.length > 300 ? 2.2 : 3.2;
    const labels = this.chart ? points.labels[this.chart.id] : undefined;
    const pale = colour('--sn-pale');
    for (const inFront of chosen ? [false, true] : [true]) {
      for (let i = 0; i < points.x.length; i += 1) {
        if (chosen && chosen(i) !== inFront) {
          continue;
        }
        const label = labels?.[i] ?? 0;
        const own = palette[owned[label] ?? COLOURS] ?? pale;
        this.dot(pen, i, size, inFront ? own : pale, points.accepted[i] !== false);
      }
    }
    this.drawRegion(pen, colour('--sn-new'));
  }

  /** Rejected texts are rings. */
  private dot(
    pen: CanvasRenderingContext2D,
    i: number,
    size: number,
    colour: string,
    accepted: boolean
  ): void {
    const [x, y] = this.at(i);
    pen.beginPath();
    pen.arc(x, y, size, 0, 7);
    if (accepted) {
      pen.fillStyle = colour;
      pen.fill();
    } else {
      pen.strokeStyle = colour;
      pen.lineWidth = 1.2;
      pen.stroke();
    }
  }

  private drawClusters(pen: CanvasRenderingContext2D, colour: string): void {
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    for (const group of this.points.clusters) {
      pen.beginPath();
      group.forEach((i, n) => {
        const [x, y] = this.at(i);
        if (n === 0) {
          pen.moveTo(x, y);
        } else {
          pen.lineTo(x, y);
        }
      });
      pen.stroke();
      for (const i of group) {
        const [x, y] = this.at(i);
        pen.beginPath();
        pen.arc(x, y, 5.5, 0, 7);
        pen.stroke();
      }
    }
  }

  private drawRegion(pen: CanvasRenderingContext2D, colour: string): void {
    if (!this.region) {
      return;
    }
    const [[left, right], [low, high]] = this.region;
    const [x, y] = screen(left, high);
    const [x2, y2] = screen(right, low);
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.strokeRect(x, y, x2 - x, y2 - y);
  }

  private at(i: number): [number, number] {
    return screen(this.points.x[i] ?? 0, this.points.y[i] ?? 0);
  }

  private choose(x: Pair, y: Pair): void {
    const { context, points } = this;
    if (context.live && !context.mapped && points.x.length < points.total) {
      this.chooseSaved(x, y);
      return;
    }
    const filter = { kind: 'region', key: 'region', x, y } as const;
    context.set(withFilter(context.state, 'region', filter));
  }

  /** Only some texts are drawn, and the kernel's map lies differently: name the rows. */
  private chooseSaved(x: Pair, y: Pair): void {
    const { context, points } = this;
    const { map: saved, rows } = context.payload;
    const ids = (saved?.rows ?? [])
      .filter((_, i) => inside(points.x[i] ?? -1, x) && inside(points.y[i] ?? -1, y))
      .map(place => rows[place]?.id ?? '');
    const label = `${count(ids.length)} texts of the map`;
    this.saved = { ids, region: [x, y] };
    context.set(withFilter(context.state, 'rows', { kind: 'rows', key: 'rows', ids, label }));
  }

  private drag(): void {
    const { canvas, context } = this;
    let from: Pair | null = null;
    const point = (event: PointerEvent): Pair => {
      const box = canvas.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * WIDTH;
      const y = ((event.clientY - box.top) / box.height) * HEIGHT;
      return [unscreen(x, WIDTH), SIDE - unscreen(y, HEIGHT)];
    };
    const sides = (to: Pair): [Pair, Pair] | null => {
      if (!from || Math.abs(from[0] - to[0]) + Math.abs(from[1] - to[1]) < 20) {
        return null;
      }
      return [ordered(from[0], to[0]), ordered(from[1], to[1])];
    };
    canvas.addEventListener('pointerdown', event => {
      if (event.button === 0) {
        from = point(event);
        canvas.setPointerCapture(event.pointerId);
      }
    });
    canvas.addEventListener('pointermove', event => {
      if (from && event.buttons === 1) {
        this.region = sides(point(event));
        this.draw();
      }
    });
    canvas.addEventListener('pointerup', event => {
      const found = sides(point(event));
      from = null;
      if (found) {
        this.choose(...found);
      } else {
        const key = this.saved && this.chosen() === this.saved.region ? 'rows' : 'region';
        context.set(withFilter(context.state, key, null));
      }
    });
    canvas.addEventListener('pointercancel', () => (from = null));
  }

  private move(event: KeyboardEvent): void {
    const steps: Record<string, Pair> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, STEP],
      ArrowDown: [0, -STEP]
    };
    const step = steps[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    if ((event.key === 'Enter' || event.key === ' ') && !this.region) {
      this.choose([300, 700], [300, 700]);
    } else if (step) {
      const [[left, right], [low, high]] = this.region ?? [
        [300, 700],
        [300, 700]
      ];
      const grow = event.shiftKey;
      this.choose(
        shifted(left, right, step[0], grow && this.region !== null),
        shifted(low, high, step[1], grow && this.region !== null)
      );
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private chooseCopies(): void {
    const { context, points } = this;
    const label = `${count(points.copies.length)} near copies`;
    context.set(
      withFilter({ ...context.state, showRejected: true }, 'rows', {
        kind: 'rows',
        key: 'rows',
        ids: [...points.copies],
        label
      })
    );
  }

  private chooser(charts: Chart[]): HTMLSelectElement {
    const node = h(
      'select',
      { class: 'sn-select', 'aria-label': 'colour the map by' },
      ...charts.map(c =>
        h('option', { value: c.id, selected: c === this.chart }, visible(c.title))
      )
    );
    node.addEventListener('change', () => {
      this.chart = charts.find(c => c.id === node.value) ?? null;
      this.paint();
    });
    return node;
  }

  private async askForAll(): Promise<void> {
    const { context } = this;
    this.more.disabled = true;
    this.paint();
    try {
      const reply = await context.live?.request('map');
      if (reply) {
        this.points = kernelPoints(reply);
        context.mapped = true;
        context.set({ ...context.state });
      }
    } catch (error) {
      context.say((error as Error).message);
    }
    this.more.disabled = false;
    this.paint();
  }
}
