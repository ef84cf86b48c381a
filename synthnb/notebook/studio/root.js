// The studio's root: Ctrl Enter runs, controls have names, Lab's shortcuts stay outside.
// Owns no state; everything it adds dies with its AbortController.

const CONTROLS = "input, textarea, select, [role=slider], .widget-readout";
const FOCUSABLE = "input, textarea, select, button, [tabindex], [contenteditable]";
const SUPPRESS = "data-lm-suppress-shortcuts";

export default {
  render({ model, el }) {
    const over = new AbortController();
    el.hidden = true;

    // A control stands in a row whose label, or in a card whose head, says what it is.
    const name = (root) => {
      // Lab asks the focused element before its ancestors: on the root alone this is too late.
      for (const control of root.querySelectorAll(`:is(${FOCUSABLE}):not([${SUPPRESS}])`)) {
        control.setAttribute(SUPPRESS, "true");
      }
      // "edit" is there many times: its title says of what.
      for (const link of root.querySelectorAll(".synthnb-studio-link[title]:not([aria-label])")) {
        link.setAttribute("aria-label", link.title);
      }
      for (const row of root.querySelectorAll(".synthnb-studio-row")) {
        const said = row.querySelector(".synthnb-studio-label");
        const label = said?.dataset.name ?? said?.textContent ?? "";
        for (const control of row.querySelectorAll(CONTROLS)) {
          // A row may hold another one, and labels name their own.
          if (control.closest(".synthnb-studio-row, .synthnb-labels") !== row) continue;
          if (control.getAttribute("aria-label") !== label) {
            control.setAttribute("aria-label", label);
          }
        }
      }
    };

    // A second click, or a key held down, would stop the run that the first one began.
    const once = (event) => {
      const again = event.type === "click" ? event.detail > 1 : event.repeat;
      if (!again || !event.target.closest(".jupyter-button")) return;
      event.preventDefault();
      event.stopPropagation();
    };

    // A control that took the place of the one with the keyboard may not be there yet.
    const focus = (mark, tries = 40) => {
      const found = el.closest(".synthnb-studio")?.querySelector(`.${mark}`);
      const control = found?.matches(FOCUSABLE) ? found : found?.querySelector(FOCUSABLE);
      if (control) control.focus();
      else if (tries > 0 && !over.signal.aborted) setTimeout(() => focus(mark, tries - 1), 50);
    };
    // Python gathers the controls where this is handled; a page's own place for messages
    // may not be there yet.
    const here = () => model.send({ key: "here" });
    let wait = 100;
    const later = () => {
      if (!over.signal.aborted && wait < 10_000) setTimeout(here, (wait *= 2));
    };
    const hear = (told) => {
      if (typeof told?.focus === "string") focus(told.focus);
      if (told?.again) later();
    };
    model.on("msg:custom", hear);
    over.signal.addEventListener("abort", () => model.off("msg:custom", hear));

    const press = (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      event.stopPropagation();
      const field = event.target;
      const editor = field.closest(".synthnb-studio-editor");
      const prompt = /synthnb-studio-prompt-(\S+)/.exec(editor?.className ?? "");
      if (prompt) {
        // What was typed last may still be on its way.
        model.send({ key: "run", prompt: prompt[1], text: field.value });
        return;
      }
      // Other fields tell Python their value when they lose the keyboard.
      field.blur?.();
      field.focus?.();
      setTimeout(() => model.send({ key: "run" }), 50);
    };

    // What Lab keeps in the output for times without a kernel: all of it, or the recipe.
    for (const part of ["saved", "draft"]) {
      const tell = () => {
        const [detail, bubbles] = [model.get(part), true];
        const event = new CustomEvent(`synthnb-studio-${part}`, { bubbles, detail });
        el.closest(".synthnb-studio")?.dispatchEvent(event);
      };
      model.on(`change:${part}`, tell);
      over.signal.addEventListener("abort", () => model.off(`change:${part}`, tell));
    }

    const attach = (tries) => {
      const root = el.closest(".synthnb-studio");
      if (over.signal.aborted) return;
      if (!root) {
        if (tries > 0) setTimeout(() => attach(tries - 1), 50);
        return;
      }
      root.setAttribute(SUPPRESS, "true");
      root.addEventListener("keydown", press, { signal: over.signal, capture: true });
      root.addEventListener("keydown", once, { signal: over.signal, capture: true });
      root.addEventListener("click", once, { signal: over.signal, capture: true });
      const watch = new MutationObserver(() => name(root));
      watch.observe(root, { childList: true, subtree: true });
      over.signal.addEventListener("abort", () => watch.disconnect());
      name(root);
    };
    attach(100);
    here();
    return () => over.abort();
  },
};
