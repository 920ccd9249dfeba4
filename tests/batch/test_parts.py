"""A long video in parts beside the same in one."""

import hashlib
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from deeplab_cv.batch import staged
from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.batch.work import Item, PartMade, Task
from deeplab_cv.batch.worker import Worker
from deeplab_cv.segmentation.options import LabelOptions, PaceOptions
from tests.batch.jobs import clip, plan_for, run_job

ROOT = Path(__file__).parent.parent.parent
FRAMES, KEY_EVERY = 96, 8


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """A square that moves over grey and changes its colour, at an uneven pace, with sound."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    generator = np.random.default_rng(3)
    gaps = generator.integers(1, 4, FRAMES)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"g": str(KEY_EVERY), "bf": "2", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.codec_context.time_base = Fraction(1, 100)
        sound = container.add_stream("aac", rate=8000, layout="mono")
        for index in range(FRAMES):
            image = np.full((96, 160, 3), 110, np.uint8)
            image[16:80, index : index + 48] = [(0, 0, 255), (0, 255, 0), (255, 0, 0)][index * 3 // FRAMES]
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = int(gaps[: index + 1].sum()), Fraction(1, 100)
            container.mux(video.encode(frame))
            samples = generator.integers(-3000, 3000, (1, int(80 * gaps[index]))).astype(np.int16)
            heard = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            heard.sample_rate = 8000
            container.mux(sound.encode(heard))
        container.mux(video.encode())
        container.mux(sound.encode())
    return path


def streams_of(path):
    """For each stream its times, and the hash of the sound."""
    with av.open(str(path)) as container:
        found = {}
        for stream in container.streams:
            packets = [packet for packet in container.demux(stream) if packet.size]
            data = b"".join(map(bytes, packets)) if stream.type == "audio" else b""
            found[stream.type] = (sorted(packet.pts for packet in packets), hashlib.sha256(data).hexdigest())
            container.seek(0)
        return found


def shown(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def labels_of(folder):
    files = sorted((folder / "masks" / "long").iterdir())
    assert [file.name for file in files] == [f"{number:06d}.png" for number in range(FRAMES)]
    return np.stack([np.asarray(Image.open(file)) for file in files])


def both(network, tmp_path, long_clip, **groups):
    """The same job in parts of half a second and in one; each folder with what came of the clip."""
    for folder, part_s in (("parts", 0.5), ("one", 0.0)):
        plan = plan_for(network, tmp_path / folder, forms=("painted", "masks"), part_s=part_s, **groups)
        records, _ = run_job(plan, [long_clip], workers=2)
        assert records[long_clip.name].frames == FRAMES
    return tmp_path / "parts", tmp_path / "one"


def test_parts_give_the_frames_times_sound_and_labels_of_one_run(network, tmp_path, long_clip):
    parts, one = both(network, tmp_path, long_clip)

    joined, whole = parts / "painted" / "long.mp4", one / "painted" / "long.mp4"
    assert streams_of(joined) == streams_of(whole)
    assert shown(joined) == shown(whole)
    assert (labels_of(parts) == labels_of(one)).all()


@pytest.mark.parametrize("pace", [PaceOptions(carry=3), PaceOptions(carry=5, still=4.0)], ids=["carried", "kept"])
def test_labels_that_are_carried_over_a_seam_are_those_of_one_run(network, tmp_path, long_clip, pace):
    parts, one = both(network, tmp_path, long_clip, pace=pace)

    assert (labels_of(parts) == labels_of(one)).all()


def test_smoothed_labels_are_nearly_those_of_one_run(network, tmp_path, long_clip):
    parts, one = both(network, tmp_path, long_clip, labels=LabelOptions(smooth=0.6))

    assert (labels_of(parts) == labels_of(one)).mean() > 0.999


@pytest.mark.parametrize("extension", [".mkv", ".webm"])
def test_other_containers_are_joined_as_well(network, tmp_path, long_clip, extension):
    other = tmp_path / f"long{extension}"
    with av.open(str(long_clip)) as source, av.open(str(other), "w") as target:
        if extension == ".mkv":
            video = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.size:
                    packet.stream = video
                    target.mux(packet)
        else:
            video = target.add_stream("libvpx-vp9", rate=25, options={"g": str(KEY_EVERY), "deadline": "realtime"})
            video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
            for frame in source.decode(video=0):
                target.mux(video.encode(frame))
            target.mux(video.encode())

    parts, one = both(network, tmp_path, other)

    assert shown(parts / "painted" / other.name) == shown(one / "painted" / other.name)
    assert (labels_of(parts) == labels_of(one)).all()


def test_a_video_of_one_key_frame_is_done_in_one(network, tmp_path):
    short = clip(tmp_path / "short.mp4", frames=30)
    plan = plan_for(network, tmp_path / "out", part_s=0.2)

    records, _ = run_job(plan, [short])

    assert records["short.mp4"].frames == 30


def test_parts_that_do_not_fit_together_are_done_in_one(network, tmp_path, long_clip):
    # As a container would look whose packets tell of one frame too many.
    program = tmp_path / "worker.py"
    program.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from dataclasses import replace\n"
        "from deeplab_cv.batch import parts, worker_process\n"
        "really_cut = parts.cut\n"
        "parts.cut = lambda *given: [replace(part, end=part.end + 1) for part in really_cut(*given)]\n"
        "parts.warmed_up = lambda layout, cut, **given: cut\n"
        "worker_process.main()\n",
        encoding="utf-8",
    )
    plan = plan_for(network, tmp_path / "out", part_s=0.5)

    records, summary = run_job(plan, [long_clip], workers=2, program=(sys.executable, str(program)))

    assert records["long.mp4"].frames == FRAMES
    assert summary["failed"] == 0


def test_parts_that_were_whole_when_a_run_was_stopped_are_not_made_again(network, tmp_path, long_clip):
    plan = plan_for(network, tmp_path / "out", part_s=0.5)
    place = FolderPlace(tmp_path / "out")
    place.prepare()
    worker = Worker(plan)
    task = Task(Item(str(long_clip), "long.mp4", "video"), ())
    first_cut = worker.work_on(task, lambda: None)
    made = worker.work_on(Task(task.item, (), part=first_cut.parts[1]), lambda: None)
    assert made == PartMade()
    assert list(staged.land_what_is_left(place)) == []

    again, beats = worker.work_on(task, lambda: None), []
    worker.work_on(Task(task.item, (), part=again.parts[1]), lambda: beats.append(1))

    assert again == first_cut
    assert beats == []
