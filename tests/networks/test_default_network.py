"""The network that lies in models/, on real pictures: right colours in the right places, the same on every engine."""

import cv2
import numpy as np
import pytest
from PIL import Image

from deeplab_cv.cli import main
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import demo_clip, models_folder
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.network import fitting_sizes
from tests.tutorial_picture import DOG_S_HEAD, PERSON_S_TORSO, SHEEP_S_BODIES, TUTORIAL_PICTURE, found_in

DOG, PERSON, SHEEP = 12, 15, 17


@pytest.fixture
def tutorial_picture():
    if not TUTORIAL_PICTURE.exists():
        pytest.skip("the sample pictures are not beside the repository")
    return str(TUTORIAL_PICTURE)


def test_the_default_network_has_a_card_and_is_small_enough_for_the_repository():
    (file,) = models_folder().glob("deeplabv3_lite.onnx")

    assert file.with_name("deeplabv3_lite.card.yaml").exists()
    assert file.stat().st_size < 15e6


def test_a_live_picture_has_three_sizes_to_choose_from():
    (file,) = models_folder().glob("deeplabv3_lite.onnx")

    assert fitting_sizes(read_card(file).input_sizes, Size(1280, 720)) == [(512, 288), (432, 240), (336, 192)]


def test_the_tutorial_s_picture_has_a_red_person_and_a_blue_sheep(tutorial_picture, tmp_path):
    out = tmp_path / "seg.png"

    assert main(["--image", tutorial_picture, "--out", str(out), "--headless", "--style", "mask"]) == 0

    painted = cv2.imread(str(out))
    assert painted[200, 185].tolist() == [0, 0, 255]
    assert painted[280, 100].tolist() == [255, 0, 0]
    assert painted[20, 200].tolist() == [0, 0, 0]


def test_what_is_found_of_the_tutorial_s_picture_is_not_lost(tutorial_picture, tmp_path):
    # Half of the dog is to be found as well; models/README.md says what is missed.
    assert main(["--image", tutorial_picture, "--masks", str(tmp_path), "--headless"]) == 0

    found = found_in(np.asarray(Image.open(next(tmp_path.iterdir()))))

    assert found.person > 0.9
    assert found.sheep >= 3
    assert found.sheep_share >= 0.06


def test_the_aim_is_reached_by_labels_that_have_all_of_the_tutorial_s_picture_and_by_no_others():
    labels = np.zeros((400, 400), np.uint8)
    labels[PERSON_S_TORSO] = PERSON
    for body in SHEEP_S_BODIES:
        labels[body] = SHEEP
    labels[360:, :200] = SHEEP
    without_dog = labels.copy()
    labels[DOG_S_HEAD] = DOG

    assert found_in(labels).reaches_the_aim
    assert not found_in(without_dog).reaches_the_aim
    assert not found_in(np.full((400, 400), SHEEP, np.uint8)).reaches_the_aim


def test_every_engine_gives_the_same_labels(tutorial_picture, tmp_path):
    masks = []
    for backend in ("opencv:cpu", "onnxruntime:cpu", "openvino:cpu"):
        folder = tmp_path / backend.partition(":")[0]
        words = ["--image", tutorial_picture, "--masks", str(folder), "--headless", "--backend", backend]
        assert main(words) == 0
        masks.append(np.asarray(Image.open(next(folder.iterdir()))))

    assert (masks[0] == masks[1]).mean() >= 0.999
    assert (masks[0] == masks[2]).mean() >= 0.999
    assert {PERSON, SHEEP} <= set(np.unique(masks[0]))


def test_people_are_found_all_through_the_demo_clip(tmp_path):
    figures = tmp_path / "area.csv"

    assert main(["--video", str(demo_clip()), "--every", "30", "--stats", str(figures), "--headless"]) == 0

    header, *rows = [line.split(",") for line in figures.read_text().splitlines()]
    column = next(place for place, name in enumerate(header) if name.startswith("person"))
    shares = [float(row[column]) for row in rows]
    assert len(shares) == 10
    assert min(shares) > 0
