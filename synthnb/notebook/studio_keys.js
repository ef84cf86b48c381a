// Keys of the studio: Ctrl Enter runs, and Lab's own shortcuts stay outside.
// Owns no state; everything it adds dies with its AbortController.

export default {
  render({ model, el }) {
    const over = new AbortController();
    el.hidden = true;
    // The studio's root is there once this view is in the page.
    const attach = () => {
      const root = el.closest(".synthnb-studio");
      if (!root) return;
      root.setAttribute("data-lm-suppress-shortcuts", "true");
      root.addEventListener(
        "keydown",
        (event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            event.stopPropagation();
            // A text area tells Python its text when it loses focus.
            const field = event.target;
            field.blur?.();
            field.focus?.();
            setTimeout(() => model.send({ key: "run" }), 50);
          }
        },
        { signal: over.signal, capture: true },
      );
    };
    requestAnimationFrame(attach);
    return () => over.abort();
  },
};
