/** Providers: the thread that computes, its proof, and the choice of the fastest that is right. */

/** @import { Choice, Facts, Input, Look, Painted, Proof, Size } from "./types" */

export const PATIENCE_MS = 5000;
const WANTED_MS = 66;
/** How often two engines are timed, in turns. */
const TURNS = 4;
/** An engine that comes later has to be clearly faster: what comes first is the surest. */
const CLEARLY = 0.9;

/** A provider gave no answer in time. */
export class LateError extends Error {}

/** One worker with one provider. */
export class Engine {
  /** @param {Choice} choice */
  constructor(choice) {
    this.choice = choice;
    /** @type {Map<number, {resolve: (value: any) => void, reject: (reason: Error) => void}>} */
    this.waiting = new Map();
    this.count = 0;
    this.closed = false;
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.ready = new Promise((resolve, reject) => this.waiting.set(0, { resolve, reject }));
    this.worker.onmessage = ({ data: { id, result, error } }) => {
      const asked = this.waiting.get(id);
      this.waiting.delete(id);
      if (error !== undefined) asked?.reject(new Error(error));
      else asked?.resolve(result);
    };
    this.worker.onerror = (event) => {
      const error = new Error(event.message || "the worker cannot be loaded");
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
  }

  /** @type {(action: string, options?: object, transfer?: Transferable[]) => Promise<any>} */
  async ask(action, options = {}, transfer = []) {
    await this.ready;
    if (this.closed) throw new Error("closed");
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, action, options }, transfer);
    });
  }

  /**
   * Prove the network at an input size. Throws where it is wrong.
   * @param {Input} size
   */
  async prove(size) {
    /** @type {Proof} */
    const proof = await this.ask("prove", { size });
    if (!(proof.error <= proof.tolerance)) {
      const error = proof.error.toPrecision(2);
      const equal = (100 * proof.equal).toFixed(1);
      throw new Error(
        `wrong scores: error ${error} of the greatest score where ${proof.tolerance} is allowed, ${equal} % of the labels equal`,
      );
    }
  }

  /**
   * @param {Size} size that it has been proven at
   * @returns {Promise<number>} milliseconds of an inference
   */
  time(size) {
    return this.ask("time", { size });
  }

  /**
   * @param {ImageBitmap} bitmap taken away
   * @param {{size: Input, mirror: boolean, look: Look}} options
   * @returns {Promise<Painted>}
   */
  segment(bitmap, options) {
    return this.ask("segment", { bitmap, ...options }, [bitmap]);
  }

  close() {
    this.closed = true;
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(new Error("closed"));
  }
}

/**
 * The ways to compute, the surest first: it gives the first picture, the others are tried beside it.
 * @param {Facts} facts
 * @param {URLSearchParams} query what the address asks for
 * @returns {Choice[]}
 */
export function choices(facts, query) {
  const provider = query.get("provider");
  const most = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, 4) : 1;
  const threads = Math.min(Number(query.get("threads")) || most, most);
  const asked = facts.files.filter((file) => file.precision === query.get("precision"));
  const files = asked.length ? asked : facts.files;
  /** @type {Choice[]} */
  const all = files.map((file) => ({ provider: "wasm", threads, file }));
  if ("gpu" in navigator) all.push({ provider: "webgpu", threads: 1, file: files[0] });
  const wanted = all.filter((choice) => !provider || choice.provider === provider);
  if (!wanted.length) throw new Error(`this browser has no ${provider}`);
  return wanted;
}

/**
 * The proven sizes of the aspect nearest to a picture's, the largest first.
 * @param {Facts} facts
 * @param {Size} size
 */
export function fittingSizes(facts, size) {
  const aspect = (/** @type {Size} */ each) => Math.log(each.width / each.height);
  const distance = (/** @type {Size} */ each) => Math.abs(aspect(each) - aspect(size));
  const nearest = facts.sizes.reduce((best, each) => (distance(each) < distance(best) ? each : best));
  return facts.sizes
    .filter((each) => Math.abs(aspect(each) - aspect(nearest)) < 0.05)
    .sort((a, b) => b.width * b.height - a.width * a.height);
}

/**
 * A provider that is right at a size. Throws where it is wrong, or gives no answer in time.
 * @param {Facts} facts
 * @param {Choice} choice
 * @param {Input} size
 * @param {boolean} patient wait for as long as it takes: the address asked for it
 */
export async function provenEngine(facts, choice, size, patient) {
  const engine = new Engine(choice);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  try {
    // What is loaded over the net may take its time; what is computed may not.
    await Promise.all([engine.ask("load", { facts, choice }), fetch(size.golden).then((answer) => answer.arrayBuffer())]);
    const late = new Promise((_, reject) => {
      if (!patient) timer = setTimeout(() => reject(new LateError("no answer within 5 s")), PATIENCE_MS);
    });
    const ms = await Promise.race([engine.prove(size).then(() => engine.time(size)), late]);
    return { engine, ms: Number(ms) };
  } catch (error) {
    engine.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Milliseconds of an inference on the later of two engines, or null where it is not the faster one.
 *
 * They are timed in turns, since whatever else this device does slows both.
 * @param {Engine} first
 * @param {Engine} later
 * @param {Size} size that both have been proven at
 */
export async function fasterBy(first, later, size) {
  const best = [Infinity, Infinity];
  for (let turn = 0; turn < TURNS; turn++) {
    best[0] = Math.min(best[0], await first.time(size));
    best[1] = Math.min(best[1], await later.time(size));
    // Meanwhile the page shows nothing new.
    if (best[1] > 2 * best[0]) break;
  }
  return best[1] < CLEARLY * best[0] ? best[1] : null;
}

/**
 * The largest size that is fast enough for a live picture, from the time that one of them takes.
 * @param {Input[]} sizes the largest first
 * @param {Size} measured
 * @param {number} ms
 */
export function liveSize(sizes, measured, ms) {
  const perPixel = ms / (measured.width * measured.height);
  return sizes.find((size) => size.width * size.height * perPixel <= WANTED_MS) ?? sizes[sizes.length - 1];
}
