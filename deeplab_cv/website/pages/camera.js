/** The camera of this device. */

/** Why there is no camera, as a word of words.js. */
export class CameraError extends Error {
  /** @param {"insecure" | "denied" | "missing" | "silent"} word */
  constructor(word) {
    super(word);
    this.word = word;
  }
}

/** @type {Record<string, "denied" | "missing">} What a browser's errors mean. */
const MEANINGS = { NotAllowedError: "denied", NotFoundError: "missing", OverconstrainedError: "missing" };
const TRIES = 3;

/**
 * Open a camera.
 * @param {string} device "user" (front), "environment" (back), or a device's own name
 * @param {() => void} onLost called when it ends by itself
 * @returns {Promise<HTMLVideoElement>} plays it
 */
export async function openCamera(device, onLost) {
  if (!navigator.mediaDevices) throw new CameraError("insecure");
  const facing = device === "user" || device === "environment";
  const wanted = facing ? { facingMode: { ideal: device } } : { deviceId: { exact: device } };
  const form = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  const stream = await streamOf({ ...wanted, ...form }, TRIES);
  stream.getVideoTracks()[0].onended = onLost;
  const video = document.createElement("video");
  Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
  await video.play();
  return video;
}

/** @type {(wanted: object, tries: number) => Promise<MediaStream>} A busy browser finds no camera, or gives it up. */
async function streamOf(wanted, tries) {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    const meaning = (error instanceof DOMException && MEANINGS[error.name]) || "silent";
    if (meaning === "denied" || tries === 1) throw new CameraError(meaning);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return streamOf(wanted, tries - 1);
  }
}

/** @param {HTMLVideoElement} video */
export function closeCamera(video) {
  for (const track of /** @type {MediaStream} */ (video.srcObject).getTracks()) {
    track.onended = null;
    track.stop();
  }
  video.srcObject = null;
}

/** @returns {Promise<MediaDeviceInfo[]>} those whose names the browser gives, which it does once one was allowed */
export async function cameras() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((each) => each.kind === "videoinput" && each.deviceId);
}
