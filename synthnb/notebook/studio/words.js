// Lines of text in pieces: new, gone, filled in. Text only, whatever the text is.

const TAGS = { ins: "ins", del: "del", b: "b" };

function line(pieces) {
  const made = document.createElement("div");
  made.dir = "auto";
  made.append(
    ...pieces.map(([mark, text]) => {
      const piece = document.createElement(TAGS[mark] ?? "span");
      piece.textContent = text;
      return piece;
    }),
  );
  return made;
}

/** The first line names the columns; a piece marked `n` is a number, as its column is. */
function table([head, ...rows]) {
  const made = document.createElement("table");
  const add = (part, tag, pieces) => {
    const row = part.insertRow();
    pieces.forEach(([mark, text]) => {
      const cell = row.appendChild(document.createElement(tag));
      cell.textContent = text;
      cell.classList.toggle("synthnb-number", mark === "n");
      if (tag === "th") cell.scope = "col";
    });
  };
  add(made.createTHead(), "th", head);
  const body = made.createTBody();
  rows.forEach((pieces) => add(body, "td", pieces));
  return made;
}

export default {
  render({ model, el }) {
    el.classList.add("synthnb-words");
    const role = model.get("role");
    if (role) el.setAttribute("role", role);
    const draw = () => {
      const lines = model.get("lines");
      const parts = model.get("table") && lines.length ? [table(lines)] : lines.map(line);
      el.replaceChildren(...parts);
      const first = el.querySelector("ins, del");
      if (first && el.scrollHeight > el.clientHeight) {
        el.scrollTop = Math.max(0, first.offsetTop - el.offsetTop - 40);
      }
    };
    model.on("change:lines", draw);
    draw();
    return () => model.off("change:lines", draw);
  },
};
