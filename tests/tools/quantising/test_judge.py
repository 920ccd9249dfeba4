import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest

from deeplab_cv.networks.card import read_card
from deeplab_cv.tools.quantising.judge import Judge, JudgedInt8
from deeplab_cv.tools.quantising.quantiser import write_float32
from tests.tiny_networks import DOG, PERSON
from tests.tiny_networks import network as network

COLOURS = {PERSON: (0, 0, 255), DOG: (0, 255, 0)}


def picture_of(left: int, right: int) -> np.ndarray:
    """A picture whose halves show two classes: uint8 (96, 128, 3), BGR."""
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:, :64], picture[:, 64:] = COLOURS[left], COLOURS[right]
    return picture


def mask_of(left: int, right: int) -> np.ndarray:
    mask = np.full((96, 128), left, np.uint8)
    mask[:, 64:] = right
    return mask


@pytest.fixture
def float_file(network: Path, tmp_path: Path) -> Path:
    return write_float32(network, tmp_path / "float.onnx")


@pytest.fixture
def blind(float_file: Path, tmp_path: Path) -> Path:
    """The same network but for one thing: it takes every dog for a person."""
    model = onnx.load(str(float_file))
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor).copy()
        if values.shape[:1] == (21,):
            values[DOG], values[PERSON] = -4, np.maximum(values[DOG], values[PERSON])
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, str(tmp_path / "blind.onnx"))
    return tmp_path / "blind.onnx"


def test_the_network_itself_loses_nothing(network: Path, float_file: Path) -> None:
    judge = Judge(read_card(network), float_file, [("a", picture_of(PERSON, DOG))], {})

    judged = judge.judged(float_file, 4)

    assert judged == JudgedInt8(left_float=4, miou_to_float=1.0, equal_labels=1.0, truth=None)
    assert judged.drop == 0


def test_labels_that_changed_are_counted_against_the_float_network_s(
    network: Path, float_file: Path, blind: Path
) -> None:
    judge = Judge(read_card(network), float_file, [("a", picture_of(PERSON, DOG))], {})

    judged = judge.judged(blind, 0)

    assert judged.equal_labels == pytest.approx(0.5, abs=0.02)
    # Persons: half of what is taken for one is one. Dogs: none is found.
    assert judged.miou_to_float == pytest.approx(0.25, abs=0.02)
    assert judged.drop == 1 - judged.miou_to_float


def test_a_class_that_no_mask_has_decides_nothing(network: Path, float_file: Path, blind: Path) -> None:
    picture = picture_of(PERSON, PERSON)
    picture[:4, :4] = COLOURS[DOG]
    judge = Judge(read_card(network), float_file, [("a", picture)], {"a": mask_of(PERSON, PERSON)})

    before, after = judge.judged(blind, 0).truth

    assert after == pytest.approx(1.0)
    assert before > 0.98


def test_where_there_are_masks_the_loss_is_that_against_the_truth(network: Path, float_file: Path, blind: Path) -> None:
    pictures = [("a", picture_of(PERSON, DOG)), ("without a mask", picture_of(DOG, DOG))]
    judge = Judge(read_card(network), float_file, pictures, {"a": mask_of(PERSON, PERSON)})

    judged = judge.judged(blind, 0)

    before, after = judged.truth
    assert after == pytest.approx(1.0)
    assert before < 0.6
    assert judged.drop == before - after < 0


def test_unknown_pixels_of_a_mask_do_not_count(network: Path, float_file: Path) -> None:
    judge = Judge(read_card(network), float_file, [("a", picture_of(PERSON, DOG))], {"a": mask_of(PERSON, 255)})

    assert judge.judged(float_file, 0).truth == pytest.approx((1.0, 1.0), abs=0.02)


def test_a_class_of_a_handful_of_pixels_does_not_decide_the_mean(network: Path, float_file: Path, blind: Path) -> None:
    picture = picture_of(PERSON, PERSON)
    picture[:8, :8] = COLOURS[DOG]
    judge = Judge(read_card(network), float_file, [("a", picture), ("b", picture_of(PERSON, PERSON))], {})

    assert judge.judged(blind, 0).miou_to_float > 0.99


def test_the_loss_is_the_truth_s_where_both_are_known() -> None:
    judged = JudgedInt8(0, miou_to_float=0.7, equal_labels=0.9, truth=(0.8, 0.75))

    assert judged.drop == pytest.approx(0.05)
    assert dataclasses.replace(judged, truth=None).drop == pytest.approx(0.3)
