"""The usual script with ONNX Runtime instead of cv2.dnn, as it comes."""

import cv2
import numpy as np
import onnxruntime
from interface import CLASS_COUNT, PAINTED, Stopwatch, arguments

args = arguments(__doc__)
palette = np.zeros((CLASS_COUNT, 3), np.uint8)
for label, colour in PAINTED.items():
    palette[label] = colour
mean, std = np.array(args.mean, np.float32), np.array(args.std, np.float32)

session = onnxruntime.InferenceSession(str(args.model), providers=["CPUExecutionProvider"])
input_name = session.get_inputs()[0].name
capture = cv2.VideoCapture(str(args.video))
width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
writer = None
if args.out:
    fourcc = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(args.out), fourcc, capture.get(cv2.CAP_PROP_FPS), (width, height))

watch = Stopwatch(args.seconds)
while True:
    more, frame = capture.read()
    if not more:
        break
    watch.lap("decode")
    rgb = cv2.cvtColor(cv2.resize(frame, args.size), cv2.COLOR_BGR2RGB)
    tensor = ((rgb.astype(np.float32) - mean) / std).transpose(2, 0, 1)[None]
    watch.lap("preprocess")
    scores = session.run(None, {input_name: tensor})[0][0]
    watch.lap("infer")
    upsampled = np.stack([cv2.resize(plane, (width, height)) for plane in scores])
    labels = upsampled.argmax(axis=0)
    watch.lap("labels")
    picture = cv2.addWeighted(frame, 0.5, palette[labels], 0.5, 0)
    watch.lap("overlay")
    if writer:
        writer.write(picture)
        watch.lap("encode")
    if not watch.next_frame():
        break
if writer:
    writer.release()
watch.report()
