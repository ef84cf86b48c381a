/** Making SVG: shapes from numbers, text only ever as text. */

const NS = 'http://www.w3.org/2000/svg';

export function s(
  tag: 'svg' | 'path' | 'circle' | 'rect' | 'text' | 'g',
  attributes: Record<string, string | number> = {},
  ...children: (Node | string)[]
): SVGElement {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, typeof value === 'number' ? round(value) : value);
  }
  node.append(...children);
  return node;
}

/** A picture of fixed size; what it says is said in words beside it. */
export function picture(width: number, height: number, ...children: Node[]): SVGElement {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  return s('svg', { ...size, 'aria-hidden': 'true' }, ...children);
}

export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
