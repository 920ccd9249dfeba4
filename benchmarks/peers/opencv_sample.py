"""OpenCV's samples/dnn/segmentation.py as its users run it, in its idioms, without its windows.

A colour is looked up for every pixel in Python, and classes at the network's size are enlarged by nearest neighbour.
"""

import cv2 as cv
import numpy as np
from interface import CLASS_COUNT, PAINTED, Stopwatch, arguments

args = arguments(__doc__)
colours = [np.array(PAINTED.get(label, (0, 0, 0)), np.uint8) for label in range(CLASS_COUNT)]

net = cv.dnn.readNetFromONNX(str(args.model))
net.setPreferableBackend(cv.dnn.DNN_BACKEND_DEFAULT)
net.setPreferableTarget(cv.dnn.DNN_TARGET_CPU)
capture = cv.VideoCapture(str(args.video))
writer = None

watch = Stopwatch(args.seconds)
while True:
    more, frame = capture.read()
    if not more:
        break
    watch.lap("decode")
    height, width = frame.shape[:2]
    blob = cv.dnn.blobFromImage(frame, 1 / np.mean(args.std), args.size, args.mean, True, crop=False)
    watch.lap("preprocess")
    net.setInput(blob)
    scores = net.forward()
    watch.lap("infer")
    classes = np.argmax(scores[0], axis=0)
    watch.lap("labels")
    painted = np.stack([colours[number] for number in classes.flatten()]).reshape(*classes.shape, 3)
    painted = cv.resize(painted, (width, height), interpolation=cv.INTER_NEAREST)
    picture = (0.1 * frame + 0.9 * painted).astype(np.uint8)
    watch.lap("overlay")
    if args.out:
        if writer is None:
            writer = cv.VideoWriter(
                str(args.out), cv.VideoWriter_fourcc(*"mp4v"), capture.get(cv.CAP_PROP_FPS), (width, height)
            )
        writer.write(picture)
        watch.lap("encode")
    if not watch.next_frame():
        break
if writer:
    writer.release()
watch.report()
