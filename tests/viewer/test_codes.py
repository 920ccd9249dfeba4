import pytest

from deeplab_cv.viewer.codes import key_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (ord("q"), "q"),
        (ord(" "), " "),
        (27, "Escape"),
        (0xFF51, "ArrowLeft"),
        (0x270000, "ArrowRight"),
        (63232, "ArrowUp"),
        (0xFFBE, "F1"),
        (0xFFC0, "F3"),
        (ord("q") | 0x100000, "q"),
        (0x10FF51, "ArrowLeft"),
    ],
)
def test_a_key_has_the_name_that_browsers_give_it(code, name):
    assert key_name(code) == name


@pytest.mark.parametrize("code", [-1, 0, 0xFFE1, 0x1008FF13])
def test_no_key_and_keys_that_say_nothing_alone_have_no_name(code):
    assert key_name(code) is None
