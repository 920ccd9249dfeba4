/** The page: buttons, camera and pictures on one side, a proven engine on the other. */

/** @import { Choice, Facts, Input, Look, Painted, Size, Style } from "./types" */
/** @import { Engine } from "./engine.js" */

import { cameras, closeCamera, openCamera } from "./camera.js";
import { LateError, choices, fasterBy, fittingSizes, liveSize, provenEngine } from "./engine.js";
import { className, language, loadWords, say } from "./words.js";

/** @type {Style[]} */
const STYLES = ["blend", "mask", "outline", "blur", "replace", "cutout"];
const LEAST_LIVE = { width: 16, height: 9 };
const RECORDED_FPS = 30;

const query = new URLSearchParams(location.search);
const context = /** @type {CanvasRenderingContext2D} */ (element("picture", HTMLCanvasElement).getContext("2d"));

/** @type {Facts} */
let facts;
/** @type {Engine | null} */
let engine = null;
/** @type {{size: Input, ms: number}} How long an inference takes on the engine, and at which input size that was. */
let pace;
/** Sizes that the engine has been proven at. */
const proven = new Set();
/** @type {Promise<unknown>} While engines are timed, no picture is computed. */
let timing = Promise.resolve();
/** Whether a camera or a picture has been opened, and nothing of it is painted yet. */
let awaited = false;
/** @type {HTMLVideoElement | null} */
let video = null;
/** How often a camera was started or stopped: one that the browser gives after the next time is closed again. */
let turns = 0;
/** @type {ImageBitmap | null} The picture that was opened. */
let picture = null;
let segmented = false;
/** @type {MediaRecorder | null} */
let recorder = null;
/** @type {number[]} When the last frames were shown. */
const shown = [];
/** @type {Record<number, [number, number, number]>} Every class's colour, painted or not. */
const colours = {};
/** @type {Set<number>} */
const painted = new Set();

/** @type {<Kind extends HTMLElement>(id: string, kind: new () => Kind) => Kind} */
function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const button = (/** @type {string} */ id) => element(id, HTMLButtonElement);
const input = (/** @type {string} */ id) => element(id, HTMLInputElement);
const select = (/** @type {string} */ id) => element(id, HTMLSelectElement);

/** @param {string} text */
function tell(text) {
  element("message", HTMLElement).textContent = text;
}

/** Nothing more to say, unless the network is still to come. */
function rest() {
  if (engine) tell("");
}

/** @param {string} text */
function notice(text) {
  const notices = element("notices", HTMLElement);
  notices.textContent = [notices.textContent, text].filter(Boolean).join("\n");
}

/** @returns {Look} */
function look() {
  return {
    style: /** @type {Style} */ (select("style").value),
    alpha: input("alpha").valueAsNumber,
    colours: Object.fromEntries([...painted].map((label) => [label, colours[label]])),
    background: rgbOf(input("background").value),
  };
}

/** @param {string} text such as #00b140 */
function rgbOf(text) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  return /** @type {[number, number, number]} */ ([red, green, blue]);
}

/** @param {readonly number[]} rgb */
function hexOf(rgb) {
  return `#${rgb.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Take the surest provider for the first picture, then the fastest that is right. */
async function chooseEngine() {
  const all = choices(facts, query);
  const late = [];
  for (const choice of all) {
    // What is fetched for the others must not hold up the first picture.
    while (engine && awaited) await new Promise((resolve) => setTimeout(resolve, 100));
    const problem = await take(choice, query.has("provider") || all.length === 1);
    if (problem instanceof LateError) late.push(choice);
  }
  // Where nobody else is left, the first that was passed over may take as long as it takes.
  if (!engine && late.length) await take(late[0], true);
  if (!engine) {
    tell(say("nothing"));
    button("camera").disabled = true;
    return;
  }
  document.body.dataset.chosen = "yes";
  // Only now, when what it keeps as well has been fetched once.
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register("service-worker.js").catch(() => undefined);
}

/**
 * Prove a provider, and use it if it is faster than the one in use. Returns what is wrong with it.
 * @param {Choice} choice
 * @param {boolean} patient
 */
async function take(choice, patient) {
  const before = engine;
  const size = before ? pace.size : (fittingSizes(facts, LEAST_LIVE).at(-1) ?? facts.sizes[0]);
  const name = `${choice.provider} ${choice.file.precision}`;
  if (!before) tell(say("proving", { provider: name }));
  /** @type {Engine | null} */
  let other = null;
  try {
    const found = await provenEngine(facts, choice, size, patient);
    other = found.engine;
    const faster = before ? fasterBy(before, other, size) : Promise.resolve(found.ms);
    timing = faster.catch(() => undefined);
    const ms = await faster;
    if (ms === null) {
      other.close();
      return null;
    }
    [engine, pace] = [other, { size, ms }];
    proven.clear();
    proven.add(keyOf(size));
    before?.close();
    showFigures();
    if (!before) ready();
    return null;
  } catch (error) {
    other?.close();
    const reason = error instanceof Error ? error.message : String(error);
    notice(say("refused", { provider: name, reason }));
    return error;
  }
}

function ready() {
  document.body.dataset.ready = "yes";
  button("segment").disabled = false;
  tell(video || picture ? "" : say("ready"));
  if (query.get("camera")) void startCamera();
}

/**
 * The input size for pictures of a size, proven on the engine.
 * @param {Engine} on
 * @param {Size} size
 * @param {boolean} live
 */
async function inputFor(on, size, live) {
  const sizes = fittingSizes(facts, size);
  const chosen = live ? liveSize(sizes, pace.size, pace.ms) : sizes[0];
  if (!proven.has(keyOf(chosen))) {
    await on.prove(chosen);
    if (on === engine) proven.add(keyOf(chosen));
  }
  return chosen;
}

const keyOf = (/** @type {Size} */ size) => `${size.width}x${size.height}`;

/**
 * Segment what a video or picture shows now, and show it painted.
 * @param {HTMLVideoElement | ImageBitmap} source
 * @param {() => boolean} wanted whether the result is still to be shown
 */
async function segment(source, wanted) {
  const live = source instanceof HTMLVideoElement;
  const size = live
    ? { width: source.videoWidth, height: source.videoHeight }
    : { width: source.width, height: source.height };
  for (;;) {
    await timing;
    const on = engine;
    if (!on) return;
    try {
      const inputSize = await inputFor(on, size, live);
      const bitmap = await createImageBitmap(source);
      const result = await on.segment(bitmap, { size: inputSize, mirror: live && input("mirror").checked, look: look() });
      if (wanted()) show(result);
      return;
    } catch (error) {
      // The engine may have been exchanged for a faster one meanwhile, the picture for another.
      if (on === engine && wanted()) throw error;
      if (!wanted()) return;
    }
  }
}

/** @param {Painted} result */
function show(result) {
  awaited = false;
  const { canvas } = context;
  const { width, height } = result.picture;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.putImageData(result.picture, 0, 0);
  const found = result.counts.map((count, label) => (label && count ? className(facts.classes[label]) : ""));
  canvas.setAttribute("aria-label", `${say("painted")}: ${found.filter(Boolean).join(", ")}`);
  shown.push(performance.now());
  while (shown.length > 30) shown.shift();
  showFigures(result);
}

/** @param {Painted} [result] */
function showFigures(result) {
  const rows = [];
  if (engine) {
    const { provider, threads, file } = engine.choice;
    const on = provider === "webgpu" ? "WebGPU" : `WebAssembly, ${threads} ${threads > 1 ? "threads" : "thread"}`;
    rows.push([say("provider"), `${on}, ${file.precision}`]);
  }
  if (result) {
    const { blob, inference, labels, paint } = result.times;
    rows.push([say("input"), keyOf(result.input)]);
    rows.push([say("inference"), `${inference.toFixed(0)} ms`]);
    rows.push([say("whole"), `${(blob + inference + labels + paint).toFixed(0)} ms`]);
    const seconds = (shown[shown.length - 1] - shown[0]) / 1000;
    if (video && seconds > 0) rows.push([say("rate"), ((shown.length - 1) / seconds).toFixed(1)]);
  }
  const figures = rows.map(([name, value]) => {
    const row = document.createElement("div");
    row.append(textElement("dt", name), textElement("dd", value));
    return row;
  });
  element("figures", HTMLDListElement).replaceChildren(...figures);
}

/** @type {(kind: string, text: string) => HTMLElement} */
const textElement = (kind, text) => Object.assign(document.createElement(kind), { textContent: text });

async function startCamera() {
  stopCamera();
  showPicture(null);
  awaited = true;
  const turn = turns;
  const playing = await openCamera(select("device").value, (why) => {
    if (turn !== turns) return;
    stopCamera();
    tell(say(why));
  });
  if (turn !== turns && playing) closeCamera(playing);
  if (turn !== turns || !playing) return;
  video = playing;
  rest();
  button("camera").textContent = say("stop");
  void listCameras();
  shown.length = 0;
  try {
    while (playing === video) {
      await nextFrame(playing);
      if (playing === video) await segment(playing, () => playing === video);
    }
  } catch (error) {
    stopCamera();
    throw error;
  }
}

/** Wait for a picture of the camera that is not shown yet. */
function nextFrame(/** @type {HTMLVideoElement} */ playing) {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in playing) playing.requestVideoFrameCallback(resolve);
    else requestAnimationFrame(resolve);
    // A camera that has been stopped shows no further picture.
    setTimeout(resolve, 1000);
  });
}

function stopCamera() {
  turns += 1;
  if (video) closeCamera(video);
  video = null;
  awaited = false;
  recorder?.stop();
  button("camera").textContent = say("camera");
}

async function listCameras() {
  const found = await cameras();
  const device = select("device");
  const chosen = device.value;
  const options = [new Option(say("front"), "user"), new Option(say("back"), "environment")];
  options.push(...found.map((each) => new Option(each.label || each.deviceId.slice(0, 8), each.deviceId)));
  device.replaceChildren(...options);
  device.value = [...device.options].some((option) => option.value === chosen) ? chosen : "user";
}

/** @param {ImageBitmap | null} opened shown as it is, with Segment and Restart */
function showPicture(opened) {
  picture?.close();
  picture = opened;
  awaited = opened !== null;
  segmented = false;
  button("segment").hidden = button("restart").hidden = !opened;
  if (opened) drawPicture(opened);
}

/** @param {ImageBitmap} opened */
function drawPicture(opened) {
  Object.assign(context.canvas, { width: opened.width, height: opened.height });
  context.drawImage(opened, 0, 0);
  context.canvas.setAttribute("aria-label", say("unpainted"));
  rest();
}

/** @param {Blob} file */
async function openPicture(file) {
  stopCamera();
  await createImageBitmap(file).then(showPicture, () => tell(say("unreadable")));
}

async function segmentPicture() {
  const opened = picture;
  if (!opened || !engine) return;
  tell(say("busy"));
  await segment(opened, () => opened === picture);
  if (opened !== picture) return;
  segmented = true;
  tell("");
}

/** The picture as it was opened, as the tutorial's button does. */
function restart() {
  if (!picture) return;
  segmented = false;
  drawPicture(picture);
}

/** The look has changed: a picture is painted anew, a camera's next frame is anyway. */
function repaint() {
  element("background-label", HTMLElement).hidden = select("style").value !== "replace";
  if (picture && segmented) void segmentPicture();
}

async function snapshot() {
  const { canvas } = context;
  let source = canvas;
  if (select("style").value === "cutout" && engine && (video || segmented)) {
    // The engine may have been exchanged for one that has not seen the picture.
    if (picture) await segmentPicture();
    const { picture: transparent } = await engine.ask("cutOut");
    source = document.createElement("canvas");
    Object.assign(source, { width: transparent.width, height: transparent.height });
    source.getContext("2d")?.putImageData(transparent, 0, 0);
  }
  source.toBlob((blob) => blob && download(blob, "deeplab.png"), "image/png");
}

function record() {
  if (recorder) return recorder.stop();
  const type = ["video/mp4", "video/webm"].find((each) => self.MediaRecorder?.isTypeSupported(each));
  if (!type) return tell(say("unable"));
  /** @type {Blob[]} */
  const parts = [];
  const running = new MediaRecorder(context.canvas.captureStream(RECORDED_FPS), { mimeType: type });
  recorder = running;
  running.ondataavailable = ({ data }) => parts.push(data);
  running.onstop = () => {
    recorder = null;
    button("record").setAttribute("aria-pressed", "false");
    download(new Blob(parts, { type }), `deeplab.${type.split("/")[1]}`);
  };
  running.start(1000);
  button("record").setAttribute("aria-pressed", "true");
}

/** @type {(blob: Blob, name: string) => void} */
function download(blob, name) {
  const link = document.createElement("a");
  Object.assign(link, { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Fill in what the page says, and the controls that follow from the network. */
function build() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const each of document.querySelectorAll("[data-word]")) {
    each.textContent = say(each.getAttribute("data-word") ?? "");
  }
  select("style").replaceChildren(...STYLES.map((style) => new Option(say(style), style)));
  facts.classes.forEach((name, label) => {
    const chosen = Object.hasOwn(facts.paint, name);
    colours[label] = chosen ? facts.paint[name] : facts.palette[label];
    if (chosen) painted.add(label);
  });
  element("class-list", HTMLUListElement).replaceChildren(...facts.classes.map((_, label) => classRow(label)));
  element("samples", HTMLElement).replaceChildren(...facts.samples.map(sampleButton));
  void listCameras();
  repaint();
}

/** @param {number} label */
function classRow(label) {
  const row = document.createElement("li");
  const whole = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: painted.has(label) });
  const colour = Object.assign(document.createElement("input"), { type: "color", value: hexOf(colours[label]) });
  const name = className(facts.classes[label]);
  colour.setAttribute("aria-label", name);
  box.onchange = () => {
    if (box.checked) painted.add(label);
    else painted.delete(label);
    repaint();
  };
  colour.onchange = () => {
    colours[label] = rgbOf(colour.value);
    repaint();
  };
  whole.append(box, textElement("span", name), colour);
  row.append(whole);
  return row;
}

/** @type {(file: string, place: number) => HTMLElement} */
function sampleButton(file, place) {
  const made = document.createElement("button");
  const image = Object.assign(document.createElement("img"), { src: file, alt: `${say("sample")} ${place + 1}` });
  made.type = "button";
  made.append(image);
  made.onclick = async () => openPicture(await (await fetch(file)).blob());
  return made;
}

function listen() {
  button("camera").onclick = () => (video ? stopCamera() : startCamera());
  button("open").onclick = () => input("file").click();
  for (const [id, act] of Object.entries({ segment: segmentPicture, restart, snapshot, record })) button(id).onclick = act;
  input("file").onchange = () => {
    const [file] = input("file").files ?? [];
    if (file) void openPicture(file);
    input("file").value = "";
  };
  select("device").onchange = () => video && startCamera();
  for (const id of ["style", "alpha", "background"]) element(id, HTMLElement).onchange = repaint;
  const stage = element("stage", HTMLElement);
  document.ondragover = (event) => {
    event.preventDefault();
    stage.classList.add("over");
  };
  document.ondragleave = () => stage.classList.remove("over");
  document.ondrop = (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file) void openPicture(file);
  };
  document.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    // The keys of the program's window; index.html says which control has which.
    const control = document.querySelector(`[aria-keyshortcuts="${CSS.escape(event.key)}"]`);
    if (control === select("style")) {
      select("style").selectedIndex = (select("style").selectedIndex + 1) % STYLES.length;
      repaint();
    } else if (control instanceof HTMLElement) control.click();
  };
  self.onunhandledrejection = ({ reason }) => tell(say("failed", { reason: reason?.message ?? String(reason) }));
}

/** Let a newer version of the site that waits take over, as long as this one has not begun. */
async function renew() {
  const { serviceWorker } = navigator;
  if (!serviceWorker?.controller) return;
  serviceWorker.oncontrollerchange = () => location.reload();
  const waiting = (await serviceWorker.getRegistration())?.waiting;
  // Asked again and again: the page that was open before this one may take a moment to go.
  while (waiting?.state === "installed" && !video && !picture && !document.body.dataset.chosen) {
    waiting.postMessage("take over");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function start() {
  void renew();
  const [answer] = await Promise.all([fetch("site.json"), loadWords()]);
  listen();
  tell(say("loading"));
  if (!answer.ok) throw new Error(`site.json: ${answer.status}`);
  facts = await answer.json();
  const size = query.get("size");
  if (size) facts.sizes = facts.sizes.filter((each) => keyOf(each) === size);
  if (!facts.sizes.length) throw new Error(`the network has not been proven at ${size}`);
  build();
  await chooseEngine();
}

// What was shown last can be compared with the program's labels: `await deeplab.last()`.
Object.assign(self, { deeplab: { last: () => engine?.ask("last") } });
void start();
