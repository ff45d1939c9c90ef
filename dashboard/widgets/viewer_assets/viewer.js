// Streamlit component: compares image layers of one size. See viewer_math.js for the mathematics,
// viewer_controls.js for the DOM, viewer_stage.js for drawing and pointers.

import { Controls, make } from "./viewer_controls.js";
import { isKeyOfControl, keyAction } from "./viewer_keys.js";
import {
  adaptView, carriedIndex, clamp, clampView, fitView, panBy, pinch, pinOf, probe, stepZoom, unpack,
  wheelZoom, wipeAt, zoomAt,
} from "./viewer_math.js";
import { save, snapshotCanvas, snapshotCaptions, snapshotName } from "./viewer_snapshot.js";
import { Stage } from "./viewer_stage.js";

const MODES = ["wipe", "side", "flicker", "difference"];
const BLINK_MILLISECONDS = 500;
const STACKED_WIDTH = 560;
// Room for the page's head and the viewer's own controls, so that all is seen at once.
const ROOM_ABOVE = 275;
const SHORTEST_STAGE = 320;
const TALLEST_STAGE = 720;
// A place in the page that was left and entered again shows what it showed before.
const remembered = new Map();

function firstState() {
  return {
    mode: "wipe", a: 0, b: 0, view: { zoom: 1, x: 0, y: 0 }, isFitted: true, wipe: 0.5, gain: 8,
    kind: "absolute", isSecondShown: false, isBlinking: false, isHolding: false, isHelpOpen: false,
    isChosen: false, start: "",
  };
}

async function decodeLayer(description, file) {
  const blob = new Blob([file], { type: "image/png" });
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(blob, options);
  const size = { width: bitmap.width, height: bitmap.height };
  const canvas = Object.assign(document.createElement("canvas"), size);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, size.width, size.height).data;
  return { ...description, bitmap, pixels, size };
}

class Viewer {
  constructor(parent) {
    this.state = firstState();
    this.layers = [];
    this.updates = 0;
    this.controls = new Controls((action) => this.act(action));
    this.stage = new Stage((action) => this.act(action), () => this.onResize());
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.frameNode = make("div", { className: "frame" }, this.controls.assemble(this.stage.node));
    this.problem = make("p", { className: "problem", hidden: true, attributes: { role: "alert" } });
    this.root = make("div", { className: "viewer" }, [this.problem, this.frameNode]);
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.root.addEventListener("keyup", (event) => this.onKeyUp(event));
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.root.contains(relatedTarget)) {
        this.act({ name: "release" });
      }
    });
    this.onWindowResize = () => this.setHeight();
    addEventListener("resize", this.onWindowResize);
    this.blinking = setInterval(() => this.onBlink(), BLINK_MILLISECONDS);
    parent.append(this.root);
    this.widthObserver = new ResizeObserver(() => this.setHeight());
    this.widthObserver.observe(this.root);
  }

  destroy() {
    removeEventListener("resize", this.onWindowResize);
    clearInterval(this.blinking);
    clearTimeout(this.controls.announcing);
    cancelAnimationFrame(this.frame);
    this.widthObserver.disconnect();
    this.stage.destroy();
    this.layers.forEach((layer) => layer.bitmap.close());
    this.root.remove();
    this.updates += 1;
  }

  /** Takes new data; what is shown changes at once when all of it is decoded. */
  async update(data) {
    this.updates += 1;
    const mine = this.updates;
    const { header, files } = unpack(data);
    const known = new Map(this.layers.map((layer) => [layer.digest, layer]));
    const decode = async (description, index) => {
      const old = known.get(description.digest);
      return old ? { ...old, ...description } : decodeLayer(description, files[index]);
    };
    let layers = null;
    try {
      layers = await Promise.all(header.layers.map(decode));
    } catch {
      // A browser has too little memory, say: nothing may stand under the new names.
    }
    if (mine === this.updates) {
      this.tell(layers ? "" : "This browser could not decode the images. Reload the page to try again.");
      if (layers) {
        this.accept(header, layers);
      }
    }
  }

  /** Says in place of the images why there are none. */
  tell(problem) {
    this.problem.textContent = problem;
    this.problem.hidden = !problem;
    this.frameNode.hidden = Boolean(problem);
  }

  accept(header, layers) {
    const before = this.layers;
    const kept = new Set(layers.map((layer) => layer.bitmap));
    before.filter(({ bitmap }) => !kept.has(bitmap)).forEach(({ bitmap }) => bitmap.close());
    this.layers = layers;
    this.header = header;
    if (before.length === 0 && remembered.has(header.key)) {
      const memory = remembered.get(header.key);
      this.state = { ...memory.state, isHolding: false, isBlinking: false };
      this.carry(memory.names, memory.size);
    } else {
      this.carry(before.map(({ name }) => ({ name })), before[0]?.size);
    }
    this.start(header.start);
    this.controls.setLayers(layers);
    this.controls.pin.hidden = header.isPreview;
    this.controls.probe.size.textContent = sizeText(header);
    this.setHeight();
    this.show();
    this.announce();
  }

  /** Keeps the pair and the place in the image as far as the new layers have them. */
  carry(names, size) {
    const { state, layers } = this;
    // At first the original and the layer after it, which is the first codec.
    const second = Math.min(1, layers.length - 1);
    const pick = (index, fallback) =>
      state.isChosen && names[index]
        ? carriedIndex(names[index].name, index, layers, fallback)
        : fallback;
    state.a = pick(state.a, 0);
    state.b = pick(state.b, second);
    if (state.isFitted || !size) {
      this.fit();
    } else {
      state.view = adaptView(state.view, size, layers[0].size, this.stage.paneSize);
    }
  }

  /** Opens a view that the page asked for, once. */
  start(wanted) {
    const text = JSON.stringify(wanted ?? null);
    if (text === this.state.start) {
      return;
    }
    this.state.start = text;
    if (!wanted) {
      return;
    }
    const { state, layers } = this;
    const find = (name, fallback) => carriedIndex(name, Infinity, layers, fallback);
    state.a = find(wanted.a, state.a);
    state.b = find(wanted.b, state.b);
    state.isChosen = true;
    state.mode = MODES.includes(wanted.mode) ? wanted.mode : state.mode;
    state.wipe = clamp(wanted.wipe ?? state.wipe, 0, 1);
    state.gain = clamp(Math.round(wanted.gain ?? state.gain), 1, 32);
    state.kind = ["absolute", "signed", "luma"].includes(wanted.difference) ? wanted.difference : state.kind;
    if (wanted.zoom) {
      const [left, top] = this.header.origin;
      this.setView({ zoom: wanted.zoom, x: wanted.x - left, y: wanted.y - top });
    } else {
      this.fit();
    }
  }

  get isFullScreen() {
    return this.root.matches(":fullscreen");
  }

  toggleFullScreen() {
    const change = this.isFullScreen ? document.exitFullscreen() : this.root.requestFullscreen?.();
    change?.catch(() => {}); // A browser may refuse it, and then all stays as it is.
  }

  /** Saves what is shown, with names and figures, as PNG. */
  saveSnapshot() {
    this.draw();
    const { state, layers } = this;
    const captions = snapshotCaptions(state, layers);
    save(snapshotCanvas(this.stage.shownCanvases(state), captions), snapshotName(state, layers));
  }

  get image() {
    return this.layers[0]?.size;
  }

  /** Gives the stage a height that suits the image and the window. */
  setHeight() {
    const width = this.stage.node.clientWidth;
    if (!this.image || width === 0) {
      return;
    }
    const isStacked = this.state.mode === "side" && this.root.clientWidth < STACKED_WIDTH;
    const tallest = this.isFullScreen
      ? Math.max(SHORTEST_STAGE, innerHeight - 0.6 * ROOM_ABOVE)
      : clamp(innerHeight - ROOM_ABOVE, SHORTEST_STAGE, TALLEST_STAGE);
    const wanted = (width * this.image.height) / this.image.width;
    const height = Math.round(clamp(wanted, Math.min(280, width), tallest));
    this.root.dataset.stacked = String(isStacked);
    this.stage.node.style.height = `${isStacked ? 2 * height + 2 : height}px`;
  }

  onResize() {
    if (!this.image) {
      return;
    }
    if (this.state.isFitted) {
      this.fit();
    } else {
      this.state.view = clampView(this.state.view, this.image, this.stage.paneSize);
    }
    // At once, not in the next frame: a canvas that got a new size is empty.
    this.draw();
  }

  fit() {
    this.state.isFitted = true;
    this.state.view = fitView(this.image, this.stage.paneSize);
  }

  setView(view) {
    this.state.isFitted = false;
    this.state.view = clampView(view, this.image, this.stage.paneSize);
  }

  zoomTo(zoom, point = this.middle) {
    this.setView(zoomAt(this.state.view, zoom, point, this.image, this.stage.paneSize));
  }

  get middle() {
    const { width, height } = this.stage.paneSize;
    return { x: width / 2, y: height / 2 };
  }

  act(action) {
    if (!this.image) {
      return;
    }
    if (action.name === "probe") {
      this.showProbe(action.value);
      return;
    }
    const handler = HANDLERS[action.name];
    handler(this, this.state, action.value);
    this.show();
    if (["mode", "chooseA", "chooseB", "swap", "fit", "actual", "zoom"].includes(action.name)) {
      this.announce();
    }
  }

  choose(side, index) {
    if (index < this.layers.length) {
      this.state[side] = index;
      this.state.isChosen = true;
      this.state.isSecondShown = side === "b";
    }
  }

  setMode(mode) {
    this.state.mode = mode;
    this.state.isBlinking = false;
    this.setHeight();
  }

  sendPin() {
    if (this.header.isPreview) {
      return;
    }
    const pin = pinOf(this.state, this.layers, this.header.origin);
    // The page may give it back as the view to open, which is open already.
    this.state.start = JSON.stringify(pin);
    this.api.setTriggerValue("pin", pin);
  }

  onBlink() {
    if (this.state.isBlinking && this.state.mode === "flicker" && !this.calm.matches) {
      this.act({ name: "flip" });
    }
  }

  onKey(event) {
    // Streamlit's own shortcuts listen on the page: R would run it again, C clear its caches.
    event.stopPropagation();
    const focused = event.target;
    const control = focused.type === "range" ? "range" : focused.localName;
    const action = keyAction(event);
    if (!action || isKeyOfControl(control, event.key)) {
      return;
    }
    event.preventDefault();
    if (!(event.repeat && ["hold", "pin", "help", "swap", "flip", "snapshot", "fullScreen"].includes(action.name))) {
      this.act(action);
    }
  }

  onKeyUp(event) {
    event.stopPropagation();
    if (event.key.toLowerCase() === "o") {
      this.act({ name: "release" });
    }
  }

  show() {
    this.remember();
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = undefined;
    this.controls.show(this.state, this.layers, { isCalm: this.calm.matches });
    this.stage.draw(this.state, this.layers);
    this.describe();
  }

  /** Puts the state on the root element, for style sheets and for tests. */
  describe() {
    const { state, layers } = this;
    Object.assign(this.root.dataset, {
      ready: "true", mode: state.mode, a: layers[state.a].name, b: layers[state.b].name,
      zoom: String(state.view.zoom), x: String(state.view.x), y: String(state.view.y),
      fitted: String(state.isFitted), wipe: state.wipe.toFixed(4), gain: String(state.gain),
      kind: state.kind, shown: state.isSecondShown ? "b" : "a", holding: String(state.isHolding),
      blinking: String(state.isBlinking), layers: String(layers.length),
    });
  }

  showProbe(pixel) {
    if (!pixel) {
      this.controls.probe.clear();
      return;
    }
    const { a, b } = this.state;
    const colors = probe(this.layers[a].pixels, this.layers[b].pixels, this.image.width, pixel);
    const [left, top] = this.header.origin;
    this.controls.probe.show({ x: pixel.x + left, y: pixel.y + top }, colors);
  }

  announce() {
    const { state, layers } = this;
    const name = { wipe: "Wipe", side: "Side by side", flicker: "Flicker", difference: "Difference" };
    const figures = (layer) =>
      [layer.name, ...Object.entries(layer.readout).map(([label, text]) => `${label} ${text}`)].join(", ");
    const zoom = Math.round(100 * state.view.zoom);
    this.controls.announce(
      `${name[state.mode]}, zoom ${zoom} percent. A: ${figures(layers[state.a])}. B: ${figures(layers[state.b])}.`,
    );
  }

  remember() {
    const { key } = this.header;
    if (this.layers.length > 1) {
      const names = this.layers.map(({ name }) => ({ name }));
      remembered.set(key, { state: { ...this.state }, names, size: this.image });
      return;
    }
    // The original alone, while the codecs work: which pair was chosen, and which view the page
    // asked for, is for the viewer that has all layers.
    const { mode, view, isFitted, wipe, gain, kind } = this.state;
    const before = remembered.get(key) ?? { state: firstState(), names: [] };
    const state = { ...before.state, mode, view, isFitted, wipe, gain, kind };
    remembered.set(key, { ...before, state, size: this.image });
  }
}

function sizeText({ origin: [left, top], layers, full, width, height }) {
  const isCrop = full[0] !== width || full[1] !== height;
  const part = isCrop ? ` at ${left}, ${top} of ${full[0]} × ${full[1]}` : "";
  return `${width} × ${height}${part} · ${layers.length} ${layers.length === 1 ? "layer" : "layers"}`;
}

const HANDLERS = {
  mode: (viewer, state, mode) => viewer.setMode(mode),
  kind: (viewer, state, kind) => void (state.kind = kind),
  gain: (viewer, state, gain) => void (state.gain = gain),
  chooseA: (viewer, state, index) => viewer.choose("a", index),
  chooseB: (viewer, state, index) => viewer.choose("b", index),
  swap: (viewer, state) => {
    [state.a, state.b] = [state.b, state.a];
    state.isChosen = true;
  },
  flip: (viewer, state) => {
    if (state.mode === "flicker") {
      state.isSecondShown = !state.isSecondShown;
    }
  },
  blink: (viewer, state) => void (state.isBlinking = !state.isBlinking),
  hold: (viewer, state) => void (state.isHolding = true),
  release: (viewer, state) => void (state.isHolding = false),
  help: (viewer, state) => void (state.isHelpOpen = !state.isHelpOpen),
  pin: (viewer) => viewer.sendPin(),
  snapshot: (viewer) => viewer.saveSnapshot(),
  fullScreen: (viewer) => viewer.toggleFullScreen(),
  fit: (viewer) => viewer.fit(),
  actual: (viewer) => viewer.zoomTo(1),
  zoom: (viewer, state, direction) => viewer.zoomTo(stepZoom(state.view.zoom, direction)),
  wheel: (viewer, state, { delta, how, point }) =>
    viewer.zoomTo(wheelZoom(state.view.zoom, delta, how), point),
  wipe: (viewer, state, step) => {
    if (state.mode === "wipe") {
      state.wipe = clamp(state.wipe + step, 0, 1);
    }
  },
  wipeTo: (viewer, state, wipe) => void (state.wipe = wipe),
  wipeColumn: (viewer, state, column) =>
    void (state.wipe = wipeAt(column, state.view, viewer.image, viewer.stage.paneSize)),
  drag: (viewer, state, [dx, dy]) => {
    const isFitted = state.isFitted;
    viewer.setView(panBy(state.view, dx, dy, viewer.image, viewer.stage.paneSize));
    state.isFitted = isFitted;
  },
  pan: (viewer, state, [x, y]) => {
    const step = 0.1 * viewer.stage.paneSize.width;
    viewer.setView(panBy(state.view, -x * step, -y * step, viewer.image, viewer.stage.paneSize));
  },
  pinch: (viewer, state, [from, to]) =>
    viewer.setView(pinch(state.view, from, to, viewer.image, viewer.stage.paneSize)),
};

/** Called by Streamlit at every change of data or theme, on the same element. */
export default function mount(api) {
  const host = api.parentElement;
  host.comparisonViewer ??= new Viewer(host);
  const viewer = host.comparisonViewer;
  viewer.api = api;
  const turn = (viewer.turn = (viewer.turn ?? 0) + 1);
  if (viewer.data !== api.data) {
    viewer.data = api.data;
    viewer.update(api.data);
  }
  return () => {
    // A call that was overtaken by a later one is cleaned up too: only the last may end it all.
    if (turn === viewer.turn) {
      viewer.destroy();
      delete host.comparisonViewer;
    }
  };
}
