/** Labels -> picture, in each style; `deeplab_cv/overlay/` does the same. */

/** @import { Area, Facts, Look, Painter, Scores, Size } from "./types" */

import { axisOf, enlarged } from "./labels.js";

const SQUARE = 16;
const LIGHT = 204;
const DARK = 153;
const LINES_PER_HEIGHT = 240;
/** Of an edge, in pixels of a picture of 480 lines: the narrowest and the widest. */
const HALF_WIDTHS = [1, 3];

/**
 * Paint over a picture, in place; style cutout makes the rest transparent.
 * @param {Uint8ClampedArray} rgba
 * @param {Uint8Array} labels
 * @param {Size} size
 * @param {Look} look
 * @param {() => Uint8Array} opacity of the painted classes, asked for by the styles that change the rest
 */
export function paint(rgba, labels, size, look, opacity) {
  if (look.style === "blend") blend(rgba, labels, size, look);
  else if (look.style === "mask") mask(rgba, labels, size, look);
  else if (look.style === "outline") outline(rgba, labels, size, look);
  else if (look.style === "cutout") cutOut(rgba, opacity());
  else putBefore(rgba, opacity(), look.style === "blur" ? blurred(rgba, size) : look.background);
}

/** @type {(rgba: Uint8ClampedArray, size: Size) => void} A transparent picture over a checkerboard, in place. */
export function overCheckerboard(rgba, { width }) {
  for (let at = 0; at < rgba.length; at += 4) {
    const opacity = rgba[at + 3] / 255;
    if (opacity === 1) continue;
    const pixel = at / 4;
    const square = Math.floor((pixel % width) / SQUARE) + Math.floor(pixel / width / SQUARE);
    const ground = square % 2 ? DARK : LIGHT;
    for (let channel = 0; channel < 3; channel++) {
      rgba[at + channel] = rgba[at + channel] * opacity + ground * (1 - opacity);
    }
    rgba[at + 3] = 255;
  }
}

/** @type {Painter} */
function blend(rgba, labels, _size, { colours, alpha }) {
  const table = tableOf(colours);
  for (let pixel = 0, at = 0; pixel < labels.length; pixel++, at += 4) {
    const colour = table[labels[pixel]];
    if (!colour) continue;
    rgba[at] += (colour[0] - rgba[at]) * alpha;
    rgba[at + 1] += (colour[1] - rgba[at + 1]) * alpha;
    rgba[at + 2] += (colour[2] - rgba[at + 2]) * alpha;
  }
}

/** @type {Painter} */
function mask(rgba, labels, _size, { colours }) {
  const table = tableOf(colours);
  for (let pixel = 0, at = 0; pixel < labels.length; pixel++, at += 4) {
    const [red, green, blue] = table[labels[pixel]] ?? [0, 0, 0];
    rgba[at] = red;
    rgba[at + 1] = green;
    rgba[at + 2] = blue;
  }
}

/** @type {Painter} */
function outline(rgba, labels, { width, height }, { colours }) {
  const table = tableOf(colours);
  const reach = Math.max(1, Math.round(height / LINES_PER_HEIGHT));
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const colour = table[labels[pixel]];
    if (!colour) continue;
    const x = pixel % width;
    const inside =
      (x < reach || labels[pixel - reach] === labels[pixel]) &&
      (x + reach >= width || labels[pixel + reach] === labels[pixel]) &&
      (pixel < reach * width || labels[pixel - reach * width] === labels[pixel]) &&
      (pixel + reach * width >= labels.length || labels[pixel + reach * width] === labels[pixel]);
    if (!inside) rgba.set(colour, 4 * pixel);
  }
}

/** @type {(rgba: Uint8ClampedArray, opacity: Uint8Array) => void} A picture with an opacity for each pixel, in place. */
export function cutOut(rgba, opacity) {
  for (let pixel = 0; pixel < opacity.length; pixel++) rgba[4 * pixel + 3] = opacity[pixel];
}

/**
 * Put a picture before another of the same size, or before one colour, in place.
 * @type {(rgba: Uint8ClampedArray, opacity: Uint8Array, behind: Uint8ClampedArray | number[]) => void}
 */
function putBefore(rgba, opacity, behind) {
  const step = behind.length > 3 ? 4 : 0;
  for (let pixel = 0, at = 0; pixel < opacity.length; pixel++, at += 4) {
    const share = 1 - opacity[pixel] / 255;
    if (share === 0) continue;
    for (let channel = 0; channel < 3; channel++) {
      rgba[at + channel] += (behind[step * pixel + channel] - rgba[at + channel]) * share;
    }
  }
}

/**
 * The picture out of focus: the means of squares, with soft transitions.
 * @type {(rgba: Uint8ClampedArray, size: Size) => Uint8ClampedArray}
 */
function blurred(rgba, { width, height }) {
  const cell = Math.max(2, Math.round(height / 24));
  const pitch = Math.ceil(width / cell);
  const lines = Math.ceil(height / cell);
  const rows = axisOf(height, lines, false, 0, 1);
  const columns = axisOf(width, pitch, false, 0, 1);
  const soft = new Uint8ClampedArray(rgba.length);
  const counts = new Float32Array(lines * pitch);
  const means = [0, 1, 2].map(() => new Float32Array(lines * pitch));
  for (let pixel = 0; pixel < width * height; pixel++) {
    const square = Math.floor(pixel / width / cell) * pitch + Math.floor((pixel % width) / cell);
    counts[square]++;
    means.forEach((mean, channel) => (mean[square] += rgba[4 * pixel + channel]));
  }
  means.forEach((mean, channel) => {
    const large = enlarged(mean.map((sum, square) => sum / counts[square]), pitch, rows, columns);
    large.forEach((value, pixel) => (soft[4 * pixel + channel] = value));
  });
  return soft;
}

/**
 * 255 inside the painted classes, 0 outside, soft along their edges as in `deeplab_cv/segmentation/opacity.py`: the
 * softer the more slowly the scores change across one. 128 and more just where the label is one of the classes.
 * @type {(scores: Scores, labels: Uint8Array, size: Size, look: Look, facts: Facts["output"], area: Area) => Uint8Array}
 */
export function opacityOf(scores, labels, size, look, facts, area) {
  const { data, classes, height, width } = scores;
  const wanted = Array.from({ length: classes }, (_, label) => label in look.colours);
  const lead = new Float32Array(height * width).map((_, at) => {
    const best = [-1e6, -1e6];
    wanted.forEach((inside, label) => (best[+inside] = Math.max(best[+inside], data[label * height * width + at])));
    return best[1] - best[0];
  });
  const slope = lead.map((_, at) => {
    const [left, right] = [at - Number(at % width > 0), at + Number((at + 1) % width > 0)];
    const [above, below] = [at < width ? at : at - width, at + width < lead.length ? at + width : at];
    const across = ((lead[right] - lead[left]) / (right - left || 1)) * ((width * area.width) / size.width);
    const down = ((lead[below] - lead[above]) / ((below - above) / width || 1)) * ((height * area.height) / size.height);
    return Math.hypot(across, down);
  });
  const rows = axisOf(size.height, height, facts.alignCorners, area.top, area.height);
  const columns = axisOf(size.width, width, facts.alignCorners, area.left, area.width);
  const [leads, slopes] = [lead, slope].map((plane) => enlarged(plane, width, rows, columns));
  const [narrowest, widest] = HALF_WIDTHS.map((pixels) => Math.max(0.5, (pixels * size.height) / 480));
  const sure = Math.max(1, narrowest * slope.reduce((most, each) => Math.max(most, each)));
  return labels.map((label, pixel) => {
    const hard = wanted[label] ? 255 : 0;
    if ((hard ? leads[pixel] : -leads[pixel]) >= sure) return hard;
    const change = Math.max(slopes[pixel], 1e-9);
    const halfWidth = Math.min(Math.max(1 / change, narrowest), widest);
    const soft = Math.round(Math.min(Math.max(0.5 + leads[pixel] / change / (2 * halfWidth), 0), 1) * 255);
    // What the network is unsure of inside an object does not become transparent.
    if (soft === hard || !isByEdge(labels, wanted, size, pixel, Math.ceil(widest))) return hard;
    return hard ? Math.max(soft, 128) : Math.min(soft, 127);
  });
}

/** @type {(labels: Uint8Array, wanted: boolean[], size: Size, pixel: number, reach: number) => boolean} */
function isByEdge(labels, wanted, { width, height }, pixel, reach) {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  for (let row = Math.max(y - reach, 0); row <= Math.min(y + reach, height - 1); row++) {
    for (let at = row * width + Math.max(x - reach, 0); at <= row * width + Math.min(x + reach, width - 1); at++) {
      if (wanted[labels[at]] !== wanted[labels[pixel]]) return true;
    }
  }
  return false;
}

const tableOf = (/** @type {Look["colours"]} */ colours) => Array.from({ length: 256 }, (_, label) => colours[label]);
