// Controls made from the program's own key table, and what else can be set.

const byId = id => document.getElementById(id);

const make = (tag, facts = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), facts);
  element.append(...children);
  return element;
};

// Where a few of the table's actions stand as buttons as well, and what is short for them there.
const QUICK = {pause: "Pause", step: "Step", record: "Record", snapshot: "Save", fullscreen: "Full screen"};
const TOGGLES = {overlay: "Paint", all_classes: "All classes", smoothing: "Smooth", mirror: "Mirror", legend: "Legend", line: "Figures"};
const SWITCHES = {backend: "Next engine", network: "Next network"};
const TUTORIAL = {segment: "Segment", restart: "Restart"};

const FEWEST_CLASSES = 6;

export class Controls {
  constructor(table, fullscreen) {
    this.rows = table.rows;
    this.fullscreen = fullscreen;
    this.pressed = [];
    this.keys = new Map(table.rows.flatMap(row => row.actions.map(({key, ask}) => [key, ask])));
    this.fill("quick", QUICK);
    this.fill("toggles", TOGGLES);
    this.fill("switches", SWITCHES);
    byId("quick").append(this.download());
    this.fillAll();
    this.tutorial = Object.entries(TUTORIAL).map(([word, text]) => this.button(word, text));
    byId("quick").prepend(...this.tutorial);
    byId("style").append(...table.styles.map(style => make("option", {value: style, textContent: style})));
    byId("style").addEventListener("change", ({target}) => this.ask({values: {style: target.value}}));
    for (const id of ["alpha", "smooth"]) {
      byId(id).addEventListener("input", ({target}) => {
        byId(`${id}-value`).textContent = target.value;
        this.askSoon({values: {[id]: Number(target.value)}});
      });
    }
    byId("more-classes").addEventListener("click", () => {
      this.allClasses = !this.allClasses;
      this.showClasses(this.classes);
    });
    document.addEventListener("keydown", event => this.key(event));
    byId("keys").addEventListener("toggle", ({target}) => {
      // The window's help and this list are one: what opens one opens the other.
      if (this.helpShown !== undefined && target.open !== this.helpShown) this.ask({action: "help"});
    });
  }

  row(word) {
    return this.rows.find(row => row.actions.some(({ask}) => ask.action === word));
  }

  fill(id, words) {
    byId(id).append(...Object.entries(words).map(([word, text]) => this.button(word, text)));
  }

  button(word, text) {
    const row = this.row(word);
    const button = make("button", {type: "button", textContent: text, title: `${row.text} (${row.label})`});
    button.dataset.action = word;
    button.addEventListener("click", () => this.ask({action: word}));
    this.pressed.push(button);
    return button;
  }

  download() {
    const link = make("a", {href: "/snapshot.jpg?download", download: ""});
    const button = make("button", {type: "button", textContent: "Download", title: "the picture as a file on this device"});
    button.id = "download";
    button.addEventListener("click", () => link.click());
    return button;
  }

  fillAll() {
    for (const row of this.rows) {
      const asks = [...new Map(row.actions.map(({key, ask}) => [JSON.stringify(ask), {key, ask}])).values()];
      if (asks.length === 1) {
        const button = make("button", {type: "button"}, make("kbd", {textContent: row.label}), row.text);
        button.dataset.row = row.label;
        button.addEventListener("click", () => this.ask(asks[0].ask));
        byId("all").append(button);
        continue;
      }
      const alone = row.actions.every(({ask}) => ask.paint);
      const box = make("div", {className: "numbers"}, alone ? `${row.text}: ` : row.text);
      for (const {key, ask} of asks) {
        const button = make("button", {type: "button"}, make("kbd", {textContent: key}));
        button.dataset.row = row.label;
        button.addEventListener("click", () => this.ask(ask));
        box.append(button);
      }
      byId("all").append(box);
    }
  }

  key(event) {
    const typing = event.target.closest("select, input[type=range], input[type=color]");
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing) return;
    // Tab goes from one control to the next, unless the picture fills the screen and there are none.
    if (event.key === "Tab" && !document.fullscreenElement) return;
    // A button in focus is pressed by the space bar.
    if (event.key === " " && event.target.closest("button, summary, input")) return;
    const ask = this.keys.get(event.key);
    if (!ask || this.readOnly) return;
    event.preventDefault();
    this.ask(ask);
  }

  async ask(what) {
    if (what.action === "fullscreen") {
      // The screen in front of who asks, not that of the machine where the program runs.
      this.fullscreen();
      return;
    }
    if (["quit", "leave"].includes(what.action) && !confirm("End the run for everybody?")) return;
    const answer = await fetch("/api/action", {method: "POST", body: JSON.stringify(what)}).catch(() => null);
    if (answer && !answer.ok) this.say((await answer.json()).error);
  }

  // While a slider moves, the newest value is asked for a few times a second.
  askSoon(what) {
    this.soon = what;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.ask(this.soon);
    }, 80);
  }

  say(text) {
    this.onProblem?.(text);
  }

  show({role, view, running, classes, source}) {
    this.readOnly = role !== "controller";
    for (const set of document.querySelectorAll("fieldset.controls")) set.disabled = this.readOnly;
    byId("role-note").hidden = !this.readOnly;
    const on = {
      pause: view.paused, record: running?.recording, overlay: view.overlay, all_classes: view.all_classes,
      smoothing: view.smooth > 0, legend: view.legend, line: view.line,
    };
    for (const button of this.pressed) {
      const word = button.dataset.action;
      if (word in on) button.setAttribute("aria-pressed", String(Boolean(on[word])));
    }
    for (const button of this.tutorial) button.hidden = !source.tutorial;
    this.put("style", view.style);
    for (const id of ["alpha", "smooth"]) {
      if (this.timer) break;
      this.put(id, String(view[id]));
      if (document.activeElement !== byId(id)) byId(`${id}-value`).textContent = view[id];
    }
    this.helpShown = view.help;
    if (byId("keys").open !== view.help) byId("keys").open = view.help;
    byId("made-by").textContent = running?.made_by ?? "";
    this.showClasses(classes);
  }

  put(id, value) {
    if (document.activeElement !== byId(id) && byId(id).value !== value) byId(id).value = value;
  }

  showClasses(classes) {
    this.classes = classes;
    const list = byId("classes");
    // Those with a key first, in the order of their keys.
    classes = [...classes].sort((one, other) => (one.key ?? 99) - (other.key ?? 99));
    const worth = classes.filter(each => each.key || each.on || each.share >= 0.005);
    const few = classes.length <= FEWEST_CLASSES;
    const shown = this.allClasses || few ? classes : worth;
    const names = shown.map(({name}) => name).join();
    byId("more-classes").hidden = few;
    byId("more-classes").textContent = this.allClasses ? "Only those painted or seen" : `All ${classes.length} classes`;
    if (names !== this.classNames) {
      this.classNames = names;
      list.replaceChildren(...shown.map(each => this.classRow(each)));
    }
    shown.forEach((each, place) => {
      const row = list.children[place];
      const [box, colour] = row.querySelectorAll("input");
      box.checked = each.on;
      if (document.activeElement !== colour) colour.value = each.colour;
      row.querySelector("kbd").textContent = each.key ?? "";
      row.querySelector("kbd").hidden = !each.key;
      row.querySelector(".share").textContent = each.share ? percent(each.share) : "";
    });
  }

  classRow({name}) {
    const box = make("input", {type: "checkbox"});
    const colour = make("input", {type: "color", title: `colour of ${name}`});
    colour.setAttribute("aria-label", `colour of ${name}`);
    box.addEventListener("change", () => this.ask({painted: {name, on: box.checked}}));
    colour.addEventListener("input", () => this.askSoon({painted: {name, colour: colour.value}}));
    const row = make("li", {}, make("label", {}, box, name, make("kbd")), make("span", {className: "share"}), colour);
    row.dataset.name = name;
    return row;
  }
}

export const percent = share => (share >= 0.005 ? `${Math.round(share * 100)} %` : "<1 %");
