import pytest

from deeplab_cv.machine.endings import how_it_ended


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with code 0"),
        (3, "ended with code 3"),
        (-11, "was ended by SIGSEGV"),
        (-99, "was ended by signal 99"),
    ],
)
def test_an_exit_code_is_said_in_words(code, words):
    assert how_it_ended(code) == words
