/**
 * A thread of its own: picture -> tensor -> scores -> labels -> painted picture, on one provider.
 *
 * It serves nothing before the golden sample has come out right on that provider.
 */

/** @import { Choice, Facts, Input, Look, Painted, Proof, Scores, Size } from "./types" */

import { blobOf, boxOf } from "./blob.js";
import { PATIENCE_MS } from "./engine.js";
import { labelsAt } from "./labels.js";
import { cutOut, opacityOf, overCheckerboard, paint } from "./painting.js";

/** @type {Facts} */
let facts;
/** @type {Choice} */
let choice;
/** @type {any} ONNX Runtime Web, which the site carries without its types. */
let runtime;
/** @type {ArrayBuffer | Uint8Array} */
let network;
/** @type {Map<string, any>} by input size */
const sessions = new Map();
/** @type {{rgba: Uint8ClampedArray, labels: Uint8Array, size: Size, opacity: () => Uint8Array} | null} */
let last = null;
const canvas = new OffscreenCanvas(1, 1);
const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));

const actions = {
  /** @param {{facts: Facts, choice: Choice}} options */
  async load(options) {
    ({ facts, choice } = options);
    const silence = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    const adapter = () => Promise.race([/** @type {any} */ (navigator).gpu.requestAdapter(), silence]);
    if (choice.provider === "webgpu" && !(await adapter())) throw new Error("there is no adapter");
    const form = choice.provider === "webgpu" ? "asyncify." : "";
    // Fetched here, since they are large: what comes after this is to give an answer in time.
    const [module, binary, file] = await Promise.all([
      import(`./runtime/ort.${choice.provider}.min.mjs`),
      bytesOf(`runtime/ort-wasm-simd-threaded.${form}wasm.packed`, "gzip"),
      bytesOf(choice.file.file),
    ]);
    runtime = module;
    network = new Uint8Array(file);
    const wasmPaths = new URL("./runtime/", import.meta.url).href;
    Object.assign(runtime.env.wasm, { wasmPaths, wasmBinary: binary, numThreads: choice.threads });
    runtime.env.logLevel = "error";
  },

  /**
   * Make the network ready for an input size, and prove it there.
   * @param {{size: Input}} options
   * @returns {Promise<Proof>}
   */
  async prove({ size: input }) {
    const stored = await bytesOf(input.golden);
    const bytes = 3 * input.width * input.height;
    const picture = new Uint8ClampedArray((bytes / 3) * 4).fill(255);
    const rgb = new Uint8Array(stored, 0, bytes);
    for (let from = 0, to = 0; from < bytes; from += 3, to += 4) picture.set(rgb.subarray(from, from + 3), to);
    // The golden picture's channels are in the order of the network's.
    const blob = blobOf(picture, input, input, { ...facts.input, order: "rgb", fit: "stretch" });
    const expected = new Float32Array(stored.slice(bytes + ((4 - (bytes % 4)) % 4)));
    const session = await sessionFor(input);
    return compare(await infer(session, blob, input), expected);
  },

  /**
   * Milliseconds of an inference.
   * @param {{size: Size}} options
   */
  async time({ size }) {
    const session = await sessionFor(size);
    const blob = new Float32Array(3 * size.width * size.height);
    const started = performance.now();
    await infer(session, blob, size);
    return performance.now() - started;
  },

  /**
   * Segment one picture.
   * @param {{bitmap: ImageBitmap, size: Input, mirror: boolean, look: Look}} options
   * @returns {Promise<Painted>}
   */
  async segment({ bitmap, size: input, mirror, look }) {
    const session = await sessionFor(input);
    const started = performance.now();
    const picture = pixelsOf(bitmap, mirror);
    bitmap.close();
    const whole = { width: picture.width, height: picture.height };
    const rgba = new Uint8ClampedArray(picture.data);
    const blob = blobOf(rgba, whole, input, facts.input);
    const inferring = performance.now();
    const scores = await infer(session, blob, input);
    const labelling = performance.now();
    const box = boxOf(whole, input, facts.input);
    const area = {
      left: box.left / input.width,
      top: box.top / input.height,
      width: box.width / input.width,
      height: box.height / input.height,
    };
    const labels = labelsAt(scores, whole, facts.output, area);
    const painting = performance.now();
    const opacity = () => opacityOf(scores, labels, whole, look, facts.output, area);
    last = { rgba, labels, size: whole, opacity };
    paint(picture.data, labels, whole, look, opacity);
    if (look.style === "cutout") overCheckerboard(picture.data, whole);
    const counts = new Array(facts.classes.length).fill(0);
    for (const label of labels) counts[label]++;
    const done = performance.now();
    return {
      picture,
      input,
      counts,
      times: {
        blob: inferring - started,
        inference: labelling - inferring,
        labels: painting - labelling,
        paint: done - painting,
      },
    };
  },

  /** The last frame and its labels, for whoever wants to compare them. */
  async last() {
    return last && { rgba: last.rgba, labels: last.labels, size: last.size };
  },

  /** The last frame with all transparent but the painted classes. */
  async cutOut() {
    if (!last) throw new Error("there is no frame yet");
    const picture = new ImageData(new Uint8ClampedArray(last.rgba), last.size.width, last.size.height);
    cutOut(picture.data, last.opacity());
    return { picture };
  },
};

/**
 * @param {string} file of the site
 * @param {CompressionFormat} [packed] how it is compressed
 */
async function bytesOf(file, packed) {
  try {
    const answer = await fetch(file);
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    const stream = packed ? answer.body.pipeThrough(new DecompressionStream(packed)) : answer.body;
    return await new Response(stream).arrayBuffer();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {Size} size */
async function sessionFor(size) {
  const key = `${size.width}x${size.height}`;
  if (!sessions.has(key)) {
    const { dimensions } = facts;
    const freeDimensionOverrides = dimensions ? { [dimensions.height]: size.height, [dimensions.width]: size.width } : {};
    const options = { executionProviders: [choice.provider], graphOptimizationLevel: "all", freeDimensionOverrides };
    sessions.set(key, await runtime.InferenceSession.create(network, options));
  }
  return sessions.get(key);
}

/** @type {(session: any, blob: Float32Array, input: Size) => Promise<Scores>} */
async function infer(session, blob, input) {
  const tensor = new runtime.Tensor("float32", blob, [1, 3, input.height, input.width]);
  const results = await session.run({ [facts.input.name]: tensor });
  const output = results[facts.output.name];
  const [, classes, height, width] = output.dims;
  return { data: output.data, classes, height, width };
}

/**
 * The greatest difference, as a share of the greatest expected score. Throws an Error where it is too great.
 * @param {Scores} scores
 * @param {Float32Array} expected
 * @returns {Proof}
 */
function compare(scores, expected) {
  const { data, classes } = scores;
  if (data.length !== expected.length) throw new Error(`${data.length} scores where ${expected.length} are right`);
  const plane = data.length / classes;
  let [difference, greatest, equal] = [0, 1e-12, 0];
  for (let at = 0; at < data.length; at++) {
    // Math.max gives NaN for NaN, and no comparison holds for that.
    difference = Math.max(difference, Math.abs(data[at] - expected[at]));
    greatest = Math.max(greatest, Math.abs(expected[at]));
  }
  for (let at = 0; at < plane; at++) if (winner(data, at, plane) === winner(expected, at, plane)) equal++;
  return { error: difference / greatest, tolerance: choice.file.tolerance, equal: equal / plane };
}

/** @type {(data: Float32Array, start: number, plane: number) => number} */
function winner(data, start, plane) {
  let best = start;
  for (let at = start; at < data.length; at += plane) if (data[at] > data[best]) best = at;
  return best;
}

/** @type {(bitmap: ImageBitmap, mirror: boolean) => ImageData} */
function pixelsOf(bitmap, mirror) {
  const { width, height } = bitmap;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? width : 0, 0);
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height);
}

self.onmessage = async ({ data: { id, action, options } }) => {
  try {
    const run = /** @type {Record<string, (options: any) => Promise<any>>} */ (actions)[action];
    const result = await run(options);
    const transfer = result?.picture ? [result.picture.data.buffer] : [];
    self.postMessage({ id, result }, { transfer });
  } catch (error) {
    self.postMessage({ id, error: String(error instanceof Error ? error.message : error) });
  }
};
self.postMessage({ id: 0 });
