/** The camera of this device. */

/** @typedef {"insecure" | "denied" | "missing" | "silent" | "lost"} Why There is no camera; a word of words.js. */

/** @type {Record<string, Why>} What a browser's errors mean. */
const MEANINGS = { NotAllowedError: "denied", NotFoundError: "missing", OverconstrainedError: "missing" };
const TRIES = 3;

/**
 * Open a camera.
 * @param {string} device "user" (front), "environment" (back), or a device's own name
 * @param {(why: Why) => void} onEnd called where there is none, and when it ends by itself
 * @returns {Promise<HTMLVideoElement | null>} plays it
 */
export async function openCamera(device, onEnd) {
  const facing = device === "user" || device === "environment";
  const wanted = facing ? { facingMode: { ideal: device } } : { deviceId: { exact: device } };
  const form = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  const stream = navigator.mediaDevices ? await streamOf({ ...wanted, ...form }, TRIES) : "insecure";
  if (typeof stream === "string") {
    onEnd(stream);
    return null;
  }
  stream.getVideoTracks()[0].onended = () => onEnd("lost");
  const video = document.createElement("video");
  Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
  await video.play();
  return video;
}

/** @type {(wanted: object, tries: number) => Promise<MediaStream | Why>} A busy browser finds none, or gives it up. */
async function streamOf(wanted, tries) {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    const why = (error instanceof DOMException && MEANINGS[error.name]) || "silent";
    if (why === "denied" || tries === 1) return why;
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
