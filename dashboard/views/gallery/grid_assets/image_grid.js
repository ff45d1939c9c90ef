// Streamlit component: tiles of small images, each a button that sends its id to Python.

function make(tag, properties = {}, children = []) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** Tiles of the blob (u32 header length, little-endian | JSON | PNG files), each with its files. */
export function unpackTiles(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const tiles = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let start = 4 + length;
  for (const image of tiles.flatMap((tile) => tile.images)) {
    image.file = bytes.subarray(start, start + image.bytes);
    start += image.bytes;
  }
  return tiles;
}

function figure(image, isAlone, addresses) {
  const src = URL.createObjectURL(new Blob([image.file], { type: "image/png" }));
  addresses.push(src);
  const { width, height, name } = image;
  const mark = make("span", { className: "mark", textContent: isAlone ? "" : name });
  const node = make("span", { className: "image" }, [
    make("img", { src, width, height, alt: name, draggable: false }),
    mark,
  ]);
  node.style.setProperty("--layer", image.color);
  node.style.width = `${width}px`;
  return node;
}

function tileNode(tile, onPick, addresses) {
  const isAlone = tile.images.length === 1;
  const images = tile.images.map((image) => figure(image, isAlone, addresses));
  const lines = tile.figures.map((text) => make("span", { className: "line", textContent: text }));
  const node = make("button", { type: "button", className: "tile", title: "Open in the viewer" }, [
    make("span", { className: "images" }, images),
    make("span", { className: "title", textContent: tile.title }),
    ...lines,
  ]);
  node.dataset.id = tile.id;
  node.addEventListener("click", () => onPick(tile.id));
  return node;
}

class ImageGrid {
  constructor(parent) {
    this.node = make("div", { className: "grid" });
    this.addresses = [];
    parent.append(this.node);
  }

  update(data) {
    this.release();
    const onPick = (id) => this.api.setTriggerValue("pick", id);
    const tiles = unpackTiles(data).map((tile) => tileNode(tile, onPick, this.addresses));
    this.node.replaceChildren(...tiles);
  }

  release() {
    this.addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));
  }

  destroy() {
    this.release();
    this.node.remove();
  }
}

/** Called by Streamlit at every change of data or theme, on the same element. */
export default function mount(api) {
  const host = api.parentElement;
  host.imageGrid ??= new ImageGrid(host);
  const grid = host.imageGrid;
  grid.api = api;
  const turn = (grid.turn = (grid.turn ?? 0) + 1);
  if (grid.data !== api.data) {
    grid.data = api.data;
    grid.update(api.data);
  }
  return () => {
    // A call that was overtaken by a later one is cleaned up too: only the last may end it all.
    if (turn === grid.turn) {
      grid.destroy();
      delete host.imageGrid;
    }
  };
}
