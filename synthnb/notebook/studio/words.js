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
 * The first line names the columns, those marked `n` are of numbers; a piece marked `a` is a
 * link that tells Python its row and what it says. The first of a row opens that.
 */
function table([head, ...rows], chosen, press) {
  const made = document.createElement("table");
  const link = (text, place, column) => {
    const button = document.createElement("button");
    button.className = "jupyter-button synthnb-studio-link";
    button.textContent = text;
    const both = `${text} of ${rows[place][0][1]} and the one before`;
    button.title = column ? both : `open ${head[0][1]} ${text}`;
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", () => press(place, text));
    return button;
  };
  const add = (part, tag, pieces, place) => {
    const row = part.insertRow();
    if (place === chosen) row.setAttribute("aria-current", "true");
    pieces.forEach(([mark, text], column) => {
      const cell = row.appendChild(document.createElement(tag));
      cell.append(mark === "a" ? link(text, place, column) : text);
      cell.classList.toggle("synthnb-number", head[column][0] === "n");
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
