/** Making elements: text is only ever set as text. */

export type Child = Node | string | null | undefined | false;
type Listener = (event: never) => void;
export type Attributes = Record<
  string,
  string | number | boolean | null | undefined | Listener
>;

/** `h('button', {class: 'x', onclick: …}, 'Label')`. Strings become text nodes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      node.addEventListener(name.slice(2), value as unknown as EventListener);
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  if (FOCUSABLE.has(tag) || 'tabindex' in attributes) {
    // Lab asks the focused element before its ancestors: on the root alone this is too late.
    node.setAttribute('data-lm-suppress-shortcuts', 'true');
  }
  node.append(...children.filter(isNode));
  return node;
}

const FOCUSABLE: ReadonlySet<string> = new Set(['button', 'input', 'select', 'textarea']);

function isNode(child: Child): child is Node | string {
  return child !== null && child !== undefined && child !== false;
}

export function toggle(node: Element, name: string, on: boolean): void {
  node.classList.toggle(name, on);
}

/** Arrow keys walk a group of buttons that is one stop of the Tab key. */
export function roving(
  items: readonly HTMLElement[],
  onMove?: (from: number, to: number, event: KeyboardEvent) => void
): void {
  items.forEach((item, i) => {
    item.tabIndex = i === 0 ? 0 : -1;
    item.addEventListener('keydown', event => {
      const to = target(event.key, i, items.length);
      if (to === null || event.altKey || event.ctrlKey || event.metaKey) {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      items[to]?.focus();
      onMove?.(i, to, event);
    });
    item.addEventListener('focus', () => {
      items.forEach(other => (other.tabIndex = other === item ? 0 : -1));
    });
  });
}

function target(key: string, i: number, length: number): number | null {
  switch (key) {
    case 'ArrowDown':
    case 'ArrowRight':
      return Math.min(i + 1, length - 1);
    case 'ArrowUp':
    case 'ArrowLeft':
      return Math.max(i - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return null;
  }
}
