/** Picture -> tensor: what `deeplab_cv/segmentation/preprocess.py` does. */

/** @import { Facts, Size } from "./types" */

/** OpenCV interpolates bytes in whole numbers, with weights of 11 bits; here alike, so that labels are the program's. */
const ONE = 2048;

/**
 * Where a picture lies in the input, in whole pixels: everywhere when stretched, in the middle when letterboxed.
 * @param {Size} size of the picture
 * @param {Size} input
 * @param {Facts["input"]} facts
 * @returns {{left: number, top: number, width: number, height: number}}
 */
export function boxOf(size, input, facts) {
  if (facts.fit === "stretch") return { left: 0, top: 0, ...input };
  const factor = Math.min(input.width / size.width, input.height / size.height);
  const width = Math.min(input.width, Math.max(1, Math.round(size.width * factor)));
  const height = Math.min(input.height, Math.max(1, Math.round(size.height * factor)));
  return { left: (input.width - width) >> 1, top: (input.height - height) >> 1, width, height };
}

/**
 * The network's input for a picture, float32 (3, height, width): bilinear, half-pixel, in bytes.
 * @param {Uint8ClampedArray} rgba the picture, (H, W, 4)
 * @param {Size} size of the picture
 * @param {Size} input
 * @param {Facts["input"]} facts
 * @returns {Float32Array}
 */
export function blobOf(rgba, size, input, facts) {
  const box = boxOf(size, input, facts);
  const plane = input.width * input.height;
  const blob = new Float32Array(3 * plane);
  const channels = facts.order === "rgb" ? [0, 1, 2] : [2, 1, 0];
  const padding = facts.mean ?? facts.padding;
  const scale = (facts.std ?? [1, 1, 1]).map((value) => 1 / value);
  const mean = facts.mean ?? [0, 0, 0];
  if (box.width !== input.width || box.height !== input.height) {
    for (let place = 0; place < 3; place++) {
      blob.fill((Math.round(padding[place]) - mean[place]) * scale[place], place * plane, (place + 1) * plane);
    }
  }
  const columns = axis(size.width, box.width);
  const rows = axis(size.height, box.height);
  for (let y = 0; y < box.height; y++) {
    const above = rows.first[y] * size.width;
    const below = rows.second[y] * size.width;
    const down = rows.weight[y];
    let at = (box.top + y) * input.width + box.left;
    for (let x = 0; x < box.width; x++, at++) {
      const left = columns.first[x];
      const right = columns.second[x];
      const across = columns.weight[x];
      const corners = [4 * (above + left), 4 * (above + right), 4 * (below + left), 4 * (below + right)];
      for (let place = 0; place < 3; place++) {
        const channel = channels[place];
        const upper = rgba[corners[0] + channel] * (ONE - across) + rgba[corners[1] + channel] * across;
        const lower = rgba[corners[2] + channel] * (ONE - across) + rgba[corners[3] + channel] * across;
        const value = ((((ONE - down) * (upper >> 4)) >> 16) + ((down * (lower >> 4)) >> 16) + 2) >> 2;
        blob[place * plane + at] = (value - mean[place]) * scale[place];
      }
    }
  }
  return blob;
}

/** The two pixels that each new pixel lies between, and how far from the first to the second. */
function axis(/** @type {number} */ pixels, /** @type {number} */ wanted) {
  const first = new Int32Array(wanted);
  const second = new Int32Array(wanted);
  const weight = new Int32Array(wanted);
  for (let index = 0; index < wanted; index++) {
    const position = ((index + 0.5) * pixels) / wanted - 0.5;
    const before = Math.floor(position);
    first[index] = Math.max(0, before);
    second[index] = Math.min(pixels - 1, before + 1);
    weight[index] = Math.round((position - before) * ONE);
  }
  return { first, second, weight };
}
