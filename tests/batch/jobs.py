"""Small jobs for the tests of a batch: files of pure colours, a plan with a tiny network, and what lies in a folder."""

import hashlib
import sys
import threading
from pathlib import Path

import av
import cv2
import numpy as np

from deeplab_cv.batch.job import BatchJob
from deeplab_cv.batch.planning import make_plan
from deeplab_cv.batch.run_options import RunOptions
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.options import LabelOptions, PaceOptions
from deeplab_cv.sinks.options import OutputOptions

FAKE = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))
RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)


def picture(path, colour=RED, size=(128, 128)):
    """A picture of one colour, in the format of its extension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded, data = cv2.imencode(path.suffix, np.full((size[1], size[0], 3), colour, np.uint8))
    assert encoded
    path.write_bytes(data.tobytes())
    return path


def clip(path, frames=6, colour=RED):
    """A clip of one colour, 160x96, 25 frames a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((96, 160, 3), colour, np.uint8), format="bgr24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def plan_for(network_file, folder, *, forms=("painted",), **groups):
    """The plan of a job with this network on OpenCV; groups of options have their own names."""
    options = {
        "network": NetworkOptions(model=str(network_file)),
        "engine": EngineOptions(backend="opencv"),
        "pace": PaceOptions(),
        "labels": LabelOptions(),
        "picture": PictureOptions(),
        "encoding": OutputOptions(),
    }
    return make_plan(str(folder), forms=forms, **(options | groups))


def run_job(plan, words, **wishes):
    """Run a job to its end, with one worker where nothing else is said; its records by the names of their files."""
    with BatchJob(plan, [str(word) for word in words], RunOptions(**({"workers": 1} | wishes))) as job:
        records = list(job.run(threading.Event()))
        return {Path(record.input).name: record for record in records}, job.summary


def hashes_below(folder):
    """Each output below a job's folder with its hash."""
    forms = [folder / form for form in ("painted", "masks", "stats")]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for form in forms
        for path in sorted(form.rglob("*"))
        if path.is_file()
    }
