"""The public face, as a user of the package calls it."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from deeplab_cv import Segmenter, UserError
from deeplab_cv.errors import EngineError, SourceError, UsageError
from deeplab_cv.frames.size import Size
from tests.batch.jobs import RED, picture
from tests.tiny_networks import BACKGROUND, DOG, PERSON, SHEEP, halves, picture_of, tiny_network

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory):
    with Segmenter(tiny_network(tmp_path_factory.mktemp("network")), backend="opencv:cpu", threads=1) as segmenter:
        yield segmenter


def clip_of(path, labels):
    """A video without loss whose frames each show one class."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 10, (128, 72))
    for label in labels:
        writer.write(picture_of(label))
    writer.release()
    return path


@pytest.mark.parametrize("size", [Size(128, 72), Size(33, 77), Size(1, 1), Size(300, 20)])
def test_labels_have_the_size_of_the_picture(segmenter, size):
    result = segmenter(picture_of(DOG, size))

    assert result.labels.shape == size.hw
    assert result.labels.dtype == np.uint8
    assert (result.labels == DOG).all()
    assert result.engine == "opencv:cpu:float32"
    assert result.inference_ms > 0


def test_an_array_a_file_and_a_pil_picture_have_the_same_labels(segmenter, tmp_path):
    image = halves(PERSON, DOG)
    cv2.imwrite(str(tmp_path / "picture.png"), image)
    pillow = Image.fromarray(image[..., ::-1])

    expected = segmenter(image).labels

    assert set(expected.flat) >= {PERSON, DOG}
    for same in (tmp_path / "picture.png", str(tmp_path / "picture.png"), pillow):
        np.testing.assert_array_equal(segmenter(same).labels, expected)
    np.testing.assert_array_equal(segmenter(np.asarray(pillow), rgb=True).labels, expected)


def test_files_and_pil_pictures_are_turned_as_their_exif_says(segmenter, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    path = tmp_path / "turned.jpg"
    Image.fromarray(picture_of(DOG)[..., ::-1]).save(path, exif=exif, quality=100)

    assert segmenter(path).labels.shape == (128, 72)
    with Image.open(path) as opened:
        assert segmenter(opened).labels.shape == (128, 72)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((3, 72, 128), np.float32),
        np.zeros((72, 128), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((72, 128, 4), np.uint8),
        7,
        None,
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(segmenter, picture):
    with pytest.raises(SourceError) as error:
        segmenter(picture)

    assert "\n" not in str(error.value)


def test_a_missing_file_is_the_command_lines_error(segmenter, tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        segmenter(tmp_path / "none.jpg")


def test_every_frame_of_a_file_comes_in_order(segmenter, tmp_path):
    labels = [PERSON, DOG, SHEEP, BACKGROUND, DOG] * 4

    results = list(segmenter.stream(clip_of(tmp_path / "clip.mkv", labels)))

    assert [int(result.labels[36, 64]) for result in results] == labels
    assert [result.index for result in results] == list(range(20))
    assert [result.time_s for result in results] == pytest.approx([index / 10 for index in range(20)])
    assert {result.origin for result in results} == {"inferred"}
    assert results[0].frame.shape == (72, 128, 3)


def test_a_stream_that_is_left_early_leaves_no_thread(segmenter, tmp_path):
    clip = clip_of(tmp_path / "clip.mkv", [DOG] * 50)
    before = threading.active_count()
    stream = segmenter.stream(clip)

    next(stream)
    stream.close()

    assert threading.active_count() == before


def test_threads_calling_one_segmenter_get_each_their_own_labels(segmenter):
    wrong = []

    def call(label):
        wrong.extend(
            label for _ in range(30) if not (segmenter(picture_of(label, Size(128 + label, 72))).labels == label).all()
        )

    threads = [threading.Thread(target=call, args=(label,)) for label in (PERSON, DOG, SHEEP)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_two_streams_in_threads_have_the_labels_that_each_has_alone(segmenter, tmp_path):
    clips = {
        name: clip_of(tmp_path / f"{name}.mkv", labels)
        for name, labels in {"a": [PERSON, DOG, SHEEP] * 10, "b": [DOG, BACKGROUND] * 15}.items()
    }
    alone = {name: [result.labels for result in segmenter.stream(clip)] for name, clip in clips.items()}
    together = {}

    def run(name):
        together[name] = [result.labels for result in segmenter.stream(clips[name])]

    threads = [threading.Thread(target=run, args=(name,)) for name in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for name, labels in alone.items():
        np.testing.assert_array_equal(together[name], labels)


def test_a_video_is_painted_into_another_file(segmenter, tmp_path):
    clip = clip_of(tmp_path / "clip.mkv", [PERSON] * 8)

    written = segmenter.video(clip, tmp_path / "out.mp4", style="mask", paint="person=#00ff00")

    assert (written.path, written.frames) == (tmp_path / "out.mp4", 8)
    first = next(iter(segmenter.stream(tmp_path / "out.mp4"))).frame
    assert np.abs(first[36, 64].astype(int) - (0, 255, 0)).max() < 12


def test_a_video_is_never_written_over_its_own_original(segmenter, tmp_path):
    clip = clip_of(tmp_path / "clip.mkv", [DOG] * 2)
    before = clip.read_bytes()

    with pytest.raises(UsageError, match="the output is the input itself"):
        segmenter.video(clip, clip)

    assert clip.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model": "none.onnx"}, "no such network file"),
        ({"backend": "abacus"}, "unknown backend"),
        ({"smooth": 2.0}, "wrong value 2.0: smooth"),
        ({"threads": -1}, "wrong value -1: threads"),
    ],
)
def test_what_cannot_be_had_is_a_user_error_at_once(options, reason):
    with pytest.raises(UserError, match=reason):
        Segmenter(**options)


def test_a_closed_segmenter_says_so(tmp_path):
    segmenter = Segmenter(tiny_network(tmp_path), backend="opencv:cpu")
    segmenter.close()
    segmenter.close()

    with pytest.raises(UsageError, match="closed"):
        segmenter(picture_of(DOG))


def test_many_files_are_segmented_into_a_folder(segmenter, tmp_path):
    picture(tmp_path / "in" / "a.png", RED)
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    words = {"to": tmp_path / "out", "paint_files": True, "masks": True, "workers": 1}

    records = list(segmenter.batch([tmp_path / "in"], **words, style="mask"))

    assert {record.input: record.stage for record in records} == {
        str(tmp_path / "in" / "a.png"): "",
        str(tmp_path / "in" / "bad.png"): "read",
    }
    assert [output.path for record in records for output in record.outputs] == ["painted/a.png", "masks/a.png"]
    assert list(segmenter.batch([tmp_path / "in"], **words, style="mask")) == []


def test_a_batch_that_is_broken_off_goes_on_in_the_next_call(segmenter, tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        picture(tmp_path / "in" / name, RED)

    first = next(segmenter.batch([tmp_path / "in"], to=tmp_path / "out", workers=1))
    others = list(segmenter.batch([tmp_path / "in"], to=tmp_path / "out", workers=1))

    assert len({record.input for record in [first, *others]}) == 3


def test_a_batch_takes_one_file_or_folder_as_well(segmenter, tmp_path):
    one = picture(tmp_path / "in" / "a.png", RED)

    for number, inputs in enumerate((one, str(one), one.parent, str(one.parent))):
        records = list(segmenter.batch(inputs, to=tmp_path / f"out-{number}", workers=1))
        assert [Path(record.input) for record in records] == [one]


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"workers": -1}, {"workers": "2"}, {"style": "nope"}, {"size": 3}])
def test_a_wrong_argument_of_a_batch_is_said_at_once(segmenter, tmp_path, wrong):
    with pytest.raises(UserError):
        segmenter.batch([tmp_path], to=tmp_path / "out", **wrong)


def test_a_closed_segmenter_has_no_batch(tmp_path):
    segmenter = Segmenter(tiny_network(tmp_path), backend="opencv:cpu")
    segmenter.close()

    with pytest.raises(UsageError, match="closed"):
        segmenter.batch([tmp_path], to=tmp_path / "out")


def test_a_program_that_ends_in_the_midst_of_a_batch_ends_well(tmp_path):
    for name in ("a.png", "b.png", "c.png", "d.png"):
        picture(tmp_path / "in" / name, RED)
    network = tiny_network(tmp_path)
    lines = (
        "from deeplab_cv import Segmenter",
        f"records = Segmenter({str(network)!r}, backend='opencv:cpu').batch('in', to='out', workers=1)",
        "print(next(records).input)",
    )

    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["files"] == 4


def test_a_stream_of_a_segmenter_that_is_closed_ends_and_loads_no_further_engine(tmp_path):
    segmenter = Segmenter(tiny_network(tmp_path), backend="opencv:cpu", threads=1)
    stream = segmenter.stream("pattern")
    next(stream)
    segmenter.close()

    with pytest.raises(EngineError, match="closed"):
        for _ in stream:
            pass
