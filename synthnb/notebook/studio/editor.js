// A field for the text of a prompt, as high as its text, what a template fills in stands out.
// The field itself is clear: its text is drawn below it, letter for letter, as text only.

const HOLES = /(\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\})/;

// Hidden characters, as `visible.py` has them: marked where they stand, never taken out.
const HIDDEN =
  /([\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}])/u;

function piece(tag, text) {
  const made = document.createElement(tag);
  text.split(HIDDEN).forEach((part, place) => {
    if (place % 2) made.append(document.createElement("i"));
    (place % 2 ? made.lastChild : made).append(part);
  });
  return made;
}

export default {
  render({ model, el }) {
    const field = document.createElement("textarea");
    const drawn = document.createElement("div");
    el.classList.add("synthnb-editor");
    drawn.setAttribute("aria-hidden", "true");
    field.spellcheck = false;
    el.replaceChildren(drawn, field);

    const draw = () => {
      const pieces = field.value
        .split(HOLES)
        .map((text, place) => piece(place % 2 ? "b" : "span", text));
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
