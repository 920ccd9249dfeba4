import threading

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.frames.pixels import BT601, BT709, Pixels, Planes, flip, resize, resized, to_bgr, to_rgb
from deeplab_cv.frames.size import Size

levels = st.integers(0, 255)


def soft_picture(width=128, height=96):
    small = np.random.default_rng(3).integers(40, 216, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def planes_of(image, matrix):
    """A BGR picture as planes, a colour sample being the mean of its four pixels."""
    rgb = image[..., ::-1].astype(float)
    y, u, v = np.moveaxis(rgb @ matrix.from_rgb[:, :3].T + matrix.from_rgb[:, 3], 2, 0)
    half = [plane.reshape(plane.shape[0] // 2, 2, plane.shape[1] // 2, 2).mean((1, 3)) for plane in (u, v)]
    return Planes(*(np.rint(plane).astype(np.uint8) for plane in (y, *half)), matrix)


@pytest.mark.parametrize(
    ("matrix", "rgb", "yuv"),
    [
        (BT709, (255, 255, 255), (235, 128, 128)),
        (BT709, (0, 0, 0), (16, 128, 128)),
        (BT709, (255, 0, 0), (63, 102, 240)),
        (BT601, (255, 0, 0), (81, 90, 240)),
        (BT601, (0, 0, 255), (41, 240, 110)),
    ],
)
def test_colours_have_the_values_of_the_standards(matrix, rgb, yuv):
    assert np.rint(matrix.from_rgb @ (*rgb, 1)) == pytest.approx(yuv)


@given(st.tuples(levels, levels, levels), st.sampled_from([BT601, BT709]))
def test_a_matrix_and_its_inverse_cancel(rgb, matrix):
    yuv = matrix.from_rgb @ (*rgb, 1)

    assert matrix.to_bgr @ (*yuv, 1) == pytest.approx(rgb[::-1])


@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_planes_scaled_down_are_the_picture_scaled_down(matrix):
    image = soft_picture()

    small = resized(Pixels(image=image, planes=planes_of(image, matrix)), (48, 32))

    expected = cv2.resize(image, (48, 32), interpolation=cv2.INTER_LINEAR)
    assert cv2.absdiff(small, expected).mean() < 1.5


def test_the_bgr_form_is_made_once_and_only_where_it_is_asked_for():
    asked = []
    pixels = Pixels(image=lambda: asked.append(1) or soft_picture(), planes=planes_of(soft_picture(), BT709))

    resized(pixels, (16, 16))
    assert not asked
    assert pixels.image is pixels.image
    assert len(asked) == 1


def test_both_forms_are_flipped():
    image = soft_picture()

    flipped = Pixels(image=image, planes=planes_of(image, BT709)).flipped()

    assert np.array_equal(flipped.image, image[:, ::-1])
    assert np.array_equal(flipped.planes.y, planes_of(image, BT709).y[:, ::-1])


def test_a_picture_that_came_as_bgr_has_no_planes():
    assert Pixels(image=soft_picture()).planes is None


def in_threads(*calls):
    """The answers of all calls, each made in a thread of its own; fails where one does not come back."""
    answers = [None] * len(calls)

    def answer(number):
        answers[number] = calls[number]()

    threads = [threading.Thread(target=answer, args=[number], daemon=True) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def test_a_picture_asked_for_in_two_threads_is_made_once():
    made = []
    asked_by_both = threading.Barrier(2)

    def make():
        made.append(soft_picture())
        return made[-1]

    pixels = Pixels(image=make)

    def ask():
        asked_by_both.wait(30)
        return pixels.image

    first, second = in_threads(ask, ask)

    assert len(made) == 1
    assert first is second is made[0]


def test_two_pictures_in_two_threads_do_not_wait_for_each_other():
    both_are_being_made = threading.Barrier(2)

    def make():
        both_are_being_made.wait(20)
        return soft_picture()

    pictures = [Pixels(image=make), Pixels(image=soft_picture(), planes=lambda: planes_of(make(), BT709))]

    image, planes = in_threads(lambda: pictures[0].image, lambda: pictures[1].planes)

    assert np.array_equal(image, soft_picture())
    assert planes.y.shape == image.shape[:2]


def test_the_size_of_a_picture_is_known_while_its_bgr_form_is_being_made():
    begun, goes_on = threading.Event(), threading.Event()

    def make():
        begun.set()
        goes_on.wait(30)
        return soft_picture()

    pixels = Pixels(image=make, planes=planes_of(soft_picture(), BT709))
    thread = threading.Thread(target=lambda: pixels.image, daemon=True)
    thread.start()
    assert begun.wait(30)

    sizes = in_threads(lambda: pixels.size)
    goes_on.set()
    thread.join(30)

    assert sizes == [(128, 96)]


def test_a_form_that_could_not_be_made_is_tried_again():
    attempts = []

    def make():
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("not yet")
        return soft_picture()

    pixels = Pixels(image=make)

    with pytest.raises(ValueError, match="not yet"):
        _ = pixels.image
    assert pixels.image is pixels.image
    assert len(attempts) == 2


def test_a_picture_that_exists_is_stored():
    image = soft_picture()

    assert Pixels(image=image).image is image


@pytest.mark.parametrize(("dtype", "code"), [(np.uint8, 1), (np.float32, 0), (np.uint8, -1)])
def test_resizing_and_flipping_keep_the_dtype(dtype, code):
    picture = soft_picture().astype(dtype)

    assert resize(picture, Size(10, 20)).dtype == dtype
    assert resize(picture, Size(10, 20)).shape == (20, 10, 3)
    assert np.array_equal(flip(flip(picture, code), code), picture)


def test_rgb_and_bgr_are_each_other_backwards():
    picture = soft_picture()

    assert np.array_equal(to_rgb(picture), picture[..., ::-1])
    assert np.array_equal(to_bgr(to_rgb(picture)), picture)
