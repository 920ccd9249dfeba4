// Puts the page together: who may enter, the live picture, the run's state, and the controls.

import {Camera} from "./camera.js";
import {Connection} from "./connection.js";
import {Controls, percent} from "./controls.js";
import {enter} from "./entry.js";
import {Picture} from "./picture.js";
import {Sources} from "./sources.js";
import {Sparkline} from "./sparkline.js";

const byId = id => document.getElementById(id);
const MOST_IN_LEGEND = 10;

const show = (id, text) => {
  byId(id).hidden = !text;
  byId(id).textContent = text || "";
};

function condition(text, kind) {
  byId("condition").textContent = text;
  byId("condition").className = kind;
}

function shape(width, height, sources) {
  if (!width || !height) return;
  byId("picture").style.aspectRatio = `${width} / ${height}`;
  sources.shape(width, height);
}

// Each cell of a grid says its own.
const inGrid = ({sources, alone}) => sources.length > 1 && alone === null;

function fullscreen() {
  const picture = byId("picture");
  if (document.fullscreenElement) document.exitFullscreen();
  else if (picture.requestFullscreen) picture.requestFullscreen().catch(() => {});
  // iPhones fill the screen with a video only.
  else picture.querySelector("video")?.webkitEnterFullscreen?.();
}

const ORIGINS = {inferred: "", carried: " (carried)", kept: " (still)"};

function figures(state, picture) {
  const {running, source, view} = state;
  if (!running) return {};
  const flows = !view.paused;
  const values = {
    "Frames/s": flows ? running.rate.toFixed(1) : "paused",
    Inference: `${running.inference_ms.toFixed(0)} ms${ORIGINS[running.origin]}`,
    Viewers: String(state.viewers),
  };
  if (!source.live) return values;
  const latency = flows ? picture.latencyMs : null;
  values["Latency here"] = latency === null ? "–" : `${latency.toFixed(0)} ms`;
  values["In the program"] = flows ? `${running.latency_ms.toFixed(0)} ms` : "–";
  values.Dropped = String(running.dropped);
  if (source.reconnects) values.Reconnects = String(source.reconnects);
  return values;
}

function showFigures(values) {
  const list = byId("figures");
  const names = Object.keys(values);
  if (list.dataset.names !== names.join()) {
    list.dataset.names = names.join();
    list.replaceChildren(...names.map(name => {
      const box = document.createElement("div");
      box.append(document.createElement("dt"), document.createElement("dd"));
      box.firstChild.textContent = name;
      return box;
    }));
  }
  names.forEach((name, place) => (list.children[place].lastChild.textContent = values[name]));
}

function showLegend(state) {
  const {view, classes} = state;
  const seen = classes.filter(({share}) => share > 0);
  seen.sort((one, other) => other.on - one.on || other.share - one.share);
  byId("legend").hidden = !view.legend || !view.overlay || !seen.length || inGrid(state);
  byId("legend").replaceChildren(...seen.slice(0, MOST_IN_LEGEND).map(each => {
    const row = document.createElement("li"), square = document.createElement("span"), share = document.createElement("b");
    if (each.on) square.style.background = each.colour;
    share.textContent = percent(each.share);
    row.append(square, each.name, share);
    return row;
  }));
}

function showLine(state) {
  const {running, view} = state;
  if (!running || !view.line || inGrid(state)) return show("line", "");
  const parts = [`inference ${running.inference_ms.toFixed(0)} ms${ORIGINS[running.origin]}`];
  if (!view.paused) parts.unshift(`${running.rate.toFixed(1)} frames/s`);
  return show("line", parts.join("  "));
}

async function main() {
  const {role, why} = await enter();
  if (!role) {
    condition("closed", "bad");
    show("notice", why);
    return;
  }
  const table = await (await fetch("/api/controls")).json();
  const controls = new Controls(table, fullscreen);
  const sparkline = new Sparkline(byId("sparkline"));
  let state = null, problem = "";
  controls.onProblem = text => {
    problem = text;
    show("message", text);
    setTimeout(() => (problem = ""), 4000);
  };

  const connection = new Connection({
    open: () => picture.start(),
    message: said => {
      if (said.type === "stream") picture.stream(said);
      else if (said.type === "state") showState(said);
    },
    picture: buffer => picture.take(buffer),
    closed: why => {
      condition({full: "as many watch as may", refused: "refused: open the link that the program printed last"}[why] ?? "the run is gone; trying again", "bad");
      byId("picture").classList.add("gone");
      state = null;
    },
  });
  const sources = new Sources(controls);
  const picture = new Picture(byId("glass"), connection, (width, height) => shape(width, height, sources));
  const camera = new Camera(connection);
  await picture.choose();

  function showState(said) {
    state = said;
    if (!said.source) return;
    const {phase, title, line, live, notices} = said.source;
    byId("picture").classList.toggle("gone", phase !== "playing");
    document.title = `${title} · deeplab-cv`;
    byId("source").textContent = title;
    if (phase !== "playing") condition(phase, "bad");
    else if (said.view.paused) condition("paused", "");
    else condition([live ? "live" : "playing", ...notices].join(" · "), "good");
    show("notice", line || (said.running ? "" : said.progress));
    show("message", problem || said.running?.message);
    byId("recording").hidden = !said.running?.recording;
    showLine(said);
    showLegend(said);
    showFigures(figures(said, picture));
    controls.show(said);
    sources.show(said);
    camera.show(said);
  }

  let bytes = 0, shown = 0;
  setInterval(() => {
    const rate = picture.shownCount - shown, kilobits = ((connection.bytes - bytes) * 8) / 1000;
    [bytes, shown] = [connection.bytes, picture.shownCount];
    const latency = state?.source?.live && !state.view.paused ? picture.latencyMs : null;
    const parts = [picture.name, `${rate} pictures/s`, `${(kilobits / 1000).toFixed(1)} Mbit/s`];
    if (latency !== null) parts.push(`${latency.toFixed(0)} ms from capture to this screen`);
    byId("way").textContent = state ? parts.filter(Boolean).join(" · ") : "";
    byId("way").dataset.transport = picture.way ?? "";
    byId("way").dataset.latency = latency ?? "";
    byId("way").dataset.shown = picture.shownCount;
    if (state?.running) sparkline.add(state.view.paused ? null : state.running.rate, latency);
  }, 1000);
}

main();
