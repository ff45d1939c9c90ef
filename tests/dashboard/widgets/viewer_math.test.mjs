// Claims about the comparison viewer's mathematics; run by test_viewer_math.py.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as keys from "../../../dashboard/widgets/viewer_assets/viewer_keys.js";
import * as math from "../../../dashboard/widgets/viewer_assets/viewer_math.js";
import * as snapshot from "../../../dashboard/widgets/viewer_assets/viewer_snapshot.js";

const SMALL = { width: 160, height: 160 };
const LARGE = { width: 1000, height: 700 };
const PANE = { width: 881, height: 640 };

/** Generator of numbers in 0..1 that are the same at every run. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function near(actual, expected, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

/** Where a point of the image lies in the pane, without rounding. */
function screen(point, view) {
  return {
    x: PANE.width / 2 + (point.x - view.x) * view.zoom,
    y: PANE.height / 2 + (point.y - view.y) * view.zoom,
  };
}

test("fit is a whole number above 1 and exact below", () => {
  assert.equal(math.fitZoom(SMALL, PANE), 4);
  near(math.fitZoom(LARGE, PANE), 0.881);
  assert.equal(math.fitZoom({ width: 1, height: 1 }, PANE), math.MAX_ZOOM);
});

test("the whole image is seen at fit, whatever the sizes", () => {
  const random = numbers(1);
  for (let i = 0; i < 500; i += 1) {
    const image = { width: 1 + Math.floor(4000 * random()), height: 1 + Math.floor(4000 * random()) };
    const pane = { width: 50 + Math.floor(2000 * random()), height: 50 + Math.floor(2000 * random()) };
    const view = math.fitView(image, pane);
    assert.ok(math.isWhole(view.zoom, image, pane));
    const place = math.placement(view, image, pane);
    assert.ok(place.left >= -1 && place.top >= -1);
    assert.ok(place.left + place.width <= pane.width + 1);
  }
});

test("the point under the pointer stays under it while zooming inside a large image", () => {
  const view = { zoom: 2, x: 500, y: 350 };
  for (const point of [{ x: 1, y: 1 }, { x: 440, y: 320 }, { x: 700, y: 600 }]) {
    const before = { x: view.x + (point.x - 440.5) / 2, y: view.y + (point.y - 320) / 2 };
    const after = math.zoomAt(view, 7.3, point, LARGE, PANE);
    const found = screen(before, after);
    near(found.x, point.x, 1e-6);
    near(found.y, point.y, 1e-6);
  }
});

test("zooming in and out again at one point comes back", () => {
  const point = { x: 300, y: 200 };
  const view = { zoom: 3, x: 480, y: 300 };
  const back = math.zoomAt(math.zoomAt(view, 11, point, LARGE, PANE), 3, point, LARGE, PANE);
  near(back.x, view.x, 1e-9);
  near(back.y, view.y, 1e-9);
});

test("an image that fits is centred, and no view leaves the image", () => {
  assert.deepEqual(math.clampView({ zoom: 2, x: 9, y: 999 }, SMALL, PANE), { zoom: 2, x: 80, y: 80 });
  assert.deepEqual(math.clampView({ zoom: 20, x: -9, y: 999 }, SMALL, PANE), { zoom: 20, x: 0, y: 160 });
});

test("zoom stays between the smaller of fit and 1 and the largest zoom", () => {
  assert.equal(math.clampView({ zoom: 0.01, x: 0, y: 0 }, SMALL, PANE).zoom, 1);
  near(math.clampView({ zoom: 0.01, x: 0, y: 0 }, LARGE, PANE).zoom, 0.881);
  assert.equal(math.clampView({ zoom: 1e9, x: 0, y: 0 }, LARGE, PANE).zoom, math.MAX_ZOOM);
});

test("steps above 1 are whole numbers and each step up is undone by one down", () => {
  let zoom = 1;
  while (zoom < math.MAX_ZOOM) {
    const next = math.stepZoom(zoom, 1);
    assert.ok(Number.isInteger(next) && next > zoom);
    assert.equal(math.stepZoom(next, -1), zoom);
    zoom = next;
  }
  assert.equal(math.stepZoom(3.7, -1), 3);
  assert.equal(math.stepZoom(0.881, 1), 1);
});

test("turning the wheel one way and back comes back, and a jump is bounded", () => {
  const how = { isLines: false, isPinch: false };
  near(math.wheelZoom(math.wheelZoom(5, 100, how), -100, how), 5, 1e-12);
  assert.ok(math.wheelZoom(1, -1e6, how) < 1.5);
});

test("an image's corner lies on a whole screen pixel", () => {
  const random = numbers(2);
  for (let i = 0; i < 300; i += 1) {
    const view = { zoom: 1 + 20 * random(), x: 160 * random(), y: 160 * random() };
    const { left, top } = math.placement(view, SMALL, PANE);
    assert.ok(Number.isInteger(left) && Number.isInteger(top));
  }
});

test("the pixel below a point is the one that is drawn there", () => {
  const view = { zoom: 5, x: 33.3, y: 71.9 };
  const { left, top } = math.placement(view, SMALL, PANE);
  for (const [x, y] of [[0, 0], [17, 93], [159, 159]]) {
    for (const inside of [0, 4.99]) {
      const point = { x: left + 5 * x + inside, y: top + 5 * y + inside };
      assert.deepEqual(math.pixelAt(point, view, SMALL, PANE), { x, y });
    }
  }
  assert.equal(math.pixelAt({ x: left - 0.5, y: top }, view, SMALL, PANE), null);
  assert.equal(math.pixelAt({ x: left, y: top + 800 }, view, SMALL, PANE), null);
});

test("the wipe runs over what is seen of the image and its line follows the pointer", () => {
  const fitted = math.fitView(SMALL, PANE);
  const { left } = math.placement(fitted, SMALL, PANE);
  assert.equal(math.wipeColumn(0, fitted, SMALL, PANE), left);
  assert.equal(math.wipeColumn(1, fitted, SMALL, PANE), left + 640);
  const near20 = { zoom: 20, x: 80, y: 80 };
  assert.equal(math.wipeColumn(1, near20, SMALL, PANE), PANE.width);
  for (const column of [200, 333, 640]) {
    assert.equal(math.wipeColumn(math.wipeAt(column, near20, SMALL, PANE), near20, SMALL, PANE), column);
  }
  assert.equal(math.wipeAt(-50, near20, SMALL, PANE), 0);
});

test("dragging moves the image with the pointer", () => {
  const view = { zoom: 4, x: 500, y: 350 };
  const moved = math.panBy(view, 40, -20, LARGE, PANE);
  assert.deepEqual(moved, { zoom: 4, x: 490, y: 355 });
});

test("two fingers carry the points below them", () => {
  const view = { zoom: 2, x: 500, y: 350 };
  const from = [{ x: 300, y: 300 }, { x: 400, y: 300 }];
  const to = [{ x: 250, y: 320 }, { x: 450, y: 320 }];
  const after = math.pinch(view, from, to, LARGE, PANE);
  near(after.zoom, 4);
  for (const [index, finger] of to.entries()) {
    const point = { x: view.x + (from[index].x - 440.5) / 2, y: view.y + (from[index].y - 320) / 2 };
    const found = screen(point, after);
    near(found.x, finger.x, 1e-6);
    near(found.y, finger.y, 1e-6);
  }
});

test("another image of the same size keeps the view, another size keeps place and zoom", () => {
  const view = { zoom: 9, x: 30, y: 130 };
  assert.deepEqual(math.adaptView(view, SMALL, SMALL, PANE), view);
  const larger = { width: 320, height: 320 };
  assert.deepEqual(math.adaptView(view, SMALL, larger, PANE), { zoom: 9, x: 60, y: 260 });
});

test("differences follow their formula for every pair of values", () => {
  const a = new Uint8ClampedArray(4 * 65536);
  const b = new Uint8ClampedArray(4 * 65536);
  for (let i = 0; i < 65536; i += 1) {
    a.fill(i >> 8, 4 * i, 4 * i + 4);
    b.fill(i & 255, 4 * i, 4 * i + 4);
  }
  const target = new Uint8ClampedArray(a.length);
  const clip = (value) => Math.min(Math.max(Math.round(value), 0), 255);
  for (const gain of [1, 7, 32]) {
    const expected = {
      absolute: (d) => clip(gain * Math.abs(d)),
      signed: (d) => clip(128 + gain * d),
      luma: (d) => clip(gain * Math.abs(d) * 1.0),
    };
    for (const [kind, formula] of Object.entries(expected)) {
      math.writeDifference(a, b, target, kind, gain);
      for (let i = 0; i < 65536; i += 1) {
        const wanted = formula((i & 255) - (i >> 8));
        assert.ok(Math.abs(target[4 * i + 1] - wanted) <= (kind === "luma" ? 1 : 0));
        assert.equal(target[4 * i + 3], 255);
      }
    }
  }
});

test("equal images have a black absolute and a grey signed difference", () => {
  const a = new Uint8ClampedArray([1, 2, 3, 255, 200, 100, 0, 255]);
  const target = new Uint8ClampedArray(8);
  math.writeDifference(a, a, target, "absolute", 32);
  assert.deepEqual([...target], [0, 0, 0, 255, 0, 0, 0, 255]);
  math.writeDifference(a, a, target, "signed", 32);
  assert.deepEqual([...target], [128, 128, 128, 255, 128, 128, 128, 255]);
});

test("luma weighs the channels as the project's SSIM does", () => {
  const black = new Uint8ClampedArray([0, 0, 0, 255]);
  const target = new Uint8ClampedArray(4);
  const seen = [[255, 0, 0], [0, 255, 0], [0, 0, 255]].map((rgb) => {
    math.writeDifference(black, new Uint8ClampedArray([...rgb, 255]), target, "luma", 1);
    return target[0];
  });
  assert.deepEqual(seen, [54, 182, 18]);
});

test("the probe reads the pixel in its row and column", () => {
  const a = new Uint8ClampedArray(4 * 6).map((_, i) => i);
  const b = a.map((value) => 200 - value);
  const found = math.probe(a, b, 3, { x: 1, y: 1 });
  assert.deepEqual(found, { a: [16, 17, 18], b: [184, 183, 182], difference: [168, 166, 164] });
});

test("figures of one unit are compared in the direction that is better", () => {
  const compare = math.compareReadouts;
  assert.deepEqual(compare("31.20 dB", "33.5 dB", 1), { text: "+2.30", better: "b" });
  assert.deepEqual(compare("1,200", "600", -1), { text: "−50.0 %", better: "b" });
  assert.deepEqual(compare("600 B", "1,200 B (target 1,100)", -1), { text: "+100.0 %", better: "a" });
  assert.deepEqual(compare("10 ms", "250 ms", -1), { text: "×25", better: "a" });
  assert.deepEqual(compare("0.9", "0.9", 1), { text: "=", better: null });
  assert.deepEqual(compare("-3.1", "−4.1", 1), { text: "−1.0", better: "a" });
});

test("an exact image is better than every other, by no number", () => {
  const compare = math.compareReadouts;
  assert.deepEqual(compare("35.14", "∞ (exact)", 1), { text: "", better: "b" });
  assert.deepEqual(compare("∞ (exact)", "35.14", 1), { text: "", better: "a" });
  assert.deepEqual(compare("∞ (exact)", "∞ (exact)", 1), { text: "=", better: null });
});

test("figures that cannot be compared are not", () => {
  const nothing = { text: "", better: null };
  assert.deepEqual(math.compareReadouts("", "33.5 dB", 1), nothing);
  assert.deepEqual(math.compareReadouts("lossless", "33.5 dB", 1), nothing);
  assert.deepEqual(math.compareReadouts("2 ms", "3 s", -1), nothing);
  assert.deepEqual(math.compareReadouts("2", "3", 0), nothing);
});

test("a layer keeps its role by name, then by place, then by default", () => {
  const layers = [{ name: "Original" }, { name: "WebP" }, { name: "JPEG" }];
  assert.equal(math.carriedIndex("JPEG", 1, layers, 0), 2);
  assert.equal(math.carriedIndex("AVIF", 1, layers, 0), 1);
  assert.equal(math.carriedIndex("AVIF", 5, layers, 2), 2);
  const twins = [{ name: "Original" }, { name: "photo.jpg" }, { name: "photo.jpg" }];
  assert.equal(math.carriedIndex("photo.jpg", 2, twins, 0), 2);
});

const PAIR = [
  { name: "Original", color: "#777777", readout: {} },
  { name: "JPEG 50", color: "#2255cc", readout: { Bytes: "900" } },
];

test("a snapshot says which image is A, and that a difference is one", () => {
  const state = { mode: "wipe", a: 0, b: 1, kind: "signed", gain: 8, isHolding: false };
  const names = (changes) =>
    snapshot.snapshotCaptions({ ...state, ...changes }, PAIR).map(({ name }) => name);
  assert.deepEqual(names({}), ["A: Original", "B: JPEG 50"]);
  assert.deepEqual(names({ mode: "difference" }), [
    "Difference: 128 + 8 × (B − A)", "A: Original", "B: JPEG 50",
  ]);
  assert.deepEqual(names({ mode: "difference", isHolding: true }), ["Original"]);
  assert.deepEqual(names({ mode: "flicker", isSecondShown: true }), ["JPEG 50"]);
});

test("a snapshot's file is named after the mode and what it shows", () => {
  const state = { mode: "difference", a: 0, b: 1, isHolding: false };
  assert.equal(snapshot.snapshotName(state, PAIR), "bottleneck-difference-original-jpeg-50.png");
  const held = { ...state, isHolding: true };
  assert.equal(snapshot.snapshotName(held, PAIR), "bottleneck-original.png");
});

test("the blob is read from any place in a larger buffer", () => {
  const header = new TextEncoder().encode(JSON.stringify({ layers: [{ bytes: 2, name: "ä" }, { bytes: 1 }] }));
  const whole = new Uint8Array(3 + 4 + header.length + 3);
  new DataView(whole.buffer).setUint32(3, header.length, true);
  whole.set(header, 7);
  whole.set([9, 8, 7], 7 + header.length);
  const { header: read, files } = math.unpack(whole.subarray(3));
  assert.equal(read.layers[0].name, "ä");
  assert.deepEqual(files.map((file) => [...file]), [[9, 8], [7]]);
});

test("keys choose B, with shift A, whatever sign the layout puts on the digit", () => {
  assert.deepEqual(keys.keyAction({ key: "3", code: "Digit3" }), { name: "chooseB", value: 2 });
  assert.deepEqual(keys.keyAction({ key: "#", code: "Digit3", shiftKey: true }), { name: "chooseA", value: 2 });
  assert.deepEqual(keys.keyAction({ key: "0", code: "Digit0" }), { name: "fit" });
});

test("arrows move the wipe by 2 %, with shift the image", () => {
  assert.deepEqual(keys.keyAction({ key: "ArrowLeft" }), { name: "wipe", value: -0.02 });
  assert.deepEqual(keys.keyAction({ key: "ArrowUp", shiftKey: true }), { name: "pan", value: [0, -1] });
  assert.equal(keys.keyAction({ key: "ArrowUp" }), null);
});

test("shortcuts of the browser stay the browser's", () => {
  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) {
    assert.equal(keys.keyAction({ key: "f", code: "KeyF", [modifier]: true }), null);
  }
  assert.equal(keys.keyAction({ key: "Tab" }), null);
  assert.equal(keys.keyAction({ key: "r" }), null);
});

test("a control with the focus keeps the keys that it needs", () => {
  assert.ok(keys.isKeyOfControl("range", "ArrowLeft"));
  assert.ok(!keys.isKeyOfControl("range", "w"));
  assert.ok(keys.isKeyOfControl("button", " "));
  assert.ok(!keys.isKeyOfControl("button", "f"));
  assert.ok(keys.isKeyOfControl("select", "f"));
  assert.ok(!keys.isKeyOfControl("div", " "));
});
