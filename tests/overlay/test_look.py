from dataclasses import replace

import cv2
import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import SettingsError
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.look import Backdrop, look_of, make_look, read_backdrop
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.overlay.view import View

NAMES = ("background", "dog", "person")


def test_a_look_knows_its_classes_by_label():
    look = make_look(PictureOptions(paint={"person": (255, 0, 0), "dog": (0, 255, 0)}), NAMES)

    assert look.colours == {2: (255, 0, 0), 1: (0, 255, 0)}


def test_a_class_the_network_does_not_know_is_named_with_those_it_knows():
    with pytest.raises(SettingsError, match=r"unknown class: unicorn; .*background, dog, person"):
        make_look(PictureOptions(paint={"unicorn": (1, 2, 3)}), NAMES)


@pytest.mark.parametrize("text", ["#0a1420", "10,20,32"])
def test_a_backdrop_of_one_colour_fills_any_size(text):
    backdrop = read_backdrop(text).at(Size(3, 2))

    np.testing.assert_array_equal(backdrop, np.full((2, 3, 3), (32, 20, 10)))


def test_a_backdrop_picture_is_read_from_its_file(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "beach.png"), picture)

    np.testing.assert_array_equal(read_backdrop(str(tmp_path / "beach.png")).at(Size(8, 6)), picture)


def test_a_wide_picture_covers_a_square_with_its_middle():
    picture = np.zeros((2, 6, 3), np.uint8)
    picture[:, 2:4] = 200

    np.testing.assert_array_equal(Backdrop(picture).at(Size(4, 4)), np.full((4, 4, 3), 200))


def test_a_tall_picture_covers_a_square_with_its_middle():
    picture = np.zeros((40, 10, 3), np.uint8)
    picture[15:25] = 200

    np.testing.assert_array_equal(Backdrop(picture).at(Size(5, 5)), np.full((5, 5, 3), 200))


def test_a_backdrop_follows_a_change_of_size():
    backdrop = Backdrop(np.full((4, 4, 3), 9, np.uint8))

    assert [backdrop.at(size).shape for size in (Size(8, 6), Size(3, 5), Size(1, 1))] == [
        (6, 8, 3),
        (5, 3, 3),
        (1, 1, 3),
    ]


@pytest.mark.parametrize("content", [None, b"", b"this is no picture"])
def test_a_background_that_is_no_picture_is_refused_by_its_name(tmp_path, content):
    file = tmp_path / "beach.jpg"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=r"background.*beach\.jpg; name a picture file, or a colour"):
        make_look(PictureOptions(style="replace", paint={}, background=str(file)), NAMES)


def test_a_view_has_one_look_for_all_frames_until_it_changes():
    view = View(picture=PictureOptions(style="mask", paint={"dog": (1, 2, 3)}))

    assert look_of(view, VOC_CLASSES) is look_of(replace(view), VOC_CLASSES)
    assert look_of(view, VOC_CLASSES).colours == {12: (1, 2, 3)}
    other = View(picture=PictureOptions(style="mask", paint={"dog": (3, 2, 1)}))
    assert look_of(other, VOC_CLASSES).colours == {12: (3, 2, 1)}


def test_another_picture_under_the_same_name_is_another_backdrop_and_a_view_keeps_its_first(tmp_path):
    file = tmp_path / "beach.png"
    cv2.imwrite(str(file), np.full((4, 4, 3), 200, np.uint8))
    picture = PictureOptions(style="replace", paint={}, background=str(file))
    view = View(picture=picture)
    look_of(view, NAMES)
    cv2.imwrite(str(file), np.full((6, 6, 3), 90, np.uint8))

    assert make_look(picture, NAMES).backdrop.at(Size(2, 2)).max() == 90
    file.unlink()
    assert look_of(replace(view, smooth=0.5), NAMES).backdrop.at(Size(2, 2)).max() == 200
