// A field for the text of a prompt, as high as its text, what a template fills in stands out.
// The field itself is clear: its text is drawn below it, letter for letter, as text only.

const HOLES = /(\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\})/;

export default {
  render({ model, el }) {
    const field = document.createElement("textarea");
    const drawn = document.createElement("div");
    el.classList.add("synthnb-editor");
    drawn.setAttribute("aria-hidden", "true");
    field.spellcheck = false;
    el.replaceChildren(drawn, field);

    const draw = () => {
      const pieces = field.value.split(HOLES).map((text, place) => {
        const piece = document.createElement(place % 2 ? "b" : "span");
        piece.textContent = text;
        return piece;
      });
      drawn.replaceChildren(...pieces, "\n"); // the last line break makes a line of its own
    };
    const hear = () => {
      const text = model.get("value").replace(/\r\n?/g, "\n"); // as a field keeps it
      if (text !== field.value) field.value = text;
      draw();
    };
    field.addEventListener("input", () => {
      draw();
      model.set("value", field.value);
      model.save_changes();
    });
    model.on("change:value", hear);
    hear();
    return () => model.off("change:value", hear);
  },
};
