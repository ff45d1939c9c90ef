// What each key does: from a key press to an action, without the DOM.

export const HELP = [
  ["W S F D", "wipe, side by side, flicker, difference"],
  ["1 – 9", "choose B"],
  ["Shift + 1 – 9", "choose A"],
  ["X", "swap A and B"],
  ["O", "hold to see the original"],
  ["Space", "swap in flicker"],
  ["← →", "move the wipe by 2 %"],
  ["Shift + arrows", "move the image"],
  ["+ −", "zoom by a step"],
  ["0", "fit"],
  ["P", "pin this view"],
  ["G", "save a snapshot as PNG"],
  ["V", "full screen, and back"],
  ["?", "show or hide this list"],
];

const LETTERS = {
  w: { name: "mode", value: "wipe" },
  s: { name: "mode", value: "side" },
  f: { name: "mode", value: "flicker" },
  d: { name: "mode", value: "difference" },
  x: { name: "swap" },
  o: { name: "hold" },
  p: { name: "pin" },
  g: { name: "snapshot" },
  v: { name: "fullScreen" },
  0: { name: "fit" },
  "+": { name: "zoom", value: 1 },
  "=": { name: "zoom", value: 1 },
  "-": { name: "zoom", value: -1 },
  "?": { name: "help" },
  " ": { name: "flip" },
};
const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Action of a key press {key, code, shiftKey, ctrlKey, metaKey, altKey}, or null. */
export function keyAction(press) {
  if (press.ctrlKey || press.metaKey || press.altKey) {
    return null;
  }
  // With shift the key is a sign that depends on the layout; the code is the digit itself.
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(press.code ?? "");
  if (digit) {
    return { name: press.shiftKey ? "chooseA" : "chooseB", value: Number(digit[1]) - 1 };
  }
  if (press.key in ARROWS) {
    return arrowAction(ARROWS[press.key], press.shiftKey);
  }
  return LETTERS[press.key.toLowerCase()] ?? null;
}

function arrowAction([x, y], isShifted) {
  if (isShifted) {
    return { name: "pan", value: [x, y] };
  }
  return y === 0 ? { name: "wipe", value: 0.02 * x } : null;
}

/** Whether a control that has the focus needs this key for itself. */
export function isKeyOfControl(control, key) {
  if (control === "select") {
    return true;
  }
  if (control === "range") {
    return /^(Arrow|Home|End|Page)/.test(key);
  }
  return control === "button" && (key === " " || key === "Enter");
}
