import numpy as np
import pytest

from deeplab_cv.errors import SourceError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources.opening import fitting, open_source
from deeplab_cv.sources.options import SourceOptions
from deeplab_cv.sources.pattern import PatternSource
from deeplab_cv.sources.pictures import PictureSource
from deeplab_cv.sources.video import VideoSource
from deeplab_cv.sources.wrappers import EveryNth, Looped, Mirrored
from tests.sinks.clips import scene
from tests.sources.clips import SAMPLES, read_all, write_scenes
from tests.sources.test_pictures import save

PLAIN = SourceOptions()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a clip, pictures and other files, which is the current one."""
    write_scenes(tmp_path / "clip.mp4", 10)
    for name in ("pictures/1.png", "pictures/2.png", "sheep.JPG"):
        save((tmp_path / name).with_suffix(".png"), scene(0, Size(16, 8))).rename(tmp_path / name)
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "videos").mkdir()
    for name in ("b.mov", "a.MP4"):
        (tmp_path / "videos" / name).write_text("a video")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "options", "source_class", "count"),
    [
        ("clip.mp4", PLAIN, VideoSource, 10),
        ("clip.mp4", SourceOptions(start=0.2), VideoSource, 5),
        ("clip.mp4", SourceOptions(every=4), EveryNth, 3),
        ("clip.mp4", SourceOptions(mirror=True), Mirrored, 10),
        ("sheep.JPG", PLAIN, PictureSource, 1),
        ("pictures", PLAIN, PictureSource, 2),
        ("pictures/*.png", SourceOptions(every=2, mirror=True), EveryNth, 1),
        ("pattern", SourceOptions(end=0.5), PatternSource, 15),
        ("pattern", SourceOptions(end=0.5, fps=10, width=32, height=16), PatternSource, 5),
    ],
)
def test_each_kind_of_source_is_opened_with_its_options(place, text, options, source_class, count):
    source = open_source(text, options)

    assert isinstance(source, source_class)
    assert source.info.frame_count == count
    assert len(read_all(source)) == count


def test_the_kind_that_is_given_wins(place):
    (place / "7").write_bytes((place / "clip.mp4").read_bytes())

    with open_source("7", PLAIN, "video") as source:
        assert source.info.frame_count == 10


def test_a_looped_video_goes_on_with_the_same_pictures_at_later_times(place):
    plain = read_all(open_source("clip.mp4", PLAIN))

    with open_source("clip.mp4", SourceOptions(loop=True)) as source:
        frames = [source.read() for _ in range(25)]

    assert isinstance(source, Looped)
    assert [frame.time_s * 25 for frame in frames] == list(range(25))
    assert all(np.array_equal(frame.image, plain[number % 10].image) for number, frame in enumerate(frames))


@pytest.mark.parametrize(
    ("text", "options", "flag"),
    [
        ("0", SourceOptions(loop=True), "--loop"),
        ("0", SourceOptions(start=1.0), "--start 1.0"),
        ("tcp://127.0.0.1:1", SourceOptions(loop=True), "--loop"),
        ("pattern", SourceOptions(retry=3), "--retry 3"),
        ("clip.mp4", SourceOptions(retry=1), "--retry 1"),
        ("pictures", SourceOptions(retry=2), "--retry 2"),
        ("0", SourceOptions(end=1.0), "--end 1.0"),
        ("pictures", SourceOptions(start=1.0), "--start 1.0"),
        ("pictures", SourceOptions(end=1.0), "--end 1.0"),
        ("pattern", SourceOptions(start=1.0), "--start 1.0"),
        ("clip.mp4", SourceOptions(start=2.0, end=1.0), "--end"),
    ],
)
def test_an_option_the_source_does_not_have_is_wrong_use(place, text, options, flag):
    with pytest.raises(UsageError, match=flag):
        open_source(text, options)


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("missing.mp4", "video", "no such file: missing.mp4; "),
        ("missing.png", "image", "no such file: missing.png; "),
        ("missing", None, "no such file: missing; "),
        ("text.mp4", None, "this is not a video file: text.mp4; "),
        ("text.mp4", "image", "this is a video, not a picture: text.mp4; "),
        ("pictures", "video", "this is a folder, not a file: pictures; "),
        ("nothing", None, "the folder has no pictures in it: nothing; "),
        ("*.bmp", None, r"no file matches: '\*\.bmp'; "),
        ("clip.mp4", "image", "this is a video, not a picture: clip.mp4; name it with --video clip.mp"),
        (
            "videos",
            None,
            "there are videos here, not pictures: videos; name it with --video videos/a.MP4; `app.py batch` takes",
        ),
        (
            "videos/*.m*",
            None,
            r"there are videos here, not pictures: 'videos/\*.m\*'; name it with --video videos/b.mo",
        ),
        (
            "clip.mp4",
            "camera",
            "a camera is named by its number or its device: camera clip.mp4; a file or a URL is --vid",
        ),
    ],
)
def test_what_cannot_be_opened_is_one_line(place, text, kind, problem):
    with pytest.raises(SourceError, match=f"^{problem}.+$"):
        open_source(text, PLAIN, kind)


def test_every_sample_opens_and_gives_a_frame():
    samples = sorted(SAMPLES.glob("*.*"))
    if not samples:
        pytest.skip("needs ../shared/samples")

    for sample in samples:
        with open_source(str(sample), PLAIN) as source:
            frame = source.read()
            assert frame.size == source.info.size, sample.name
            assert frame.image.std() > 10, sample.name


def test_what_only_a_source_beside_it_has_is_not_asked_of_a_source():
    options = SourceOptions(loop=True, start=1.0, end=2.0, retry=3, mirror=True)

    assert fitting(options, "camera", {"camera", "video"}) == SourceOptions(retry=3, mirror=True)
    assert fitting(options, "video", {"camera", "video"}) == SourceOptions(loop=True, start=1.0, end=2.0, mirror=True)


def test_what_no_source_has_is_still_refused():
    options = SourceOptions(loop=True)

    assert fitting(options, "camera", {"camera", "stream"}) == options
