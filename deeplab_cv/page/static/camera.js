// This browser's camera as the run's source: the newest picture is sent whenever the last one was taken.

const byId = id => document.getElementById(id);

const TAKEN = 4009;
const QUALITY = 0.8;
const INSECURE = "Browsers give a camera to secure pages only: start the program with --tls-self-signed and open its "
  + "https:// link, or open the page on the machine where the program runs.";

const TRIES = 3;

// Asked again: a busy browser finds no camera, or gives it up.
async function streamOf(wanted, tries) {
  try {
    return await navigator.mediaDevices.getUserMedia({video: wanted, audio: false});
  } catch (error) {
    if (error.name === "NotAllowedError" || tries === 1) throw error;
    await new Promise(resolve => setTimeout(resolve, 1000));
    return streamOf(wanted, tries - 1);
  }
}

export class Camera {
  constructor(connection) {
    this.connection = connection;
    this.canvas = document.createElement("canvas");
    this.button = byId("camera-button");
    this.button.addEventListener("click", () => (this.socket ? this.stop("") : this.start()));
    if (!navigator.mediaDevices?.getUserMedia) {
      this.button.hidden = true;
      this.say(INSECURE);
    }
  }

  say(text) {
    byId("camera-note").textContent = text;
  }

  async start() {
    const {width, height} = this.size;
    this.button.disabled = true;
    try {
      const wanted = {width: {ideal: width}, height: {ideal: height}, frameRate: {ideal: 30}, facingMode: "user"};
      this.stream = await streamOf(wanted, TRIES);
    } catch (error) {
      this.say(error.name === "NotAllowedError" ? "The browser was not allowed to use the camera." : `No camera: ${error.message}`);
      return;
    } finally {
      this.button.disabled = false;
    }
    this.video = Object.assign(document.createElement("video"), {muted: true, playsInline: true, srcObject: this.stream});
    await this.video.play();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/camera`);
    this.socket = socket;
    socket.onopen = () => {
      this.button.textContent = "Stop sending";
      this.say("This browser's camera is sent.");
      this.sendNext();
    };
    socket.onmessage = () => this.sendNext();
    socket.onclose = ({code}) => {
      if (socket === this.socket) this.stop(code === TAKEN ? "Another page sends its camera." : "The run takes no camera now.");
    };
  }

  // The next picture that the camera brings, with the time at which it was taken.
  sendNext() {
    const video = this.video;
    const send = (now, facts) => {
      if (video !== this.video) return;
      this.canvas.width = video.videoWidth;
      this.canvas.height = video.videoHeight;
      this.canvas.getContext("2d").drawImage(video, 0, 0);
      const takenMs = facts?.captureTime ?? performance.now();
      this.canvas.toBlob(blob => blob && this.put(blob, takenMs), "image/jpeg", QUALITY);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(send);
    else requestAnimationFrame(() => send());
  }

  async put(blob, takenMs) {
    const head = new DataView(new ArrayBuffer(8));
    head.setFloat64(0, this.connection.serverS(takenMs / 1000));
    const message = new Blob([head.buffer, blob]);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  stop(why) {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.stream?.getTracks().forEach(track => track.stop());
    this.video = null;
    this.button.textContent = "Send camera";
    this.say(why);
  }

  show({takes_camera: takes}) {
    byId("camera-card").hidden = !takes;
    this.size = takes;
  }
}
