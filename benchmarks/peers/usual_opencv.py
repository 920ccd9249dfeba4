"""The usual script: VideoCapture, blobFromImage, cv2.dnn, argmax over upsampled scores, colours, VideoWriter."""

import cv2
import numpy as np
from interface import CLASS_COUNT, PAINTED, Stopwatch, arguments

args = arguments(__doc__)
palette = np.zeros((CLASS_COUNT, 3), np.uint8)
for label, colour in PAINTED.items():
    palette[label] = colour

net = cv2.dnn.readNetFromONNX(str(args.model))
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
    # blobFromImage knows one scale for all channels: the mean of the three standard deviations.
    blob = cv2.dnn.blobFromImage(frame, 1 / np.mean(args.std), args.size, args.mean, swapRB=True)
    watch.lap("preprocess")
    net.setInput(blob)
    scores = net.forward()[0]
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
