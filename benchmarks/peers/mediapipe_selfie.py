"""MediaPipe's person segmenter as its users run it, with the landscape network (256x144) that lies in its wheel.

It knows person and background only. The network is small and made for pictures of oneself: a peer in speed, not in what
it tells apart.
"""

import cv2
import mediapipe
import numpy as np
from interface import PAINTED, Stopwatch, arguments

PERSON = 15
LANDSCAPE = 1

args = arguments(__doc__)
segmenter = mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=LANDSCAPE)
capture = cv2.VideoCapture(str(args.video))
width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
colour = np.full((height, width, 3), PAINTED[PERSON], np.uint8)
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
    rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    watch.lap("preprocess")
    # Preprocessing, the network and enlarging its mask to the frame's size are one call.
    mask = segmenter.process(rgb).segmentation_mask
    watch.lap("infer")
    person = mask > 0.5
    watch.lap("labels")
    picture = np.where(person[..., None], cv2.addWeighted(frame, 0.5, colour, 0.5, 0), frame)
    watch.lap("overlay")
    if writer:
        writer.write(picture)
        watch.lap("encode")
    if not watch.next_frame():
        break
if writer:
    writer.release()
segmenter.close()
watch.report()
