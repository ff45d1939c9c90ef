// Draws the layers on one or two canvases, pixel by pixel, and turns pointers into view changes.

import { make } from "./viewer_controls.js";
import { isWhole, pixelAt, placement, wipeColumn, writeDifference } from "./viewer_math.js";

const BACKGROUND = "#808080";
const WIPE_REACH = { mouse: 12, touch: 28, pen: 20 };

class Pane {
  constructor(name) {
    this.canvas = make("canvas", { attributes: { "data-pane": name, "aria-hidden": "true" } });
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.tags = [make("span", { className: "tag left" }), make("span", { className: "tag right" })];
    this.cursor = make("span", { className: "cursor", hidden: true });
    this.node = make("div", { className: "pane" }, [this.canvas, ...this.tags, this.cursor]);
  }

  get size() {
    return { width: this.canvas.width, height: this.canvas.height };
  }

  /** Device pixels per CSS pixel of this canvas. */
  get density() {
    return this.canvas.width / Math.max(this.canvas.getBoundingClientRect().width, 1);
  }

  clear() {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.fillStyle = BACKGROUND;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Draws an image between two columns of the pane. */
  draw(source, place, zoom, from = 0, to = this.canvas.width) {
    const context = this.context;
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, this.canvas.height);
    context.clip();
    context.imageSmoothingEnabled = zoom < 1;
    context.imageSmoothingQuality = "high";
    context.setTransform(zoom, 0, 0, zoom, place.left, place.top);
    context.drawImage(source, 0, 0);
    context.restore();
  }

  setTag(index, layer, letter) {
    const tag = this.tags[index];
    tag.hidden = !layer;
    if (layer) {
      tag.replaceChildren(
        ...(letter ? [make("b", { text: letter })] : []),
        make("span", { text: layer.name }),
      );
      tag.style.setProperty("--layer", layer.color);
    }
  }
}

/** The area with the images; `act(action)` is called for what a pointer does in it. */
export class Stage {
  constructor(act, onResize) {
    this.act = act;
    this.panes = [new Pane("first"), new Pane("second")];
    this.divider = make("span", { className: "divider" }, [make("span", { className: "grip" })]);
    this.hint = make("span", { className: "wheel-hint", text: "Click the image, then turn the wheel to zoom" });
    this.panes[0].node.append(this.divider);
    this.node = make(
      "div",
      {
        className: "stage",
        tabIndex: 0,
        attributes: { role: "group", "aria-label": "Image comparison. Press ? for the keys." },
      },
      [...this.panes.map((pane) => pane.node), this.hint],
    );
    this.pointers = new Map();
    this.listen();
    this.observer = new ResizeObserver((entries) => {
      entries.forEach((entry) => this.resize(entry));
      onResize();
    });
    this.panes.forEach((pane) => this.observe(pane));
  }

  observe(pane) {
    try {
      this.observer.observe(pane.canvas, { box: "device-pixel-content-box" });
    } catch {
      // Safari knows only CSS pixels.
      this.observer.observe(pane.canvas);
    }
  }

  resize(entry) {
    const exact = entry.devicePixelContentBoxSize?.[0];
    const box = entry.contentRect;
    const width = exact?.inlineSize ?? Math.round(box.width * devicePixelRatio);
    const height = exact?.blockSize ?? Math.round(box.height * devicePixelRatio);
    if (width > 0 && height > 0) {
      entry.target.width = width;
      entry.target.height = height;
    }
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.hinting);
  }

  /** Size of a pane in device pixels; both panes of side by side share it. */
  get paneSize() {
    return this.panes[0].size;
  }

  /** Canvases that are seen in this state, each as drawn, the wipe's line with it. */
  shownCanvases(state) {
    const isSide = state.mode === "side" && !state.isHolding;
    return this.panes.slice(0, isSide ? 2 : 1).map(({ canvas }) => this.cropped(canvas, state));
  }

  /** The part of a canvas that holds the image, without the grey around it. */
  cropped(canvas, state) {
    const place = placement(state.view, this.image, this.paneSize);
    const left = Math.max(0, place.left);
    const top = Math.max(0, place.top);
    const width = Math.ceil(Math.min(canvas.width, place.left + place.width)) - left;
    const height = Math.ceil(Math.min(canvas.height, place.top + place.height)) - top;
    const part = Object.assign(document.createElement("canvas"), { width, height });
    const context = part.getContext("2d", { alpha: false });
    context.drawImage(canvas, -left, -top);
    if (state.mode === "wipe" && !state.isHolding) {
      context.fillStyle = "#ffffff";
      context.fillRect(this.column - left - 1, 0, 2, height);
    }
    return part;
  }

  draw(state, layers) {
    this.state = state;
    this.image = layers[0].size;
    const isSide = state.mode === "side" && !state.isHolding;
    this.node.dataset.mode = state.isHolding ? "original" : state.mode;
    this.node.dataset.whole = String(isWhole(state.view.zoom, this.image, this.paneSize));
    this.panes.forEach((pane) => pane.clear());
    this.divider.hidden = state.mode !== "wipe" || state.isHolding;
    const place = placement(state.view, this.image, this.paneSize);
    const show = (pane, layer) => pane.draw(layer.bitmap, place, state.view.zoom);
    const [first, second] = this.panes;
    const a = layers[state.a];
    const b = layers[state.b];
    first.setTag(1, null);
    second.setTag(1, null);
    if (state.isHolding) {
      show(first, layers[0]);
      show(second, layers[0]);
      first.setTag(0, layers[0]);
      second.setTag(0, layers[0]);
    } else if (isSide) {
      show(first, a);
      show(second, b);
      first.setTag(0, a, "A");
      second.setTag(0, b, "B");
    } else if (state.mode === "wipe") {
      this.drawWipe(a, b, place);
    } else if (state.mode === "flicker") {
      const shown = state.isSecondShown ? b : a;
      show(first, shown);
      first.setTag(0, shown, state.isSecondShown ? "B" : "A");
    } else {
      first.draw(this.difference(a, b, state), place, state.view.zoom);
      first.setTag(0, { name: `${a.name} → ${b.name}, gain ${state.gain}`, color: "#808080" });
    }
    this.showCursor();
  }

  drawWipe(a, b, place) {
    const [pane] = this.panes;
    const { view, wipe } = this.state;
    const column = wipeColumn(wipe, view, this.image, this.paneSize);
    pane.draw(a.bitmap, place, view.zoom, 0, column);
    pane.draw(b.bitmap, place, view.zoom, column);
    pane.setTag(0, a, "A");
    pane.setTag(1, b, "B");
    this.divider.style.left = `${column / pane.density}px`;
    this.column = column;
  }

  /** Canvas with the difference image, computed again only when what it shows changed. */
  difference(a, b, { kind, gain }) {
    const wanted = [a.digest, b.digest, kind, gain].join(" ");
    if (this.differenceShown !== wanted) {
      this.differenceShown = wanted;
      this.differenceCanvas ??= document.createElement("canvas");
      Object.assign(this.differenceCanvas, this.image);
      const context = this.differenceCanvas.getContext("2d", { alpha: false });
      const target = context.createImageData(this.image.width, this.image.height);
      writeDifference(a.pixels, b.pixels, target.data, kind, gain);
      context.putImageData(target, 0, 0);
    }
    return this.differenceCanvas;
  }

  /** Frames the pixel under the pointer in every pane. */
  showCursor() {
    const { state } = this;
    const pixel = this.pointed && pixelAt(this.pointed, state.view, this.image, this.paneSize);
    const zoom = state.view.zoom;
    const isUseful = Boolean(pixel) && (zoom >= 8 || state.mode === "side");
    const place = placement(state.view, this.image, this.paneSize);
    for (const pane of this.panes) {
      pane.cursor.hidden = !isUseful;
      if (isUseful) {
        const edge = Math.max(zoom, 7) / pane.density;
        const middle = (axis, corner) => (corner + (pixel[axis] + 0.5) * zoom) / pane.density - edge / 2;
        Object.assign(pane.cursor.style, {
          left: `${middle("x", place.left)}px`,
          top: `${middle("y", place.top)}px`,
          width: `${edge}px`,
          height: `${edge}px`,
        });
      }
    }
    this.act({ name: "probe", value: pixel ?? null });
  }

  listen() {
    const on = (name, handler, options) => this.node.addEventListener(name, handler, options);
    on("pointerdown", (event) => this.onDown(event));
    on("pointermove", (event) => this.onMove(event));
    for (const name of ["pointerup", "pointercancel"]) {
      on(name, (event) => this.onUp(event));
    }
    on("pointerleave", () => this.point(null));
    on("wheel", (event) => this.onWheel(event), { passive: false });
  }

  /** Point of an event in device pixels of its pane. */
  locate(event) {
    const pane = this.panes.find(({ canvas }) => canvas === event.target) ?? this.panes[0];
    const box = pane.canvas.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) * pane.density,
      y: (event.clientY - box.top) * pane.density,
    };
  }

  point(place) {
    this.pointed = place;
    if (this.state) {
      this.showCursor();
    }
  }

  onDown(event) {
    if (!this.state || event.button > 0) {
      return;
    }
    this.node.focus({ preventScroll: true });
    event.target.setPointerCapture?.(event.pointerId);
    const place = this.locate(event);
    this.pointers.set(event.pointerId, place);
    this.isWiping = this.pointers.size === 1 && this.wouldWipe(event, place);
    if (this.isWiping) {
      this.act({ name: "wipeColumn", value: place.x });
    }
    event.preventDefault();
  }

  /** Whether a drag from here moves the wipe: on its line, or anywhere on a whole image. */
  wouldWipe(event, place) {
    if (this.state.mode !== "wipe" || this.state.isHolding) {
      return false;
    }
    const reach = (WIPE_REACH[event.pointerType] ?? 12) * this.panes[0].density;
    const isNear = Math.abs(place.x - this.column) <= reach;
    return isNear || isWhole(this.state.view.zoom, this.image, this.paneSize);
  }

  onMove(event) {
    if (!this.state) {
      return;
    }
    const place = this.locate(event);
    const before = this.pointers.get(event.pointerId);
    if (before) {
      this.drag(event.pointerId, before, place);
    } else {
      this.node.dataset.near = String(this.wouldWipe(event, place));
    }
    this.point(place);
  }

  drag(id, before, place) {
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, value]) => value);
      this.act({ name: "pinch", value: [[before, other], [place, other]] });
    } else if (this.isWiping) {
      this.act({ name: "wipeColumn", value: place.x });
    } else {
      this.act({ name: "drag", value: [place.x - before.x, place.y - before.y] });
    }
    this.pointers.set(id, place);
  }

  onUp(event) {
    this.pointers.delete(event.pointerId);
    this.isWiping = false;
    if (event.pointerType === "touch") {
      this.point(null);
    }
  }

  onWheel(event) {
    const hasFocus = this.node.parentNode.contains(this.node.getRootNode().activeElement);
    if (!hasFocus && !event.ctrlKey) {
      this.showWheelHint();
      return;
    }
    event.preventDefault();
    const { deltaY, deltaMode, ctrlKey } = event;
    const how = { isLines: deltaMode === 1, isPinch: ctrlKey };
    this.act({ name: "wheel", value: { delta: deltaY, how, point: this.locate(event) } });
  }

  showWheelHint() {
    this.hint.dataset.shown = "true";
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => delete this.hint.dataset.shown, 1200);
  }
}
