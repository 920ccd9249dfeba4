/**
 * Scores -> labels at the picture's size: `deeplab_cv/segmentation/labels.py`, bit for bit.
 *
 * In a cell of four neighbouring scores a class whose greatest is below another's smallest cannot win. In most cells
 * one class is left, which fills the cell; only where classes meet is anything interpolated.
 */

/** @import { Area, Axis, Cell, Facts, Scores, Size } from "./types" */

const fround = Math.fround;
const ROUNDING = 32 * 2 ** -23;
const SMALLEST = 2 ** -126;

/**
 * Where pixels along one axis lie among the scores: 0 is the first score's centre, 1 the next one's.
 * @param {number} pixels
 * @param {number} scores
 * @param {boolean} alignCorners
 * @param {number} start of the part of the scores that the picture fills, in shares of them
 * @param {number} extent of that part
 * @returns {Axis}
 */
export function axisOf(pixels, scores, alignCorners, start, extent) {
  const before = new Int32Array(pixels);
  const weight = new Float32Array(pixels);
  for (let index = 0; index < pixels; index++) {
    const position = alignCorners
      ? (start + (extent * index) / Math.max(pixels - 1, 1)) * (scores - 1)
      : (start + (extent * (index + 0.5)) / pixels) * scores - 0.5;
    before[index] = Math.floor(position);
    weight[index] = position - before[index];
  }
  return { before, weight, last: scores - 1 };
}

/**
 * The class of each pixel; of equal scores the lowest class number wins.
 * @param {Scores} scores
 * @param {Size} size of the picture
 * @param {Facts["output"]} facts
 * @param {Area} area the part of the input that the picture fills
 * @returns {Uint8Array}
 */
export function labelsAt(scores, size, facts, area) {
  const { data, classes, height, width } = scores;
  const rows = axisOf(size.height, height, facts.alignCorners, area.top, area.height);
  const columns = axisOf(size.width, width, facts.alignCorners, area.left, area.width);
  const labels = new Uint8Array(size.width * size.height);
  const { slack, possible } = bound(scores);
  const rowStarts = cellStarts(rows.before);
  const columnStarts = cellStarts(columns.before);
  const candidates = new Uint8Array(classes);
  const greatest = new Float32Array(classes);
  for (let row = 0; row + 1 < rowStarts.length; row++) {
    const [top, bottom] = corners(rows.before[rowStarts[row]], height, width);
    for (let column = 0; column + 1 < columnStarts.length; column++) {
      const [left, right] = corners(columns.before[columnStarts[column]], width, 1);
      let bar = -Infinity;
      for (const label of possible) {
        const plane = label * height * width;
        const a = data[plane + top + left];
        const b = data[plane + top + right];
        const c = data[plane + bottom + left];
        const d = data[plane + bottom + right];
        bar = Math.max(bar, Math.min(a, b, c, d));
        greatest[label] = Math.max(a, b, c, d);
      }
      bar = fround(bar - slack);
      let count = 0;
      for (const label of possible) if (greatest[label] >= bar) candidates[count++] = label;
      const [fromY, toY, fromX, toX] = [rowStarts[row], rowStarts[row + 1], columnStarts[column], columnStarts[column + 1]];
      if (count === 1) {
        for (let y = fromY; y < toY; y++) labels.fill(candidates[0], y * size.width + fromX, y * size.width + toX);
      } else {
        const cell = { fromX, toX, fromY, toY, top, bottom, left, right };
        fillCell(labels, size.width, scores, candidates.subarray(0, count), cell, rows, columns);
      }
    }
  }
  return labels;
}

/**
 * How far rounding may carry an interpolated score, and the classes that can win anywhere at all.
 * @param {Scores} scores
 */
function bound({ data, classes, height, width }) {
  const plane = height * width;
  /** @type {number[]} */
  const highs = [];
  let bar = -Infinity;
  let magnitude = 0;
  for (let label = 0; label < classes; label++) {
    let low = Infinity;
    let high = -Infinity;
    for (let at = label * plane; at < (label + 1) * plane; at++) {
      const value = data[at];
      if (value < low) low = value;
      if (value > high) high = value;
      if (value !== value) throw new Error("a score is no number");
    }
    highs.push(high);
    bar = Math.max(bar, low);
    magnitude = Math.max(magnitude, high, -low);
  }
  const slack = fround(magnitude * ROUNDING + SMALLEST);
  const least = fround(bar - slack);
  return { slack, possible: [...highs.keys()].filter((label) => highs[label] >= least) };
}

/** The first pixel of each cell, and the end of the last. */
function cellStarts(/** @type {Int32Array} */ before) {
  const starts = [];
  for (let index = 0; index < before.length; index++) {
    if (index === 0 || before[index] !== before[index - 1]) starts.push(index);
  }
  return [...starts, before.length];
}

/**
 * The offsets of a cell's two corners along an axis; beyond the outermost score it stays the outermost.
 * @param {number} before
 * @param {number} scores
 * @param {number} step
 */
function corners(before, scores, step) {
  const clip = (/** @type {number} */ index) => Math.min(Math.max(index, 0), scores - 1) * step;
  return [clip(before), clip(before + 1)];
}

/**
 * Interpolate the classes that can win, first down, then across, each step in 32 bits, and write the winners.
 * @type {(labels: Uint8Array, pitch: number, scores: Scores, candidates: Uint8Array, cell: Cell, rows: Axis,
 *   columns: Axis) => void}
 */
function fillCell(labels, pitch, scores, candidates, cell, rows, columns) {
  const { data } = scores;
  const { top, bottom, left, right } = cell;
  const plane = scores.height * scores.width;
  const onLeft = new Float32Array(candidates.length);
  const change = new Float32Array(candidates.length);
  for (let y = cell.fromY; y < cell.toY; y++) {
    const down = rows.weight[y];
    for (let rank = 0; rank < candidates.length; rank++) {
      const at = candidates[rank] * plane;
      const upperLeft = data[at + top + left];
      const upperRight = data[at + top + right];
      const atLeft = fround(upperLeft + fround(fround(data[at + bottom + left] - upperLeft) * down));
      const atRight = fround(upperRight + fround(fround(data[at + bottom + right] - upperRight) * down));
      onLeft[rank] = atLeft;
      change[rank] = fround(atRight - atLeft);
    }
    for (let x = cell.fromX; x < cell.toX; x++) {
      const across = columns.weight[x];
      let best = -Infinity;
      let winner = 0;
      for (let rank = 0; rank < candidates.length; rank++) {
        const value = fround(fround(change[rank] * across) + onLeft[rank]);
        if (value > best) {
          best = value;
          winner = candidates[rank];
        }
      }
      labels[y * pitch + x] = winner;
    }
  }
}

/**
 * A plane of scores at the picture's size, from its pitch and both axes.
 * @type {(plane: Float32Array, pitch: number, rows: Axis, columns: Axis) => Float32Array}
 */
export function enlarged(plane, pitch, rows, columns) {
  const large = new Float32Array(rows.before.length * columns.before.length);
  const clip = (/** @type {number} */ index, /** @type {number} */ last) => Math.min(Math.max(index, 0), last);
  let pixel = 0;
  for (let y = 0; y < rows.before.length; y++) {
    const above = clip(rows.before[y], rows.last) * pitch;
    const below = clip(rows.before[y] + 1, rows.last) * pitch;
    for (let x = 0; x < columns.before.length; x++, pixel++) {
      const left = clip(columns.before[x], columns.last);
      const right = clip(columns.before[x] + 1, columns.last);
      const upper = plane[above + left] + (plane[above + right] - plane[above + left]) * columns.weight[x];
      const lower = plane[below + left] + (plane[below + right] - plane[below + left]) * columns.weight[x];
      large[pixel] = upper + (lower - upper) * rows.weight[y];
    }
  }
  return large;
}
