// The collapse lab's view: controls that set traits, curves that Python sends back.
const NS = "http://www.w3.org/2000/svg";
const MODES = { replace: "Replace", accumulate: "Accumulate", verify: "Accumulate and verify" };
const SAYS = {
  replace: "Each model is fitted only to rows that the model before it wrote. The real rows are thrown away.",
  accumulate: "New rows join all the rows before them. Nothing is thrown away.",
  verify: "As accumulate, but a verifier looks at each new row and keeps mostly the right ones.",
};
const SLIDERS = [
  ["n", "Rows per generation", "n", 5, 500, 1],
  ["t", "Generations", "t", 10, 200, 1],
  ["chains", "Chains", "", 100, 10000, 100],
  ["real", "Fresh real rows", "", 0, 1, 0.05],
  ["phi", "Verifier keeps a right row", "φ", 0, 1, 0.05],
  ["psi", "Verifier keeps a wrong row", "ψ", 0, 1, 0.05],
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
  constructor(parent, height, top, steps, label, below = 22) {
    this.height = height;
    this.top = top;
    this.steps = steps;
    this.ends = [];
    this.svg = mark("svg", parent, {
      viewBox: `-32 -14 ${W + 32 + LABELS} ${height + 14 + below}`,
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
    for (let at = 0; at <= steps; at += every)
      mark("text", this.svg, { x: this.x(at), y: height + 15, "text-anchor": "middle", class: "d" }, String(at));
  }
  x(step) { return +((W * step) / this.steps).toFixed(1); }
  y(value) { return +(this.height * (1 - Math.min(value, this.top) / this.top)).toFixed(1); }
  // Generation 0 are the real rows themselves: every curve begins there.
  points(curve) { return curve.map((value, i) => `${this.x(i)} ${this.y(value)}`); }
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
      if (i % every === 0)
        mark("circle", this.svg, { cx: this.x(i), cy: this.y(value), r: 2.5, fill: "var(--paper)", stroke: "var(--new)", "stroke-width": 1.5 });
    });
  }
  reference(value, words) {
    mark("path", this.svg, { d: `M0 ${this.y(value)}H${W}`, stroke: "var(--real)", "stroke-width": 1.5, "stroke-dasharray": "5 3" });
    mark("text", this.svg, { x: W - 4, y: this.y(value) - 5, "text-anchor": "end", class: "g" }, words);
  }
  /** Words inside the band, where it is highest and no line runs. */
  inside(high, clear, words) {
    const free = (i) => this.y(clear[i]) - this.y(high[i]);
    let best = 0;
    high.forEach((value, i) => { if (this.x(i) < W - 150 && free(i) > free(best)) best = i; });
    if (free(best) < 24) return;
    const x = Math.max(8, this.x(best));
    mark("text", this.svg, { x, y: this.y(high[best]) + 18, class: "b" }, words);
  }
  axis(words) {
    mark("text", this.svg, { x: W, y: this.height + 30, "text-anchor": "end", class: "d" }, words);
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
  const from = (curve) => [1, ...curve];
  const title = tag("p", parent, "Variance of the fitted Gaussian", { class: "title" });
  tag("span", title, "real rows have variance 1");
  const top = Math.max(1.2, Math.min(3, Math.max(...curves.high)));
  const steps = curves.mean.length;
  const last = (curve) => curve[curve.length - 1].toFixed(2);
  const name = MODES[curves.mode].toLowerCase();
  const plot = new Plot(parent, 240, top, steps,
    `Variance over ${steps} generations: ${name} ends at a median of ${last(curves.median)}`);
  plot.band(from(curves.low), from(curves.high));
  plot.reference(1, "real rows, 1.00");
  for (const [mode, curve] of Object.entries(curves.others)) {
    plot.line(from(curve), "var(--old)", 1, mode);
    plot.end(curve[curve.length - 1], `${SHORT[mode]} ${last(curve)}`, "d");
  }
  if (curves.theory) plot.line(from(curves.theory), "var(--ink)", 1.25, "theory");
  plot.line(from(curves.median), "var(--new)", 2, "median");
  plot.rings(from(curves.mean));
  const lines = from(curves.high).map((_, i) =>
    Math.max(1, ...[curves.mean, ...Object.values(curves.others)].map((curve) => from(curve)[i])));
  plot.inside(from(curves.high), lines, `10–90% of ${curves.chains.toLocaleString("en")} chains`);
  plot.end(curves.median[steps - 1], `median chain ${last(curves.median)}`, "n");
  plot.end(curves.mean[steps - 1], `mean of chains ${last(curves.mean)}`, "");
  plot.finish();
  const line = tag("p", parent, "Rings: mean of the simulated chains. ", { class: "say" });
  line.append(curves.formula ? `Black line: what theory says it is, ${curves.formula}. `
    : "There is no closed form for it here. ");
  line.append("Thin grey lines: the medians of the other two.");
}

function words(parent, curves) {
  const from = (curve) => [curves.text_real, ...curve];
  const title = tag("p", parent, "Distinct-2 of text", { class: "title" });
  tag("span", title, `trigram model of ${curves.text_rows} sentences, retrained on its own output`);
  const own = curves.text[curves.mode];
  const top = Math.max(curves.text_real, ...own) * 1.15;
  const plot = new Plot(parent, 120, top, own.length, "distinct-2 of text over generations", 34);
  plot.reference(curves.text_real, `real rows, ${curves.text_real.toFixed(2)}`);
  for (const [mode, curve] of Object.entries(curves.text)) {
    const chosen = mode === curves.mode;
    plot.line(from(curve), chosen ? "var(--new)" : "var(--old)", chosen ? 2 : 1, `text-${mode}`);
    plot.end(curve[curve.length - 1], `${SHORT[mode]} ${curve[curve.length - 1].toFixed(2)}`, chosen ? "n" : "d");
  }
  plot.axis("generation");
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
  const rows = SLIDERS.map(([name, text, letter, min, max, step]) => {
    const label = tag("label", side);
    const words = tag("span", label, text);
    if (letter) tag("i", words, ` ${letter}`);
    const output = tag("output", label);
    const input = tag("input", label, "", { type: "range", min, max, step, "aria-label": `${text} ${letter}`.trim() });
    tag("small", label, shown(name, min));
    tag("small", label, shown(name, max));
    input.addEventListener("input", () => { output.textContent = shown(name, +input.value); });
    input.addEventListener("change", () => send(name, +input.value));
    return { name, label, output, input };
  });
  const again = tag("button", side, "Run again", { class: "again", type: "button" });
  again.addEventListener("click", () => send("seed", model.get("seed") + 1));
  const copy = tag("button", side, "Copy as code", { class: "link", type: "button" });
  copy.addEventListener("click", () => {
    const values = SLIDERS.map(([name]) => `${name}=${model.get(name)}`);
    const call = [`mode="${model.get("mode")}"`, ...values, `seed=${model.get("seed")}`].join(", ");
    navigator.clipboard.writeText(`synthnb.collapse_lab(${call})`).then(
      () => { copy.textContent = "Copied"; },
      () => { copy.textContent = "The browser does not allow to copy"; },
    );
    setTimeout(() => { copy.textContent = "Copy as code"; }, 2000);
  });
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
    const took = curves.seconds < 0.1 ? "under 0.1 s" : `${curves.seconds.toFixed(1)} s`;
    seed.textContent = `Seed ${model.get("seed")} · ${curves.chains.toLocaleString("en")} chains in ${took}. ` +
      "φ and ψ act in “accumulate and verify”.";
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
