// The live picture: chooses how it comes, changes to the next way where one fails, and rests in a hidden tab.

import {read} from "./messages.js";
import * as webcodecs from "./webcodecs.js";
import * as mse from "./mse.js";
import * as jpeg from "./jpeg.js";

const WAYS = {webcodecs, mse, jpeg};
const HIDDEN_MS = 5000;
const RECENT = 30;

export class Picture {
  constructor(glass, connection, onSize) {
    this.glass = glass;
    this.connection = connection;
    this.onSize = onSize;
    this.delays = [];
    this.shownCount = 0;
    this.way = null;
    this.left = [];
    this.watchTab();
  }

  // The ways that this browser has, best first; ?transport= names one.
  async choose() {
    const wanted = new URLSearchParams(location.search).get("transport");
    const names = wanted in WAYS ? [wanted] : Object.keys(WAYS);
    for (const name of names) if (await WAYS[name].works()) this.left.push(name);
    if (!this.left.length) this.left.push("jpeg");
    this.chosen = true;
    this.start();
  }

  get name() {
    return this.way ? WAYS[this.way].name : "";
  }

  start() {
    if (!this.chosen || this.resting) return;
    this.player?.close();
    this.way = this.left[0];
    const player = new WAYS[this.way].Player(this.glass, {
      took: () => player === this.player && this.connection.send({type: "took", count: 1}),
      shown: (sinceS, width, height) => player === this.player && this.shown(sinceS, width, height),
      failed: error => player === this.player && this.failed(error),
    });
    this.player = player;
    this.connection.send({type: "watch", transport: this.way});
  }

  failed(error) {
    console.warn(`${this.name}: ${error.message ?? error}`);
    if (this.left.length > 1) this.left.shift();
    this.start();
  }

  stream({codec}) {
    this.player?.begin(codec);
  }

  take(buffer) {
    if (!this.player) return;
    try {
      this.player.take(read(buffer));
    } catch (error) {
      this.failed(error);
    }
  }

  shown(sinceS, width, height) {
    this.shownCount++;
    this.onSize(width, height);
    // A picture that stands still is sent again: only its first showing says something.
    if (sinceS === undefined || sinceS === this.lastSinceS) return;
    this.lastSinceS = sinceS;
    const delay = this.connection.delayMs(sinceS);
    if (delay !== null) this.delays.push(delay);
    if (this.delays.length > RECENT) this.delays.shift();
  }

  // Milliseconds from capture to this screen: the middle one of the last pictures; null before there are any.
  get latencyMs() {
    if (!this.delays.length) return null;
    return [...this.delays].sort((one, other) => one - other)[this.delays.length >> 1];
  }

  watchTab() {
    let timer;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (document.hidden) {
        timer = setTimeout(() => {
          this.resting = true;
          this.connection.send({type: "rest"});
        }, HIDDEN_MS);
      } else if (this.resting) {
        this.resting = false;
        this.start();
      }
    });
  }
}
