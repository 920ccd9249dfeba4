// H.264 in fragments of MP4 through a video element: works on plain HTTP too, a little behind.

export const name = "MediaSource";

// iPhones have the managed one only.
const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;

const BEHIND_S = 0.4, AIM_S = 0.08, KEPT_S = 10;

export async function works() {
  return Boolean(Source && Source.isTypeSupported('video/mp4; codecs="avc1.64001f"'));
}

export class Player {
  // on: see webcodecs.js
  constructor(glass, on) {
    this.on = on;
    this.video = document.createElement("video");
    Object.assign(this.video, {muted: true, autoplay: true, playsInline: true, disableRemotePlayback: true});
    this.video.addEventListener("error", () => this.video.error && this.on.failed(this.video.error));
    this.waiting = [];
    this.times = [];
    glass.replaceChildren(this.video);
    this.watchFrames();
  }

  begin(codec) {
    this.waiting = [];
    this.times = [];
    this.buffer = null;
    this.source = new Source();
    const source = this.source;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      URL.revokeObjectURL(this.video.src);
      try {
        this.buffer = source.addSourceBuffer(`video/mp4; codecs="${codec}"`);
      } catch (error) {
        this.on.failed(error);
        return;
      }
      this.buffer.addEventListener("updateend", () => this.appended());
      this.append();
    }, {once: true});
    this.video.src = URL.createObjectURL(source);
  }

  take({kind, timeS, sinceS, data}) {
    if (!this.source) return;
    if (kind === 3) this.times.push({timeS, sinceS});
    if (this.times.length > 600) this.times.splice(0, 300);
    this.waiting.push(data);
    this.append();
  }

  append() {
    if (!this.buffer || this.buffer.updating || !this.waiting.length) return;
    try {
      this.buffer.appendBuffer(this.waiting.shift());
      this.fragment = true;
    } catch (error) {
      this.on.failed(error);
    }
  }

  appended() {
    if (this.fragment) {
      this.fragment = false;
      this.on.took();
    }
    this.keepUp();
    this.append();
  }

  // Stay near the newest picture: jump where it is far, play a little faster where it is not.
  keepUp() {
    const {buffered, currentTime} = this.video;
    if (!buffered.length) return;
    const end = buffered.end(buffered.length - 1), begin = buffered.start(buffered.length - 1);
    const behindS = end - currentTime;
    if (currentTime < begin || behindS > BEHIND_S) this.video.currentTime = Math.max(begin, end - AIM_S);
    this.video.playbackRate = behindS > 2 * AIM_S ? 1.08 : 1;
    if (this.video.paused) this.video.play().catch(() => {});
    if (!this.buffer.updating && currentTime - buffered.start(0) > 2 * KEPT_S) {
      this.buffer.remove(0, currentTime - KEPT_S);
    }
  }

  watchFrames() {
    if (!this.video.requestVideoFrameCallback) {
      this.video.addEventListener("timeupdate", () => this.shown(this.video.currentTime));
      return;
    }
    const look = (_, facts) => {
      this.shown(facts.mediaTime);
      this.video.requestVideoFrameCallback(look);
    };
    this.video.requestVideoFrameCallback(look);
  }

  shown(mediaTime) {
    const {videoWidth: width, videoHeight: height} = this.video;
    const found = this.times.findLast(({timeS}) => timeS <= mediaTime + 0.002);
    this.on.shown(found?.sinceS, width, height);
  }

  close() {
    this.source = this.buffer = null;
    this.video.removeAttribute("src");
    this.video.load();
  }
}
