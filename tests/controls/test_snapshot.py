import itertools
from datetime import datetime
from fractions import Fraction

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.controls import snapshot
from deeplab_cv.controls.snapshot import free_stem, save_snapshot, snapshot_facts
from deeplab_cv.errors import SinkError
from deeplab_cv.frames.frame import WHOLE_INPUT, Frame, Painted, Scored
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View

NOW = "20260102-030405"


class StillClock(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 2, 3, 4, 5)


@pytest.fixture(autouse=True)
def one_moment(monkeypatch):
    monkeypatch.setattr(snapshot, "datetime", StillClock)


def frame_of(picture, name=""):
    return Frame(Pixels(image=picture), 7, pts=35, time_base=Fraction(1, 30), captured_at=0.0, name=name)


@pytest.fixture
def painted():
    """A picture of 6x4 pixels whose left half is a person."""
    picture = np.random.default_rng(1).integers(0, 256, (4, 6, 3), np.uint8)
    labels = np.zeros((4, 6), np.uint8)
    labels[:, :3] = 15
    return Painted(frame_of(picture), labels, Pixels(image=picture), VOC_CLASSES)


def test_picture_mask_and_facts_lie_side_by_side_under_one_name(painted, tmp_path):
    line = save_snapshot(tmp_path, painted, {"source": "camera 0", "painted": ["person"]})

    stem = f"snapshot-{NOW}"
    assert line == f"saved {stem}.png, its mask and what made them"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{stem}-mask.png", f"{stem}.png", f"{stem}.yaml"]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"{stem}.png"))[..., ::-1], painted.picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"{stem}-mask.png")), painted.labels)
    facts = yaml.safe_load((tmp_path / f"{stem}.yaml").read_text())
    assert facts == {"source": "camera 0", "painted": ["person"]}


def test_several_snapshots_of_one_second_each_have_their_files(painted, tmp_path):
    lines = {save_snapshot(tmp_path, painted, {}) for _ in range(4)}

    assert len(lines) == 4
    assert len(list(tmp_path.iterdir())) == 12


def test_a_folder_that_is_gone_is_one_line(painted, tmp_path):
    with pytest.raises(SinkError, match=r"snapshot-.*\.png") as error:
        save_snapshot(tmp_path / "gone", painted, {})

    assert "\n" not in str(error.value)


@given(numbers=st.sets(st.integers(0, 12)), plain=st.booleans())
def test_no_file_of_the_folder_begins_with_the_name_that_is_given(tmp_path_factory, numbers, plain):
    folder = tmp_path_factory.mktemp("here")
    for number in numbers:
        (folder / f"snapshot-{NOW}-{number}.png").touch()
    if plain:
        (folder / f"snapshot-{NOW}.yaml").touch()

    stem = free_stem(folder, "snapshot")

    assert stem.startswith(f"snapshot-{NOW}")
    assert not [path for path in folder.iterdir() if path.name.startswith(stem)]


def test_what_other_words_and_moments_have_taken_is_free(tmp_path):
    for name in (f"recording-{NOW}.mp4", "snapshot-20260102-030404.png"):
        (tmp_path / name).touch()

    assert free_stem(tmp_path, "snapshot") == f"snapshot-{NOW}"


def scored(name=""):
    frame = frame_of(np.zeros((4, 6, 3), np.uint8), name)
    scores = np.zeros((21, 1, 1), np.float32)
    return Scored(
        frame,
        scores,
        area=WHOLE_INPUT,
        align_corners=False,
        class_names=VOC_CLASSES,
        made_by="tiny on opencv:cpu:float32",
        inference_ms=12.0,
    )


def test_the_facts_are_those_of_frame_network_and_view():
    view = View(
        overlay=False, picture=PictureOptions(style="mask", alpha=0.25), smooth=0.3, hidden=frozenset({"person"})
    )

    assert snapshot_facts(scored(), view, "camera 0") == {
        "source": "camera 0",
        "frame": 7,
        "time_s": 1.167,
        "made_by": "tiny on opencv:cpu:float32",
        "overlay": False,
        "painted": ["dog", "sheep"],
        "style": "mask",
        "alpha": 0.25,
        "smooth": 0.3,
    }


def test_a_frame_that_has_a_name_is_called_by_it():
    assert snapshot_facts(scored("dog.jpg"), View(), "pictures")["source"] == "dog.jpg"


def test_facts_can_be_written_as_yaml_whatever_the_view():
    for overlay, everything in itertools.product([False, True], repeat=2):
        facts = snapshot_facts(scored(), View(overlay=overlay, all_classes=everything), "x")
        assert yaml.safe_load(yaml.safe_dump(facts)) == facts
