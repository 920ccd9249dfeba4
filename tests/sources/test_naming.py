import pytest

from deeplab_cv.errors import UsageError
from deeplab_cv.sources.naming import is_anything, kind_of, kind_of_video, with_variables


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The current folder, with a few files of the names that the cases have."""
    for name in ("clip.mp4", "sheep.JPG", "pictures/1.png", "7"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMERA_URL", "rtsp://camera/1")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", "camera"),
        ("12", "camera"),
        ("7", "video"),
        ("/dev/video0", "camera"),
        ("pattern", "pattern"),
        ("clip.mp4", "video"),
        ("missing.mkv", "video"),
        ("rtsp://user:word@camera/1", "stream"),
        ("rtsp:user:word@camera/1", "stream"),
        ("${CAMERA_URL}", "stream"),
        ("http://camera/clip.jpg", "stream"),
        ("sheep.JPG", "image"),
        ("missing.png", "image"),
        ("pictures", "image"),
        ("pictures/*.png", "image"),
    ],
)
def test_the_text_decides_what_it_names(place, text, kind):
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", "camera"),
        ("7", "video"),
        ("clip.mp4", "video"),
        ("sheep.JPG", "video"),
        ("pictures", "image"),
        ("rtsp://camera/1", "stream"),
    ],
)
def test_where_a_video_is_asked_for_a_camera_and_a_folder_are_understood_too(place, text, kind):
    assert kind_of_video(text) == kind


@pytest.mark.parametrize(
    ("text", "anything"),
    [
        ("clip.mp4", True),
        ("0", True),
        ("pictures/*.png", True),
        ("rtsp://camera/1", True),
        ("-", True),
        ("docter", False),
        ("clp.mp4", False),
        ("shep.jpg", False),
    ],
)
def test_a_word_names_something_or_nothing(place, text, anything):
    assert is_anything(text) is anything


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("${CAMERA_URL}", "rtsp://camera/1"),
        ("rtsp://me:${WORD}@host/1", "rtsp://me:p%2Fw%25@host/1"),
        ("rtsp://host/${WORD}", "rtsp://host/p/w%"),
        ("${WORD}/clip.mp4", "p/w%/clip.mp4"),
        ("$WORD.mp4", "$WORD.mp4"),
        ("clip.mp4", "clip.mp4"),
    ],
)
def test_a_variable_of_the_environment_is_put_in_and_a_password_encoded(place, monkeypatch, text, meant):
    monkeypatch.setenv("WORD", "p/w%")

    assert with_variables(text) == meant


def test_a_variable_that_is_not_set_is_one_line(monkeypatch):
    monkeypatch.delenv("NOT_THERE", raising=False)

    with pytest.raises(UsageError, match=r"^no such variable in the environment: NOT_THERE; .*export NOT_THERE="):
        with_variables("rtsp://me:${NOT_THERE}@host/1")


def test_a_file_of_a_variable_s_form_is_that_file(place):
    (place / "${WORD}.mp4").touch()

    assert with_variables("${WORD}.mp4") == "${WORD}.mp4"
