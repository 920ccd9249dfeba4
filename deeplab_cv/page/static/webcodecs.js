// H.264 decoded by WebCodecs and drawn at once: the shortest way, where the page is secure (HTTPS or this machine).

export const name = "WebCodecs";

export async function works() {
  if (typeof VideoDecoder === "undefined") return false;
  const {supported} = await VideoDecoder.isConfigSupported({codec: "avc1.64001f"});
  return supported;
}

export class Player {
  // on: {took(), shown(sinceS, width, height), failed(error)}
  constructor(glass, on) {
    this.on = on;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", {alpha: false, desynchronized: true});
    this.since = new Map();
    glass.replaceChildren(this.canvas);
  }

  begin(codec) {
    this.endDecoder();
    this.decoder = new VideoDecoder({output: frame => this.draw(frame), error: error => this.on.failed(error)});
    this.decoder.configure({codec, optimizeForLatency: true});
    this.waitsForKey = true;
  }

  take({key, timeS, sinceS, data}) {
    if (!this.decoder || (this.waitsForKey && !key)) {
      this.on.took();
      return;
    }
    this.waitsForKey = false;
    const timestamp = Math.round(timeS * 1e6);
    this.since.set(timestamp, sinceS);
    this.decoder.decode(new EncodedVideoChunk({type: key ? "key" : "delta", timestamp, data}));
  }

  draw(frame) {
    const {displayWidth: width, displayHeight: height, timestamp} = frame;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.drawImage(frame, 0, 0);
    frame.close();
    const sinceS = this.since.get(timestamp);
    // Those before it were left out by the decoder.
    for (const earlier of this.since.keys()) if (earlier <= timestamp) this.since.delete(earlier);
    this.on.took();
    requestAnimationFrame(() => this.on.shown(sinceS, width, height));
  }

  endDecoder() {
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.since.clear();
  }

  close() {
    this.endDecoder();
  }
}
