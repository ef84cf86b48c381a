/** A canvas keeps the colours that it was drawn in: it is told when they may be others. */

const MARKS = ['data-jp-theme-name', 'data-jp-theme-light', 'data-theme', 'theme', 'class'];

/**
 * Tell `part` that `node` may look different now: the page took another theme, or the node
 * came back into the page, where cells out of sight are none. It is not kept alive by that.
 */
export function onLook(part: { looked(): void }, node: HTMLElement): void {
  const held = new WeakRef(part);
  const looked = (): void => held.deref()?.looked();
  if ('ResizeObserver' in window) {
    new ResizeObserver(looked).observe(node);
  }
  const marks = new MutationObserver(() => (held.deref() ? looked() : marks.disconnect()));
  for (const page of [document.documentElement, document.body]) {
    marks.observe(page, { attributes: true, attributeFilter: MARKS });
  }
}
