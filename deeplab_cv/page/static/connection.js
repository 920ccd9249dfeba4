// The page's WebSocket: it comes back by itself, and measures how far the server's clock is from this one.

const PING_MS = 2000, FIRST_PINGS = 12, FIRST_PING_MS = 100, SAMPLES = 30;
const FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 8000;
const REFUSED = 1008, FULL = 4003;

const nowS = () => performance.now() / 1000;

export class Connection {
  // on: {open(), message(text as object), picture(buffer), closed(why)}
  constructor(on) {
    this.on = on;
    this.bytes = 0;
    this.samples = [];
    this.waitMs = FIRST_WAIT_MS;
    this.connect();
    setInterval(() => this.ping(), PING_MS);
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.socket = socket;
      this.samples = [];
      for (let count = 0; count < FIRST_PINGS; count++) setTimeout(() => this.ping(), count * FIRST_PING_MS);
      this.on.open();
    };
    socket.onmessage = ({data}) => {
      if (typeof data !== "string") {
        this.bytes += data.byteLength;
        this.on.picture(data);
        return;
      }
      const said = JSON.parse(data);
      this.waitMs = FIRST_WAIT_MS;
      if (said.type === "pong") this.pong(said);
      else this.on.message(said);
    };
    socket.onclose = ({code}) => {
      this.socket = null;
      this.on.closed(code === FULL ? "full" : code === REFUSED ? "refused" : "gone");
      setTimeout(() => this.connect(), this.waitMs);
      this.waitMs = Math.min(LONGEST_WAIT_MS, this.waitMs * 2);
    };
  }

  send(message) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  ping() {
    this.send({type: "ping", at: nowS()});
  }

  pong({at, clock_s: clockS}) {
    const now = nowS();
    this.samples.push({tripS: now - at, aheadS: clockS - (at + now) / 2});
    if (this.samples.length > SAMPLES) this.samples.shift();
  }

  // A time of this page's clock (performance.now, in seconds) by the server's; 0 before the clocks are compared.
  serverS(timeS) {
    return this.samples.length ? timeS + this.best.aheadS : 0;
  }

  get best() {
    return this.samples.reduce((one, other) => (other.tripS < one.tripS ? other : one));
  }

  // Milliseconds from a time of the server's clock until now; null before the clocks are compared. The comparison with
  // the shortest trip is the best: it can be wrong by half of that trip at most.
  delayMs(sinceS) {
    if (!this.samples.length) return null;
    return Math.max(0, (this.serverS(nowS()) - sinceS) * 1000);
  }
}
