import cv2
import numpy as np
import pytest
from PIL import Image

from deeplab_cv import Segmenter
from deeplab_cv.errors import SettingsError
from tests.tiny_networks import DOG, PERSON, halves, picture_of, tiny_network


@pytest.fixture(scope="module")
def result_of(tmp_path_factory):
    """A Segmenter: gives the result for a picture."""
    with Segmenter(tiny_network(tmp_path_factory.mktemp("network")), backend="opencv:cpu", threads=1) as segmenter:
        yield segmenter


def test_masks_shares_and_cutouts_are_of_the_class_named(result_of):
    result = result_of(cv2.resize(halves(PERSON, DOG), (1280, 720), interpolation=cv2.INTER_NEAREST))

    person, cutout = result.mask("person"), result.cutout("person")

    np.testing.assert_array_equal(person, result.labels == PERSON)
    assert result.share("person") == pytest.approx(person.mean())
    assert cutout.shape == (720, 1280, 4)
    np.testing.assert_array_equal(cutout[..., :3], result.frame)
    assert (cutout[:, 0, 3], cutout[:, -1, 3]) == (pytest.approx(255), pytest.approx(0))
    assert set(cutout[..., 3].flat) - {0, 255}


@pytest.mark.parametrize("ask", ["mask", "share", "cutout"])
def test_an_unknown_class_is_one_error_with_the_nearest_name(result_of, ask):
    with pytest.raises(SettingsError, match="unknown class: persn; did you mean person"):
        getattr(result_of(picture_of(DOG)), ask)("persn")


def test_an_unknown_class_to_be_painted_is_the_same_error(result_of):
    with pytest.raises(SettingsError, match="did you mean sheep"):
        result_of(picture_of(DOG)).painted(paint="shep")


def test_an_unknown_style_is_an_error(result_of):
    with pytest.raises(SettingsError, match="unknown style: blurr; did you mean blur"):
        result_of(picture_of(DOG)).painted(style="blurr")


def test_paint_takes_names_with_and_without_colours(result_of):
    painted = result_of(halves(PERSON, DOG)).painted(style="mask", paint="person=#0000ff dog")

    assert tuple(painted[36, 2]) == (255, 0, 0)
    assert tuple(painted[36, -2]) == (0, 255, 0)


def test_a_picture_and_its_mask_are_saved(result_of, tmp_path):
    result = result_of(halves(PERSON, DOG))

    result.save(tmp_path / "out.png", style="mask")
    result.save_mask(tmp_path / "mask.png")

    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "out.png")), result.painted(style="mask"))
    with Image.open(tmp_path / "mask.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), result.labels)


def test_detections_of_supervision_are_one_for_each_class(result_of):
    pytest.importorskip("supervision", reason="supervision is not installed")

    found = result_of(halves(PERSON, DOG)).to_supervision()

    assert sorted(found.data["class_name"]) == ["dog", "person"]
    assert found.mask.shape == (2, 72, 128)


def test_shares_of_all_classes_are_the_whole_picture(result_of):
    result = result_of(halves(PERSON, DOG))

    assert sum(result.share(name) for name in result.classes) == pytest.approx(1)


def test_the_picture_itself_is_handed_over_as_it_came(result_of):
    picture = halves(PERSON, DOG)

    np.testing.assert_array_equal(result_of(picture).frame, picture)


def test_it_says_of_itself_how_large_it_is_and_what_computed_it(result_of):
    assert repr(result_of(picture_of(DOG))).startswith("<Result 128x72, opencv:cpu:float32, ")
