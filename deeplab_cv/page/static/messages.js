// Binary messages of the server (page/viewers.py): a head of 24 bytes, then a picture or a part of the stream.

export const JPEG = 0, H264 = 1, MP4_HEAD = 2, MP4_FRAGMENT = 3;

const HEAD_BYTES = 24;

export function read(buffer) {
  const head = new DataView(buffer, 0, HEAD_BYTES);
  return {
    kind: head.getUint8(0),
    key: head.getUint8(1) !== 0,
    timeS: head.getFloat64(8),
    sinceS: head.getFloat64(16),
    data: new Uint8Array(buffer, HEAD_BYTES),
  };
}
