"""OpenVINO's own wrapper (PyPI openvino-model-api): its SegmentationModel in its AsyncPipeline."""

import cv2
import numpy as np
from interface import CLASS_COUNT, PAINTED, Stopwatch, arguments
from model_api.models import Model
from model_api.pipelines import AsyncPipeline

REQUESTS = 2

args = arguments(__doc__)
palette = np.zeros((CLASS_COUNT, 3), np.uint8)
for label, colour in PAINTED.items():
    palette[label] = colour

configuration = {
    "mean_values": list(args.mean),
    "scale_values": list(args.std),
    "reverse_input_channels": True,
    "return_soft_prediction": False,
    "soft_threshold": float("inf"),
}
model = Model.create_model(
    str(args.model), "Segmentation", configuration, device="CPU", nstreams=str(REQUESTS), max_num_requests=REQUESTS
)
pipeline = AsyncPipeline(model)
capture = cv2.VideoCapture(str(args.video))
width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
writer = None
if args.out:
    fourcc = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(args.out), fourcc, capture.get(cv2.CAP_PROP_FPS), (width, height))

watch = Stopwatch(args.seconds)
given = taken = 0
reading = True
while reading or taken < given:
    if reading and pipeline.is_ready():
        reading, frame = capture.read()
        watch.lap("decode")
        if reading:
            pipeline.submit_data(frame, given, {"frame": frame})
            given += 1
            watch.lap("preprocess")
        continue
    result = pipeline.get_result(taken)
    if result is None:
        pipeline.await_any() if reading else pipeline.await_all()
        watch.lap("infer")
        continue
    labels, meta = result
    taken += 1
    watch.lap("labels")
    picture = cv2.addWeighted(meta["frame"], 0.5, palette[labels], 0.5, 0)
    watch.lap("overlay")
    if writer:
        writer.write(picture)
        watch.lap("encode")
    if not watch.next_frame():
        break
pipeline.await_all()
if writer:
    writer.release()
watch.report()
