// Builds the viewer's DOM and keeps its texts in step with the state. Draws no pixels.

import { HELP } from "./viewer_keys.js";
import { compareReadouts, differenceFormula, signed, zoomText } from "./viewer_math.js";

const MODE_BUTTONS = [
  ["wipe", "Wipe", "Wipe (W)", "M8 1.5v13M3.5 3.5h9a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z"],
  ["side", "Side by side", "Side by side (S)", "M1.5 3.5h5.5v9H1.5zM9 3.5h5.5v9H9z"],
  ["flicker", "Flicker", "Flicker (F)", "M2 5.5h9.5M9 3l2.5 2.500L9 8M14 10.500H4.500M7 8l-2.5 2.500L7 13"],
  ["difference", "Difference", "Difference (D)", "M8 2.500v6M5 5.500h6M5 12.500h6"],
];
const KINDS = [
  ["absolute", "Absolute", "Gain × |B − A| of each channel"],
  ["signed", "Signed", "128 + gain × (B − A): grey where both are equal"],
  ["luma", "Luma", "Gain × |luma of B − A|, as grey"],
];
const ICONS = {
  swap: "M2 5.500h10M9.5 3L12 5.5 9.5 8M14 10.500H4M6.5 8L4 10.5 6.5 13",
  fit: "M2 6V3a1 1 0 0 1 1-1h3M10 2h3a1 1 0 0 1 1 1v3M14 10v3a1 1 0 0 1-1 1h-3M6 14H3a1 1 0 0 1-1-1v-3",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  snapshot: "M2 5.5h2.500L6 3.5h4l1.5 2H14v7H2zM8 7a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  fullScreen: "M9.5 2H14v4.500M14 2l-5 5M6.5 14H2V9.500M2 14l5-5",
  pin: "M6 2h4l-.5 4.500L12 9H4l2.5-2.500zM8 9v5",
};

export function make(tag, properties = {}, children = []) {
  const node = document.createElement(tag);
  const { text, attributes = {}, ...rest } = properties;
  Object.assign(node, rest);
  if (text !== undefined) {
    node.textContent = text;
  }
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function icon(path) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  const line = document.createElementNS(namespace, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function button(className, text, title, path) {
  const children = path ? [icon(path)] : [];
  if (text) {
    children.push(make("span", { text }));
  }
  // What can be read aloud is the name, and the title describes it; a sign alone is named by it.
  const isRead = /\w/.test(text);
  const attributes = isRead ? {} : { "aria-label": title.replace(/ \([^)]*\)$/, "") };
  return make("button", { type: "button", className, title, attributes }, children);
}

function choice(label, className, options, onChoose) {
  const buttons = new Map();
  for (const [value, text, title, path] of options) {
    const node = button("segment", text, title, path);
    node.dataset.value = value;
    node.addEventListener("click", () => onChoose(value));
    buttons.set(value, node);
  }
  const attributes = { role: "group", "aria-label": label };
  return { node: make("div", { className, attributes }, [...buttons.values()]), buttons };
}

function press(buttons, chosen) {
  for (const [value, node] of buttons) {
    node.setAttribute("aria-pressed", String(value === chosen));
  }
}

function slider(label, { min, max, step, unit }, onInput) {
  const input = make("input", { type: "range", min, max, step });
  input.setAttribute("aria-label", label);
  input.addEventListener("input", () => onInput(Number(input.value)));
  const output = make("output");
  const node = make("label", { className: "slider" }, [make("span", { text: label }), input, output]);
  const set = (value) => {
    input.value = value;
    output.textContent = unit(value);
    input.setAttribute("aria-valuetext", unit(value));
    input.style.setProperty("--filled", `${(100 * (value - min)) / (max - min)}%`);
  };
  return { node, set };
}

function picker(letter, onChoose) {
  const select = make("select", { attributes: { "aria-label": `Layer ${letter}` } });
  select.addEventListener("change", () => onChoose(Number(select.value)));
  const dot = make("span", { className: "dot" });
  const badge = make("span", { className: "badge", text: letter });
  return { node: make("div", { className: "picker" }, [badge, dot, select]), select, dot };
}

/** All controls of one viewer; `act(action)` is called for each thing a person does. */
export class Controls {
  constructor(act) {
    this.modes = choice("Mode", "segments modes", MODE_BUTTONS, (value) => act({ name: "mode", value }));
    this.kinds = choice("Kind of difference", "segments kinds", KINDS, (value) =>
      act({ name: "kind", value }),
    );
    this.pickers = {
      a: picker("A", (value) => act({ name: "chooseA", value })),
      b: picker("B", (value) => act({ name: "chooseB", value })),
    };
    this.wipe = slider(
      "Wipe",
      { min: 0, max: 100, step: 1, unit: (value) => `${Math.round(value)} %` },
      (value) => act({ name: "wipeTo", value: value / 100 }),
    );
    this.gain = slider("Gain", { min: 1, max: 32, step: 1, unit: (value) => `× ${value}` }, (value) =>
      act({ name: "gain", value }),
    );
    this.makeButtons(act);
    this.probe = new ProbeLine();
    this.readout = make("ul", { className: "readout", attributes: { "aria-label": "Figures" } });
    this.live = make("div", { className: "live", attributes: { role: "status", "aria-live": "polite" } });
    this.formula = make("span", { className: "formula" });
    this.help = helpList();
    this.fullScreen.hidden = !document.fullscreenEnabled;
  }

  makeButtons(act) {
    const plain = (className, text, title, path, action) => {
      const node = button(className, text, title, path);
      node.addEventListener("click", () => act(action));
      return node;
    };
    this.zoomOut = plain("tool", "−", "Zoom out (−)", null, { name: "zoom", value: -1 });
    this.zoomIn = plain("tool", "+", "Zoom in (+)", null, { name: "zoom", value: 1 });
    this.zoomLabel = make("output", { className: "zoom", attributes: { "aria-label": "Zoom" } });
    this.fit = plain("tool", "Fit", "Fit (0)", ICONS.fit, { name: "fit" });
    this.actual = plain("tool", "1:1", "One image pixel on one screen pixel", null, { name: "actual" });
    this.pin = plain("tool", "Pin", "Pin this view (P)", ICONS.pin, { name: "pin" });
    this.snapshot = plain("tool", "Snapshot", "Save a snapshot as PNG (G)", ICONS.snapshot, {
      name: "snapshot",
    });
    this.fullScreen = plain("tool", "Full screen", "Full screen (V)", ICONS.fullScreen, {
      name: "fullScreen",
    });
    this.helpButton = plain("tool round", "?", "Keys (?)", null, { name: "help" });
    this.swap = plain("tool", "", "Swap A and B (X)", ICONS.swap, { name: "swap" });
    this.flip = plain("tool", "Show the other", "Swap in place (Space)", ICONS.swap, { name: "flip" });
    this.blink = plain("tool", "Automatic", "Swap twice a second", null, { name: "blink" });
    this.original = button("tool", "Original", "Hold to see the original (O)", ICONS.eye);
    holdable(this.original, (value) => act({ name: value ? "hold" : "release" }));
  }

  /** The controls in their order on the page, around the stage. */
  assemble(stage) {
    const zoom = make("div", { className: "group" }, [
      this.zoomOut, this.zoomLabel, this.zoomIn, this.fit, this.actual,
    ]);
    const more = make("div", { className: "group more" }, [
      this.original, this.snapshot, this.fullScreen, this.pin, this.helpButton,
    ]);
    const tools = make("div", { className: "tools" }, [this.modes.node, zoom, more]);
    const pickers = make("div", { className: "pickers" }, [
      this.pickers.a.node, this.swap, this.pickers.b.node,
    ]);
    this.bar = make("div", { className: "bar" }, [
      this.wipe.node, this.flip, this.blink, this.gain.node, this.kinds.node, this.formula,
    ]);
    return [tools, this.help, pickers, stage, this.bar, this.probe.node, this.readout, this.live];
  }

  /** Fills the two lists of layers. */
  setLayers(layers) {
    for (const { select } of Object.values(this.pickers)) {
      select.replaceChildren(
        ...layers.map((layer, index) =>
          make("option", { value: String(index), text: `${index + 1}  ${layer.name}` }),
        ),
      );
    }
  }

  /** Shows the state of the viewer. */
  show(state, layers, { isCalm }) {
    press(this.modes.buttons, state.mode);
    press(this.kinds.buttons, state.kind);
    this.wipe.set(Math.round(1000 * state.wipe) / 10);
    this.gain.set(state.gain);
    this.zoomLabel.textContent = zoomText(state.view.zoom);
    this.fit.setAttribute("aria-pressed", String(state.isFitted));
    this.actual.setAttribute("aria-pressed", String(state.view.zoom === 1 && !state.isFitted));
    this.original.setAttribute("aria-pressed", String(state.isHolding));
    this.blink.setAttribute("aria-pressed", String(state.isBlinking));
    this.blink.disabled = isCalm;
    this.helpButton.setAttribute("aria-expanded", String(state.isHelpOpen));
    this.help.hidden = !state.isHelpOpen;
    this.formula.textContent = differenceFormula(state.kind, state.gain);
    this.bar.dataset.mode = state.mode;
    this.showPair(state, layers);
  }

  showPair(state, layers) {
    for (const side of ["a", "b"]) {
      this.pickers[side].select.value = String(state[side]);
      this.pickers[side].dot.style.background = layers[state[side]].color;
    }
    const pair = `${state.a} ${state.b}`;
    if (this.shownPair !== pair || this.shownLayers !== layers) {
      this.shownPair = pair;
      this.shownLayers = layers;
      this.readout.replaceChildren(...tiles(layers[state.a], layers[state.b]));
    }
  }

  /** Says once, when things have come to rest, what is seen now. */
  announce(text) {
    clearTimeout(this.announcing);
    this.announcing = setTimeout(() => {
      this.live.textContent = text;
    }, 400);
  }
}

function holdable(node, onHold) {
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    onHold(true);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    node.addEventListener(name, () => onHold(false));
  }
  node.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      onHold(true);
    }
  });
  node.addEventListener("keyup", () => onHold(false));
}

function helpList() {
  const known = HELP.filter(([keys]) => keys !== "V" || document.fullscreenEnabled);
  const entries = known.map(([keys, meaning]) =>
    make("div", {}, [make("dt", { text: keys }), make("dd", { text: meaning })]),
  );
  return make("dl", { className: "help", hidden: true }, entries);
}

/** One tile per figure that either layer has: A, B, and B against A. */
function tiles(a, b) {
  const labels = [...new Set([...Object.keys(a.readout), ...Object.keys(b.readout)])];
  const isSame = a === b;
  return labels.map((label) => {
    const textA = a.readout[label] ?? "";
    const textB = b.readout[label] ?? "";
    const direction = b.directions[label] ?? a.directions[label] ?? 0;
    const { text, better } = compareReadouts(textA, textB, isSame ? 0 : direction);
    return make("li", {}, [
      make("span", { className: "label", text: label }),
      value("A", textA, a.color, better === "a"),
      value("B", textB, b.color, better === "b"),
      make("span", { className: `delta ${better ?? "even"}`, text, title: "B against A" }),
    ]);
  });
}

function value(letter, text, color, isBetter) {
  const mark = make("span", { className: "mark", text: letter });
  mark.style.setProperty("--layer", color);
  const number = make(isBetter ? "strong" : "span", { className: "number", text: text || "–" });
  return make("span", { className: "value" }, [mark, number]);
}

/** The line that reads single pixels. */
class ProbeLine {
  constructor() {
    this.place = make("span", { className: "place" });
    this.a = make("span", { className: "rgb" });
    this.b = make("span", { className: "rgb" });
    this.difference = make("span", { className: "rgb" });
    this.swatches = { a: make("span", { className: "swatch" }), b: make("span", { className: "swatch" }) };
    this.values = make("span", { className: "values" }, [
      this.place,
      make("span", {}, [this.swatches.a, make("b", { text: "A" }), " ", this.a]),
      make("span", {}, [this.swatches.b, make("b", { text: "B" }), " ", this.b]),
      make("span", {}, [make("b", { text: "B − A" }), " ", this.difference]),
    ]);
    this.hint = make("span", { className: "hint", text: "Point at the image to read its pixels." });
    this.size = make("span", { className: "size" });
    this.node = make("div", { className: "probe" }, [this.hint, this.values, this.size]);
    this.clear();
  }

  clear() {
    this.values.hidden = true;
    this.hint.hidden = false;
  }

  show(pixel, colors) {
    const rgb = (values) => values.map((value) => String(value).padStart(3, "\u2007")).join(" ");
    this.place.textContent = `x ${pixel.x}  y ${pixel.y}`;
    this.a.textContent = rgb(colors.a);
    this.b.textContent = rgb(colors.b);
    this.difference.textContent = rgb(colors.difference.map((value) => signed(value)));
    this.swatches.a.style.background = `rgb(${colors.a.join(" ")})`;
    this.swatches.b.style.background = `rgb(${colors.b.join(" ")})`;
    this.values.hidden = false;
    this.hint.hidden = true;
  }
}
