// Several sources: a list of them, and clicks on their pictures in the grid.

const byId = id => document.getElementById(id);

const WORDS = {playing: "", over: "over", gone: "gone", connecting: "trying again"};

function words({phase, rate, latency_ms: latency, recording}) {
  const parts = [WORDS[phase] ?? phase];
  if (phase === "playing" && rate !== null) parts.push(`${rate.toFixed(1)} frames/s`);
  if (phase === "playing" && latency !== null) parts.push(`${latency.toFixed(0)} ms`);
  if (recording) parts.push("recording");
  return parts.filter(Boolean).join(" · ");
}

export class Sources {
  constructor(controls) {
    this.controls = controls;
    byId("all-sources").addEventListener("click", () => controls.ask({action: "grid"}));
    byId("picture").addEventListener("click", event => this.click(event));
  }

  // Which source lies under a click: the picture is as large as fits into its box.
  click(event) {
    if (this.controls.readOnly || !this.sources || this.alone !== null) return;
    const box = byId("picture").getBoundingClientRect();
    const scale = Math.min(box.width / this.width, box.height / this.height);
    const x = ((event.clientX - box.left - box.width / 2) / scale + this.width / 2) / this.width;
    const y = ((event.clientY - box.top - box.height / 2) / scale + this.height / 2) / this.height;
    const at = this.sources.findIndex(({box: [left, top, width, height]}) =>
      x >= left && x < left + width && y >= top && y < top + height);
    if (at >= 0) this.controls.ask({source: at});
  }

  shape(width, height) {
    [this.width, this.height] = [width, height];
  }

  show({sources, alone}) {
    const several = sources.length > 1;
    byId("sources-card").hidden = !several;
    this.sources = several ? sources : null;
    this.alone = alone;
    byId("picture").classList.toggle("grid", several && alone === null);
    if (!several) return;
    const list = byId("sources");
    if (list.children.length !== sources.length) list.replaceChildren(...sources.map((_, place) => this.row(place)));
    sources.forEach((source, place) => {
      const [button, state] = list.children[place].children;
      button.textContent = source.label;
      button.title = source.name;
      button.setAttribute("aria-pressed", String(place === alone));
      state.textContent = words(source);
      state.title = source.line;
    });
    byId("all-sources").setAttribute("aria-pressed", String(alone === null));
  }

  row(place) {
    const row = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => this.controls.ask({source: place}));
    row.append(button, document.createElement("span"));
    return row;
  }
}
