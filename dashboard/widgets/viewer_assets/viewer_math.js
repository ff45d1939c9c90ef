// The viewer's mathematics: no DOM, no state, the same in a browser and under node.
//
// An image is {width, height} in image pixels, a pane {width, height} in device pixels. A view
// is {zoom, x, y}: device pixels per image pixel, and the image's point in the pane's centre.
// Zoom 1 is one image pixel on one device pixel, so whole zooms stay exact on every display.

export const MAX_ZOOM = 64;

const STEPS = [
  1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24,
  32, 40, 48, MAX_ZOOM,
];
// The weights of the project's SSIM, so that the luma difference shows what SSIM saw.
const LUMA = [0.2125, 0.7154, 0.0721];

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** Largest zoom at which the whole image is seen; a whole number where it is above 1. */
export function fitZoom(image, pane) {
  const exact = Math.min(pane.width / image.width, pane.height / image.height);
  return exact > 1 ? Math.min(Math.floor(exact), MAX_ZOOM) : exact;
}

export function fitView(image, pane) {
  return { zoom: fitZoom(image, pane), x: image.width / 2, y: image.height / 2 };
}

/** Whether the whole image lies in the pane at this zoom. */
export function isWhole(zoom, image, pane) {
  return image.width * zoom <= pane.width + 0.5 && image.height * zoom <= pane.height + 0.5;
}

/** Nearest allowed view: an image that fits is centred, else the pane's centre stays on it. */
export function clampView(view, image, pane) {
  const zoom = clamp(view.zoom, Math.min(1, fitZoom(image, pane)), MAX_ZOOM);
  if (isWhole(zoom, image, pane)) {
    return { zoom, x: image.width / 2, y: image.height / 2 };
  }
  return { zoom, x: clamp(view.x, 0, image.width), y: clamp(view.y, 0, image.height) };
}

/** View for another image: the same place in relation to its sides, at the same zoom. */
export function adaptView(view, before, image, pane) {
  const x = (view.x / before.width) * image.width;
  const y = (view.y / before.height) * image.height;
  return clampView({ zoom: view.zoom, x, y }, image, pane);
}

/** View at another zoom that keeps the image's point below a point of the pane in its place. */
export function zoomAt(view, zoom, point, image, pane) {
  const allowed = clamp(zoom, Math.min(1, fitZoom(image, pane)), MAX_ZOOM);
  const fromCenter = { x: point.x - pane.width / 2, y: point.y - pane.height / 2 };
  const moved = {
    zoom: allowed,
    x: view.x + fromCenter.x / view.zoom - fromCenter.x / allowed,
    y: view.y + fromCenter.y / view.zoom - fromCenter.y / allowed,
  };
  return clampView(moved, image, pane);
}

/** View after the image was dragged by a distance in device pixels. */
export function panBy(view, dx, dy, image, pane) {
  const moved = { zoom: view.zoom, x: view.x - dx / view.zoom, y: view.y - dy / view.zoom };
  return clampView(moved, image, pane);
}

/** View after two fingers moved: from and to are pairs of points of the pane. */
export function pinch(view, from, to, image, pane) {
  const before = middle(from);
  const after = middle(to);
  const ratio = distance(to) / Math.max(distance(from), 1);
  const zoomed = zoomAt(view, view.zoom * ratio, before, image, pane);
  return panBy(zoomed, after.x - before.x, after.y - before.y, image, pane);
}

function middle([first, second]) {
  return { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 };
}

function distance([first, second]) {
  return Math.hypot(second.x - first.x, second.y - first.y);
}

/** Next zoom of the ladder: whole numbers above 1, simple fractions below. */
export function stepZoom(zoom, direction) {
  const slack = 1e-6;
  if (direction > 0) {
    return STEPS.find((step) => step > zoom * (1 + slack)) ?? MAX_ZOOM;
  }
  return STEPS.findLast((step) => step < zoom * (1 - slack)) ?? STEPS[0];
}

/** Zoom after the wheel turned; a trackpad's pinch arrives as small steps with ctrl. */
export function wheelZoom(zoom, delta, { isLines, isPinch }) {
  const pixels = delta * (isLines ? 16 : 1);
  return zoom * Math.exp(-clamp(pixels, -240, 240) * (isPinch ? 0.01 : 0.0016));
}

/** Where the image lies in the pane; its corner on a whole device pixel, or nothing is exact. */
export function placement(view, image, pane) {
  return {
    left: Math.round(pane.width / 2 - view.x * view.zoom),
    top: Math.round(pane.height / 2 - view.y * view.zoom),
    width: image.width * view.zoom,
    height: image.height * view.zoom,
  };
}

/** Image pixel below a point of the pane, or null beside the image. */
export function pixelAt(point, view, image, pane) {
  const place = placement(view, image, pane);
  const x = Math.floor((point.x - place.left) / view.zoom);
  const y = Math.floor((point.y - place.top) / view.zoom);
  const isInside = x >= 0 && y >= 0 && x < image.width && y < image.height;
  return isInside ? { x, y } : null;
}

/** Left and right edge of what is seen of the image, in device pixels of the pane. */
export function visibleSpan(view, image, pane) {
  const place = placement(view, image, pane);
  const left = clamp(place.left, 0, pane.width);
  return { left, right: clamp(Math.round(place.left + place.width), left, pane.width) };
}

/** Column of the pane at which A ends and B begins; `wipe` is a share of what is seen. */
export function wipeColumn(wipe, view, image, pane) {
  const { left, right } = visibleSpan(view, image, pane);
  return Math.round(left + wipe * (right - left));
}

/** The wipe that puts its line on a column of the pane: the inverse of `wipeColumn`. */
export function wipeAt(column, view, image, pane) {
  const { left, right } = visibleSpan(view, image, pane);
  return right > left ? clamp((column - left) / (right - left), 0, 1) : 0.5;
}

/** Writes the difference of two RGBA images into a third, opaque.
 *
 * absolute: gain |B - A| per channel. signed: 128 + gain (B - A) per channel, so grey is equal.
 * luma: gain |difference of lumas|, as grey.
 */
export function writeDifference(a, b, target, kind, gain) {
  if (kind === "luma") {
    writeLumaDifference(a, b, target, gain);
    return;
  }
  const table = differenceTable(kind, gain);
  for (let i = 0; i < a.length; i += 4) {
    target[i] = table[b[i] - a[i] + 255];
    target[i + 1] = table[b[i + 1] - a[i + 1] + 255];
    target[i + 2] = table[b[i + 2] - a[i + 2] + 255];
    target[i + 3] = 255;
  }
}

function differenceTable(kind, gain) {
  const table = new Uint8ClampedArray(511);
  for (let d = -255; d <= 255; d += 1) {
    table[d + 255] = kind === "signed" ? 128 + gain * d : gain * Math.abs(d);
  }
  return table;
}

function writeLumaDifference(a, b, target, gain) {
  const [red, green, blue] = LUMA.map((weight) => weight * gain);
  for (let i = 0; i < a.length; i += 4) {
    const luma =
      red * (b[i] - a[i]) + green * (b[i + 1] - a[i + 1]) + blue * (b[i + 2] - a[i + 2]);
    const value = Math.abs(luma);
    target[i] = value;
    target[i + 1] = value;
    target[i + 2] = value;
    target[i + 3] = 255;
  }
}

/** What the difference image shows, as a formula. */
export function differenceFormula(kind, gain) {
  if (kind === "signed") {
    return `128 + ${gain} × (B − A)`;
  }
  return kind === "luma" ? `${gain} × |luma of B − A|` : `${gain} × |B − A|`;
}

/** Colours of one pixel in two RGBA images of one width, and B minus A. */
export function probe(a, b, width, { x, y }) {
  const at = 4 * (y * width + x);
  const rgbA = Array.from(a.subarray(at, at + 3));
  const rgbB = Array.from(b.subarray(at, at + 3));
  return { a: rgbA, b: rgbB, difference: rgbB.map((value, channel) => value - rgbA[channel]) };
}

/** B against A for one line of the readout.
 *
 * Numbers are compared where both texts start with one and what follows is the same unit.
 * direction is 1 where more is better, -1 where less is, 0 where neither is.
 */
export function compareReadouts(textA, textB, direction) {
  const a = leadingNumber(textA);
  const b = leadingNumber(textB);
  if (!a || !b || a.unit !== b.unit || direction === 0) {
    return { text: "", better: null };
  }
  const isFirst = (a.value - b.value) * direction > 0;
  const better = a.value === b.value ? null : isFirst ? "a" : "b";
  return { text: differenceText(a, b, direction), better };
}

function differenceText(a, b, direction) {
  const difference = b.value - a.value;
  if (a.value === b.value) {
    return "=";
  }
  if (!Number.isFinite(difference)) {
    return "";
  }
  if (direction > 0 || a.value <= 0) {
    return signed(difference, Math.max(a.decimals, b.decimals));
  }
  const ratio = b.value / a.value;
  return ratio >= 10 ? `×${ratio.toFixed(0)}` : `${signed(100 * (ratio - 1), 1)} %`;
}

function leadingNumber(text) {
  const found = /^([-−+]?)(∞|\d[\d, \u202f]*)(\.\d+)?(.*)$/s.exec(text.trim());
  if (!found) {
    return null;
  }
  const [, sign, whole, fraction = "", rest] = found;
  const digits = whole.replace(/[, \u202f]/g, "") + fraction;
  const magnitude = whole === "∞" ? Infinity : Number(digits);
  const value = sign === "-" || sign === "−" ? -magnitude : magnitude;
  return { value, decimals: Math.max(fraction.length - 1, 0), unit: unitOf(rest) };
}

// "32.1 dB (target 32.0)" is a number of dB.
function unitOf(rest) {
  return rest.replace(/[(,;·].*$/s, "").trim();
}

export function signed(value, decimals = 0) {
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) === 0) {
    return text;
  }
  return (value < 0 ? "−" : "+") + text;
}

/** Percent of a zoom, with a decimal only where it says something. */
export function zoomText(zoom) {
  const percent = 100 * zoom;
  return `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** What a person sees, for a link: places are those of the whole image, to a thousandth. */
export function pinOf({ mode, view, isFitted, wipe, gain, kind, a, b }, layers, [left, top]) {
  const rounded = (value) => Math.round(1000 * value) / 1000;
  return {
    a: layers[a].name, b: layers[b].name, mode, zoom: isFitted ? 0 : rounded(view.zoom),
    x: rounded(view.x + left), y: rounded(view.y + top), wipe: rounded(wipe), gain, difference: kind,
  };
}

/** Which layer a choice means after the layers changed: the same name, else the same place. */
export function carriedIndex(name, index, layers, fallback) {
  if (layers[index]?.name === name) {
    return index;
  }
  const same = layers.findIndex((layer) => layer.name === name);
  if (same >= 0) {
    return same;
  }
  return index < layers.length ? index : fallback;
}

/** Header and PNG files of the blob: u32 header length, little-endian | JSON | files. */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let start = 4 + length;
  const files = header.layers.map((layer) => {
    const file = bytes.subarray(start, start + layer.bytes);
    start += layer.bytes;
    return file;
  });
  return { header, files };
}
