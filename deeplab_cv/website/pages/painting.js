/** Labels -> picture, in each style; `deeplab_cv/overlay/` does the same. */

/** @import { Area, Facts, Look, Painter, Scores, Size } from "./types" */

import { axisOf, enlarged } from "./labels.js";

const SQUARE = 16;
const LIGHT = 204;
const DARK = 153;
const LINES_PER_HEIGHT = 240;

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

/**
 * A transparent picture over a checkerboard, in place.
 * @param {Uint8ClampedArray} rgba
 * @param {Size} size
 */
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

/**
 * A picture with an opacity for each pixel, in place.
 * @param {Uint8ClampedArray} rgba
 * @param {Uint8Array} opacity
 */
export function cutOut(rgba, opacity) {
  for (let pixel = 0; pixel < opacity.length; pixel++) rgba[4 * pixel + 3] = opacity[pixel];
}

/**
 * @param {Uint8ClampedArray} rgba
 * @param {Uint8Array} opacity
 * @param {Uint8ClampedArray | number[]} behind a picture of the same size, or one colour
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
 * @param {Uint8ClampedArray} rgba
 * @param {Size} size
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
 * 255 inside the painted classes, 0 outside, soft where their scores lead or trail by little; 128 and more just where
 * the label is one of them.
 * @param {Scores} scores
 * @param {Uint8Array} labels
 * @param {Size} size
 * @param {Look} look
 * @param {Facts["output"]} facts
 * @param {Area} area
 */
export function opacityOf(scores, labels, size, look, facts, area) {
  const { data, classes, height, width } = scores;
  const wanted = Array.from({ length: classes }, (_, label) => label in look.colours);
  const lead = new Float32Array(height * width).map((_, at) => {
    const best = [-1e6, -1e6];
    wanted.forEach((inside, label) => {
      best[+inside] = Math.max(best[+inside], data[label * height * width + at]);
    });
    return best[1] - best[0];
  });
  const rows = axisOf(size.height, height, facts.alignCorners, area.top, area.height);
  const columns = axisOf(size.width, width, facts.alignCorners, area.left, area.width);
  const large = enlarged(lead, width, rows, columns);
  const opacity = new Uint8Array(labels.length);
  for (let pixel = 0; pixel < opacity.length; pixel++) {
    const soft = Math.round(Math.min(Math.max(0.5 + large[pixel] / 2, 0), 1) * 255);
    opacity[pixel] = wanted[labels[pixel]] ? Math.max(soft, 128) : Math.min(soft, 127);
  }
  return opacity;
}

/** @param {Look["colours"]} colours */
function tableOf(colours) {
  return Array.from({ length: 256 }, (_, label) => colours[label]);
}
