// Labels as chips: a click or Enter renames one, Delete or the cross removes it, "add" takes
// more. Python decides: what it refuses stays as it was, what was typed stays in its field.

const KEYS = "Enter renames, Delete removes";

function button(className, text, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  made.addEventListener("click", press);
  return made;
}

/** A field that tells a text once, by Enter or as it is left. */
function field(text, name, { tell, close }) {
  const made = document.createElement("input");
  made.type = "text";
  made.className = "synthnb-chip-field";
  made.setAttribute("aria-label", name);
  made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.spellcheck = false;
  made.value = text;
  let told = made.value; // a line break, say, is not kept by a field
  const say = () => {
    if (made.value.trim() === "" || made.value === told) return false;
    told = made.value;
    tell(told);
    return true;
  };
  made.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (say()) made.select(); // what is typed before Python has answered is the next label
      else close(true);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      made.value = told;
      close(true);
    }
  });
  made.addEventListener("blur", () => {
    say();
    close(false);
  });
  return made;
}

export default {
  render({ model, el }) {
    const list = document.createElement("div");
    const adder = document.createElement("div");
    let next = null; // the chip that has the keyboard once Python has answered
    el.classList.add("synthnb-labels");
    list.className = "synthnb-chips";
    el.replaceChildren(list, adder);

    const reach = (place) => {
      const chips = [...list.querySelectorAll(".synthnb-chip-name")];
      (chips[Math.min(place, chips.length - 1)] ?? adder.querySelector("button"))?.focus();
    };
    const remove = (place) => {
      next = place;
      model.send({ remove: place });
    };
    const rename = (chip, place, shown, text) => {
      const close = (back) => {
        if (!chip.isConnected) return;
        draw();
        if (back) reach(place);
      };
      const tell = (typed) => {
        next = place;
        model.send({ rename: place, text: typed });
      };
      const made = field(text, `new name of ${shown}`, { tell, close });
      made.size = Math.max(4, Math.min(40, text.length + 2));
      chip.replaceChildren(made);
      made.select();
      made.focus();
    };
    const chip = ([shown, text], place) => {
      const made = document.createElement("span");
      made.className = "synthnb-chip";
      made.dir = "auto";
      const open = () => rename(made, place, shown, text);
      const name = button("synthnb-chip-name", shown, open);
      name.title = `${shown}: ${KEYS}`;
      name.setAttribute("aria-description", KEYS);
      name.addEventListener("keydown", (event) => {
        if (event.key !== "Delete" && event.key !== "Backspace") return;
        event.preventDefault();
        if (!event.repeat) remove(place);
      });
      const cross = button("synthnb-chip-cross", "", () => remove(place));
      cross.tabIndex = -1; // Delete does it
      cross.setAttribute("aria-label", `remove ${shown}`);
      cross.title = `remove ${shown}`;
      made.append(name, cross);
      return made;
    };
    const draw = () => {
      const labels = model.get("labels");
      el.dataset.name = labels.length === 1 ? labels[0][0] : "";
      list.replaceChildren(...labels.map(chip));
    };

    const offer = (back) => {
      const of = model.get("of");
      const link = button("synthnb-chip-add", "add", take);
      link.title = `add a label to ${of}`;
      link.setAttribute("aria-label", link.title);
      adder.replaceChildren(link);
      if (back) link.focus();
    };
    const take = () => {
      const tell = (text) => model.send({ add: text });
      const made = field("", `new label of ${model.get("of")}`, { tell, close: offer });
      made.placeholder = "new label";
      made.size = 14;
      adder.replaceChildren(made);
      made.focus();
    };

    const changed = () => {
      const place = next;
      next = null;
      draw();
      if (place !== null) reach(place);
    };
    // Who has gone on to something else is not called back.
    const leave = (event) => {
      if (!el.contains(event.relatedTarget)) next = null;
    };
    el.addEventListener("focusout", leave);
    const answered = (told) => {
      if (told?.kept) next = null; // refused: what changes later is no answer to this
      const waiting = adder.querySelector("input");
      if (waiting && waiting.value === told?.taken) waiting.value = "";
    };
    model.on("change:labels", changed);
    model.on("msg:custom", answered);
    if (model.get("adds")) offer(false);
    draw();
    return () => {
      el.removeEventListener("focusout", leave);
      model.off("change:labels", changed);
      model.off("msg:custom", answered);
    };
  },
};
