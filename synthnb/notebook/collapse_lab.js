// The collapse lab's view: controls that set traits, curves that Python sends back.
const NS = "http://www.w3.org/2000/svg";
const MODES = { replace: "Replace", accumulate: "Accumulate", verify: "Accumulate and verify" };
const SAYS = {
  replace: "Each model is fitted only to rows that the model before it wrote. The real rows are thrown away.",
  accumulate: "New rows join all the rows before them. Nothing is thrown away.",
  verify: "As accumulate, but a verifier looks at each new row and keeps mostly the right ones.",
};
const SLIDERS = [
  ["n", "Rows per generation n", 5, 500, 1],
  ["t", "Generations t", 10, 200, 1],
  ["chains", "Chains", 100, 10000, 100],
  ["real", "Real share kept", 0, 1, 0.05],
  ["phi", "Verifier keeps right φ", 0, 1, 0.05],
  ["psi", "Verifier keeps wrong ψ", 0, 1, 0.05],
];
const SHORT = { replace: "replace", accumulate: "accumulate", verify: "and verify" };
const W = 540;
const LABELS = 132;

function tag(name, parent, text, attributes = {}) {
  const node = parent.appendChild(document.createElement(name));
  if (text) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function mark(name, parent, attributes = {}, text = "") {
  const node = parent.appendChild(document.createElementNS(NS, name));
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text) node.textContent = text;
  return node;
}

function shown(name, value) {
  if (name === "real") return `${Math.round(value * 100)}%`;
  return name === "phi" || name === "psi" ? value.toFixed(2) : value.toLocaleString("en");
}

/** A frame with grid, scales and labels at the ends of lines that keep apart. */
class Plot {
  constructor(parent, height, top, steps, label) {
    this.height = height;
    this.top = top;
    this.steps = steps;
    this.ends = [];
    this.svg = mark("svg", parent, {
      viewBox: `-32 -14 ${W + 32 + LABELS} ${height + 36}`,
      width: W + 32 + LABELS, role: "img", "aria-label": label,
    });
    const step = top > 1.2 ? 0.5 : top > 0.5 ? 0.2 : top > 0.2 ? 0.1 : 0.05;
    for (let value = 0; value <= top + 1e-9; value += step) {
      const stroke = value ? "var(--rule)" : "var(--edge)";
      mark("path", this.svg, { d: `M0 ${this.y(value)}H${W}`, stroke });
      mark("text", this.svg, { x: -6, y: this.y(value) + 4, "text-anchor": "end", class: "d" },
        value.toFixed(step < 0.1 ? 2 : 1));
    }
    const every = Math.max(1, Math.round(steps / 5));
    for (let at = every; at <= steps; at += every)
      mark("text", this.svg, { x: this.x(at), y: height + 15, "text-anchor": "middle", class: "d" }, at);
  }
  x(step) { return +((W * step) / this.steps).toFixed(1); }
  y(value) { return +(this.height * (1 - Math.min(value, this.top) / this.top)).toFixed(1); }
  // Generation 0 are the real rows themselves; curves begin with generation 1.
  points(curve) { return curve.map((value, i) => `${this.x(i + 1)} ${this.y(value)}`); }
  band(low, high) {
    const there = this.points(high), back = this.points(low).reverse();
    mark("path", this.svg, { d: `M${[...there, ...back].join("L")}Z`, fill: "var(--pale)", opacity: 0.6, class: "band" });
  }
  line(curve, colour, width, name) {
    mark("path", this.svg, { d: `M${this.points(curve).join("L")}`, stroke: colour, "stroke-width": width, fill: "none", "data-curve": name });
  }
  rings(curve) {
    const every = Math.max(1, Math.round(this.steps / 25));
    curve.forEach((value, i) => {
      if ((i + 1) % every === 0 || i === 0)
        mark("circle", this.svg, { cx: this.x(i + 1), cy: this.y(value), r: 2.5, fill: "var(--paper)", stroke: "var(--new)", "stroke-width": 1.5 });
    });
  }
  reference(value, words) {
    mark("path", this.svg, { d: `M0 ${this.y(value)}H${W}`, stroke: "var(--real)", "stroke-width": 1.5, "stroke-dasharray": "5 3" });
    mark("text", this.svg, { x: W - 4, y: this.y(value) - 5, "text-anchor": "end", class: "g" }, words);
  }
  end(value, words, kind) { this.ends.push([this.y(value), words, kind]); }
  finish() {
    this.ends.sort((a, b) => a[0] - b[0]);
    let last = -Infinity;
    for (const end of this.ends) { last = Math.max(end[0] + 4, last + 13); end[0] = last; }
    const over = Math.max(0, last - this.height - 4);
    let limit = Infinity;
    for (const end of [...this.ends].reverse()) {
      limit = Math.min(end[0], limit === Infinity ? last - over : limit - 13);
      mark("text", this.svg, { x: W + 6, y: limit, class: end[2] }, end[1]);
    }
  }
}

function variance(parent, curves) {
  const title = tag("p", parent, "Variance of the fitted Gaussian", { class: "title" });
  tag("span", title, "real rows have variance 1");
  const top = Math.max(1.2, Math.min(3, Math.max(...curves.high)));
  const last = (curve) => curve[curve.length - 1].toFixed(2);
  const name = MODES[curves.mode].toLowerCase();
  const plot = new Plot(parent, 240, top, curves.mean.length,
    `Variance over ${curves.mean.length} generations: ${name} ends at a median of ${last(curves.median)}`);
  plot.band(curves.low, curves.high);
  plot.reference(1, "real rows, 1.00");
  for (const [mode, curve] of Object.entries(curves.others)) {
    plot.line(curve, "var(--old)", 1, mode);
    plot.end(curve[curve.length - 1], `${SHORT[mode]} ${last(curve)}`, "d");
  }
  if (curves.theory) plot.line(curves.theory, "var(--ink)", 1.25, "theory");
  plot.line(curves.median, "var(--new)", 2, "median");
  plot.rings(curves.mean);
  plot.end(curves.median[curves.median.length - 1], `median chain ${last(curves.median)}`, "n");
  if (curves.theory) plot.end(curves.theory[curves.theory.length - 1], `mean, by theory ${last(curves.theory)}`, "");
  else plot.end(curves.mean[curves.mean.length - 1], `mean ${last(curves.mean)}`, "");
  plot.finish();
  tag("p", parent, `Line: theory${curves.theory ? "" : " (there is no closed form here)"}. ` +
    `Rings: mean of ${curves.chains.toLocaleString("en")} simulated chains. ` +
    "Blue: the median chain, shaded: 10–90% of them. Grey: the medians of the other two.", { class: "say" });
}

function words(parent, curves) {
  const title = tag("p", parent, "Distinct-2 of text", { class: "title" });
  tag("span", title, `trigram model of ${curves.text_rows} sentences, retrained on its own output`);
  const own = curves.text[curves.mode];
  const top = Math.max(curves.text_real, ...own) * 1.15;
  const plot = new Plot(parent, 120, top, own.length, "distinct-2 of text over generations");
  plot.reference(curves.text_real, `real rows, ${curves.text_real.toFixed(2)}`);
  for (const [mode, curve] of Object.entries(curves.text)) {
    const chosen = mode === curves.mode;
    plot.line(curve, chosen ? "var(--new)" : "var(--old)", chosen ? 2 : 1, `text-${mode}`);
    plot.end(curve[curve.length - 1], `${SHORT[mode]} ${curve[curve.length - 1].toFixed(2)}`, chosen ? "n" : "d");
  }
  plot.finish();
}

function render({ model, el }) {
  const root = tag("div", el, "", { class: "sn-lab", "data-lm-suppress-shortcuts": "true" });
  const side = tag("div", root), main = tag("div", root);
  const lessons = tag("ol", root, "", { class: "lessons" });
  tag("p", side, "Where do the next generation’s rows come from?", { class: "title", id: "sn-lab-q" });
  const group = tag("div", side, "", { class: "modes", role: "radiogroup", "aria-label": "training rows" });
  const send = (name, value) => {
    root.classList.add("waiting");
    model.set(name, value);
    model.save_changes();
  };
  const buttons = Object.entries(MODES).map(([mode, text]) => {
    const button = tag("button", group, text, { role: "radio", type: "button" });
    button.addEventListener("click", () => send("mode", mode));
    return [mode, button];
  });
  const says = tag("p", side, "", { class: "say" });
  const rows = SLIDERS.map(([name, text, min, max, step]) => {
    const label = tag("label", side);
    tag("span", label, text);
    const output = tag("output", label);
    const input = tag("input", label, "", { type: "range", min, max, step, "aria-label": text });
    input.addEventListener("input", () => { output.textContent = shown(name, +input.value); });
    input.addEventListener("change", () => send(name, +input.value));
    return { name, label, output, input };
  });
  const again = tag("button", side, "Run again", { class: "again", type: "button" });
  again.addEventListener("click", () => send("seed", model.get("seed") + 1));
  const seed = tag("p", side, "", { class: "say" });

  const paint = () => {
    const curves = model.get("curves");
    if (!curves || !curves.mean) return;
    root.classList.remove("waiting");
    for (const [mode, button] of buttons) {
      button.setAttribute("aria-checked", String(mode === curves.mode));
      button.tabIndex = mode === curves.mode ? 0 : -1;
    }
    says.textContent = SAYS[curves.mode];
    for (const { name, label, output, input } of rows) {
      const value = model.get(name);
      input.value = value;
      output.textContent = shown(name, value);
      const off = (name === "phi" || name === "psi") && curves.mode !== "verify";
      label.classList.toggle("off", off);
      input.disabled = off;
    }
    seed.textContent = `Seed ${model.get("seed")}. φ and ψ act in “accumulate and verify”.`;
    main.replaceChildren();
    variance(main, curves);
    words(main, curves);
    lessons.replaceChildren();
    for (const [bold, rest] of curves.lessons) {
      const item = tag("li", lessons);
      tag("b", item, bold);
      item.append(" " + rest);
    }
  };
  group.addEventListener("keydown", (event) => {
    const turn = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    const at = buttons.findIndex(([, button]) => button === document.activeElement);
    const [mode, button] = buttons[(at + turn + buttons.length) % buttons.length];
    button.focus();
    send("mode", mode);
  });
  model.on("change:curves", paint);
  paint();
  return () => model.off("change:curves", paint);
}

export default { render };
