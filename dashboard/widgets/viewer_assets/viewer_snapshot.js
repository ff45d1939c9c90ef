// Draws what the viewer shows, with names and figures, into one PNG for a slide or a report.

import { differenceFormula } from "./viewer_math.js";

const INK = "#1c2a30";
const MARGIN = 16;
const LINE = 22;
const FONT = "14px system-ui, sans-serif";
const BOLD = "600 15px system-ui, sans-serif";
const FEWEST_PIXELS = 640;
// Figures that are worth a line of the snapshot, by the beginning of their label.
const WORTH = ["Bytes", "Bits per pixel", "PSNR", "SSIM", "MS-SSIM", "SSIMULACRA2"];

/** Figures of a layer in one line, the most important first. */
export function figuresLine(readout) {
  return WORTH.flatMap((label) =>
    Object.entries(readout).filter(([name]) => name === label || name.startsWith(`${label} (`)),
  )
    .map(([name, text]) => `${name} ${text}`)
    .join("   ");
}

/** Layers that a snapshot shows: one that is held or flickers, else A and B. */
function shownLayers(state, layers) {
  if (state.isHolding) {
    return [layers[0]];
  }
  if (state.mode === "flicker") {
    return [layers[state.isSecondShown ? state.b : state.a]];
  }
  return [...new Set([state.a, state.b])].map((index) => layers[index]);
}

/** Captions {name, color, figures} of what is shown; that of a difference says how it is made. */
export function snapshotCaptions(state, layers) {
  const shown = shownLayers(state, layers);
  const captions = shown.map(({ name, readout, color }, place) => ({
    name: shown.length > 1 ? `${"AB"[place]}: ${name}` : name, color, figures: figuresLine(readout),
  }));
  if (state.mode === "difference" && !state.isHolding) {
    const name = `Difference: ${differenceFormula(state.kind, state.gain)}`;
    captions.unshift({ name, color: INK, figures: "" });
  }
  return captions;
}

/** Name of the file of a snapshot, made of the mode and the names of the layers. */
export function snapshotName(state, layers) {
  const names = shownLayers(state, layers).map(({ name }) => name);
  const parts = state.isHolding ? names : [state.mode, ...names];
  const words = parts.join(" ").toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return `bottleneck-${words.join("-").slice(0, 80)}.png`;
}

/** Lines of text broken where they would be wider than the space. */
function wrapped(context, text, width) {
  const lines = [];
  for (const word of text.split("   ")) {
    const longer = lines.length ? `${lines.at(-1)}   ${word}` : word;
    if (lines.length && context.measureText(longer).width <= width) {
      lines[lines.length - 1] = longer;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** Canvas with the panes side by side and, below them, a caption for each layer. */
export function snapshotCanvas(panes, captions) {
  const shown = panes.reduce((sum, { width }) => sum + width, 4 * (panes.length - 1));
  const width = Math.max(shown, FEWEST_PIXELS) + 2 * MARGIN;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  context.font = FONT;
  const texts = captions.map(({ name, figures, color }) => ({
    name, color, lines: figures ? wrapped(context, figures, width - 2 * MARGIN - 12) : [],
  }));
  const rows = texts.reduce((sum, { lines }) => sum + 1 + lines.length, 0);
  canvas.width = width;
  canvas.height = panes[0].height + 3 * MARGIN + LINE * rows;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawPanes(context, panes, (width - shown) / 2);
  drawCaptions(context, texts, panes[0].height + 2 * MARGIN);
  return canvas;
}

function drawPanes(context, panes, start) {
  let left = Math.round(start);
  for (const pane of panes) {
    context.drawImage(pane, left, MARGIN);
    left += pane.width + 4;
  }
}

function drawCaptions(context, texts, start) {
  let top = start;
  context.textBaseline = "top";
  for (const { name, color, lines } of texts) {
    context.fillStyle = color;
    context.fillRect(MARGIN, top, 4, LINE * (1 + lines.length) - 6);
    context.fillStyle = INK;
    context.font = BOLD;
    context.fillText(name, MARGIN + 12, top);
    context.font = FONT;
    lines.forEach((line, index) => context.fillText(line, MARGIN + 12, top + LINE * (index + 1)));
    top += LINE * (1 + lines.length);
  }
}

/** Lets the browser save a canvas. */
export function save(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}
