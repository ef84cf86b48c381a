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

/**
 * The first line names the columns; a piece marked `n` is a number, as its column is, one
 * marked `a` a link that tells Python its row and what it says.
 */
function table([head, ...rows], chosen, press) {
  const made = document.createElement("table");
  const link = (text, place) => {
    const button = document.createElement("button");
    button.className = "jupyter-button synthnb-studio-link";
    button.textContent = text;
    const row = rows[place][0][1];
    const both = text === "diff" ? `diff of ${row} and the one before` : `${text} ${row}`;
    button.setAttribute("aria-label", both);
    button.addEventListener("click", () => press(place, text));
    return button;
  };
  const add = (part, tag, pieces, place) => {
    const row = part.insertRow();
    if (place === chosen) row.setAttribute("aria-current", "true");
    pieces.forEach(([mark, text]) => {
      const cell = row.appendChild(document.createElement(tag));
      cell.append(mark === "a" ? link(text, place) : text);
      cell.classList.toggle("synthnb-number", mark === "n");
      if (tag === "th") cell.scope = "col";
    });
  };
  add(made.createTHead(), "th", head, -2);
  const body = made.createTBody();
  rows.forEach((pieces, place) => add(body, "td", pieces, place));
  return made;
}

export default {
  render({ model, el }) {
    el.classList.add("synthnb-words");
    const role = model.get("role");
    if (role) el.setAttribute("role", role);
    // anywidget sets the classes that Python gives once; these follow it.
    let worn = [];
    const dress = () => {
      el.classList.remove(...worn);
      worn = model.get("_dom_classes");
      el.classList.add(...worn);
    };
    model.on("change:_dom_classes", dress);
    dress();
    const draw = () => {
      const lines = model.get("lines");
      const press = (row, link) => model.send({ row, link });
      const isTable = model.get("table") && lines.length;
      const parts = isTable ? [table(lines, model.get("chosen"), press)] : lines.map(line);
      const links = () => [...el.querySelectorAll("button")];
      const at = links().indexOf(document.activeElement);
      el.replaceChildren(...parts);
      if (at >= 0) links()[at]?.focus(); // where the keyboard was
      const first = el.querySelector("ins, del");
      if (first && el.scrollHeight > el.clientHeight) {
        el.scrollTop = Math.max(0, first.offsetTop - el.offsetTop - 40);
      }
    };
    model.on("change:lines change:chosen", draw);
    draw();
    return () => {
      model.off("change:_dom_classes", dress);
      model.off("change:lines change:chosen", draw);
    };
  },
};
