import struct
from fractions import Fraction

import cv2
import numpy as np
import pytest
from PIL import Image, features

from deeplab_cv.cli import main
from deeplab_cv.errors import SourceError
from deeplab_cv.frames.size import Size
from deeplab_cv.sources import pictures
from deeplab_cv.sources.opening import open_source
from deeplab_cv.sources.options import SourceOptions
from deeplab_cv.sources.picture_header import turned
from deeplab_cv.sources.pictures import PictureSource, find_pictures, picture_of_pillow, read_picture
from tests.sinks.clips import scene
from tests.sources.clips import SAMPLES, read_all
from tests.tiny_networks import tiny_network


def save(path, picture):
    """Write a picture whatever its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


def with_orientation(jpeg, orientation):
    """The JPEG with an EXIF segment that holds nothing but its orientation (Exif 2.3, tag 0x0112)."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def test_a_picture_comes_once_with_its_name_and_time(tmp_path):
    picture = scene(0, Size(40, 30))
    path = save(tmp_path / "one.png", picture)

    with PictureSource([path]) as source:
        info = source.info
        frames = list(iter(source.read, None))

    assert (info.size, info.frame_count, info.frame_rate, info.live) == ((40, 30), 1, None, False)
    assert (info.name, info.path, info.time_base) == ("one.png", path, Fraction(1))
    assert len(frames) == 1
    assert (frames[0].index, frames[0].pts, frames[0].name) == (0, 0, str(path))
    assert np.array_equal(frames[0].image, picture)


def test_pictures_may_differ_in_size(tmp_path):
    paths = [save(tmp_path / f"{width}.png", scene(0, Size(width, 20))) for width in (10, 30)]

    frames = read_all(PictureSource(paths))

    assert [frame.size for frame in frames] == [(10, 20), (30, 20)]
    assert [frame.pts for frame in frames] == [0, 1]
    assert [frame.name for frame in frames] == [str(path) for path in paths]


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, lambda picture: picture),
        (2, lambda picture: picture[:, ::-1]),
        (3, lambda picture: np.rot90(picture, 2)),
        (4, lambda picture: picture[::-1]),
        (5, lambda picture: picture.transpose(1, 0, 2)),
        (6, lambda picture: np.rot90(picture, -1)),
        (7, lambda picture: np.rot90(picture, 2).transpose(1, 0, 2)),
        (8, lambda picture: np.rot90(picture, 1)),
    ],
)
def test_a_photograph_is_turned_as_its_exif_orientation_says(tmp_path, orientation, expected):
    stored = save(tmp_path / "stored.jpg", scene(3, Size(48, 32)))
    photograph = tmp_path / "photograph.jpg"
    photograph.write_bytes(with_orientation(stored.read_bytes(), orientation))

    assert np.array_equal(read_picture(photograph), expected(read_picture(stored)))


@pytest.mark.parametrize("name", ["Schäfchen 羊.png", "ein Bild é [1].jpg", "🐑.webp"])
def test_any_name_can_be_read(tmp_path, name):
    assert read_picture(save(tmp_path / name, scene(0, Size(20, 10)))).shape == (10, 20, 3)


def test_grey_becomes_three_equal_channels(tmp_path):
    grey = np.arange(200, dtype=np.uint8).reshape(10, 20)

    picture = read_picture(save(tmp_path / "grey.png", grey))

    assert np.array_equal(picture, np.dstack([grey] * 3))


@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_sixteen_bits_become_eight(tmp_path, ending):
    deep = scene(0, Size(20, 10)).astype(np.uint16) * 257

    picture = read_picture(save(tmp_path / f"deep.{ending}", deep))

    assert picture.dtype == np.uint8
    assert abs(picture.astype(int) - scene(0, Size(20, 10))).max() <= 1


@pytest.mark.parametrize(("dtype", "full"), [(np.uint8, 255), (np.uint16, 65535)])
def test_transparent_parts_lie_over_black(tmp_path, dtype, full):
    bgra = np.full((4, 6, 4), full, dtype)
    bgra[:, :3, 3] = 0

    picture = read_picture(save(tmp_path / "cutout.png", bgra))

    assert (picture[:, :3] == 0).all()
    assert (picture[:, 3:] == 255).all()


@pytest.mark.parametrize("size", [Size(1, 1), Size(20_000, 30), Size(30, 20_000)])
def test_extreme_sizes_are_read(tmp_path, size):
    path = save(tmp_path / "extreme.png", np.full((size.height, size.width, 3), 9, np.uint8))

    assert read_picture(path).shape == (size.height, size.width, 3)


def _huge(path):
    """A few bytes that claim to be 100,000 pixels wide and high."""
    path.write_bytes(b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 100_000, 100_000, 1, 24, 0, 0, 0, 0, 0, 0))


def _half(path):
    whole = cv2.imencode(path.suffix, scene(0, Size(60, 40)))[1].tobytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("name", "make", "problem"),
    [
        ("none.png", lambda path: None, "no such file"),
        ("empty.png", lambda path: path.touch(), "the file is empty"),
        ("text.jpg", lambda path: path.write_text("no picture"), "this is not a picture"),
        ("half.png", _half, "the picture is cut off"),
        ("half.webp", _half, "this is not a picture, or a damaged one"),
        ("huge.bmp", _huge, "the picture is too large \\(100000x100000, more than 200 megapixels\\)"),
    ],
)
def test_what_is_no_picture_is_one_line_and_nothing_on_the_terminal(tmp_path, capfd, name, make, problem):
    make(tmp_path / name)

    with pytest.raises(SourceError, match=problem) as caught:
        PictureSource([tmp_path / name])

    assert str(tmp_path / name) in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_unreadable_pictures_among_others_are_passed_over_and_are_an_error_after_the_last(tmp_path, caplog):
    paths = [tmp_path / "0.png", *(save(tmp_path / f"{number}.png", scene(0, Size(8, 8))) for number in (1, 2, 3))]
    paths[0].write_bytes(b"broken")
    paths[2].write_bytes(b"broken")

    with PictureSource(paths) as source:
        frames = [source.read(), source.read()]
        with pytest.raises(SourceError, match=r"^2 of 4 pictures could not be read: .*0\.png; .*the others are done$"):
            source.read()
        assert source.read() is None

    assert [frame.name for frame in frames] == [str(paths[1]), str(paths[3])]
    assert [frame.index for frame in frames] == [0, 1]
    assert "2.png" in caplog.text


def test_an_unreadable_picture_is_no_error_where_the_others_come_again_and_again(tmp_path):
    save(tmp_path / "1.png", scene(0, Size(8, 8)))
    (tmp_path / "2.png").write_bytes(b"broken")

    with open_source(str(tmp_path), SourceOptions(loop=True)) as source:
        names = [source.read().name for _ in range(3)]

    assert names == [str(tmp_path / "1.png")] * 3


def test_pictures_of_which_none_can_be_read_are_an_error_at_once(tmp_path):
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(b"broken")

    with pytest.raises(SourceError, match=r"this is not a picture, or a damaged one: .*1\.png"):
        PictureSource([tmp_path / "1.png", tmp_path / "2.png"])


def test_the_program_segments_the_other_pictures_of_a_folder_and_ends_with_1(tmp_path, capsys):
    for name in ("1.png", "3.png"):
        save(tmp_path / "in" / name, scene(0, Size(32, 24)))
    (tmp_path / "in" / "2.jpg").write_bytes(b"broken")
    words = ["--model", str(tiny_network(tmp_path)), "--backend", "opencv:cpu", "--headless"]

    code = main([*words, "--image", str(tmp_path / "in"), "--out", f"{tmp_path / 'out'}/"])

    assert code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1.png", "3.png"]
    assert "error: 1 of 3 pictures could not be read" in capsys.readouterr().err


@pytest.mark.parametrize("cut", [1, 2, 400])
def test_a_jpeg_without_its_end_is_shown_as_far_as_it_goes(tmp_path, caplog, cut):
    whole = save(tmp_path / "whole.jpg", scene(0, Size(96, 64)))
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole.read_bytes()[:-cut])

    picture = read_picture(path)

    assert np.array_equal(picture[:8], read_picture(whole)[:8])
    assert picture.shape == (64, 96, 3)
    assert "lacks its end" in caplog.text


TRANSPARENT = {
    "rgba.png": lambda picture: picture.convert("RGBA"),
    "palette.png": lambda picture: picture.quantize(16),
    "grey.png": lambda picture: picture.convert("LA"),
    "alpha.webp": lambda picture: picture.convert("RGBA"),
    "alpha.tif": lambda picture: picture.convert("RGBA"),
    "opaque.png": lambda picture: picture,
    "opaque.webp": lambda picture: picture,
    "opaque.tif": lambda picture: picture,
}


@pytest.mark.parametrize("name", [*TRANSPARENT, "opaque.avif", "alpha.avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_of_every_kind_are_turned_whether_transparent_or_not(tmp_path, name, orientation):
    if name.endswith(".avif") and not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    made = Image.fromarray(scene(0, Size(48, 32))[..., ::-1])
    make = TRANSPARENT.get(name, lambda picture: picture.convert("RGBA") if "alpha" in name else picture)
    stored = make(made)
    how = {"transparency": 0} if name == "palette.png" else {}
    how |= {"lossless": True} if name.endswith("webp") else {}
    stored.save(tmp_path / f"upright-{name}", **how)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / name, exif=exif, **how)
    upright = read_picture(tmp_path / f"upright-{name}")

    turned_picture = read_picture(tmp_path / name)

    assert np.array_equal(turned_picture, turned(upright, orientation))


def test_a_picture_of_floats_is_named_for_what_it_is(tmp_path):
    path = save(tmp_path / "deep.tif", np.zeros((6, 8, 3), np.float32))

    with pytest.raises(SourceError, match="a picture of float32 numbers does not say which of them is white"):
        read_picture(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tif", "ppm"])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(pictures, "_MOST_PIXELS", 47 * 32)
    path = save(tmp_path / f"large.{ending}", scene(0, Size(48, 32)))
    monkeypatch.setattr(cv2, "imdecode", None)

    with pytest.raises(SourceError, match=r"^the picture is too large \(48x32, more than 0 megapixels\): "):
        read_picture(path)


def test_a_closed_source_gives_nothing(tmp_path):
    source = PictureSource([save(tmp_path / "1.png", scene(0, Size(8, 8)))])
    source.close()
    source.close()

    assert source.read() is None


def test_a_folder_gives_its_pictures_in_the_order_a_person_counts(tmp_path):
    for name in ("10.jpg", "2.JPG", "1.png", "b.webp", "A.png", "notes.txt", "._1.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()

    assert [path.name for path in find_pictures(str(tmp_path))] == ["1.png", "2.JPG", "10.jpg", "A.png", "b.webp"]


def test_a_glob_gives_what_it_matches_in_all_folders(tmp_path):
    for name in ("a/2.jpg", "a/10.jpg", "b/1.jpg", "b/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    found = find_pictures(f"{tmp_path}/**/*.jpg")

    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a/2.jpg", "a/10.jpg", "b/1.jpg"]


def test_a_name_with_brackets_that_exists_is_a_file_and_no_glob(tmp_path):
    path = tmp_path / "sheep [1].png"
    path.write_bytes(b"x")

    assert find_pictures(str(path)) == [path]


def test_a_folder_without_pictures_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("none here")

    with pytest.raises(SourceError, match="the folder has no pictures in it"):
        find_pictures(str(tmp_path))


def test_a_glob_that_matches_nothing_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="no file matches"):
        find_pictures(f"{tmp_path}/*.png")


@pytest.mark.parametrize(("name", "size"), [("no-end-marker.jpg", None), ("turned-rgba.png", Size(320, 192))])
def test_the_shared_pictures_are_read_whole_and_upright(name, size):
    case = SAMPLES.parent / "cases" / name
    if not case.is_file():
        pytest.skip("the shared cases are not here")

    picture = read_picture(case)

    assert picture.any()
    assert size is None or Size.of(picture) == size


def test_a_picture_that_was_read_before_is_sought_by_its_number_and_nothing_else(tmp_path):
    paths = [save(tmp_path / f"{number}.png", scene(number, Size(20, 16))) for number in range(4)]
    paths[1].write_bytes(b"no picture")
    with PictureSource(paths, forgiving=True) as source:
        read = [source.read() for _ in range(3)]
        assert source.seek(Fraction(1))
        again = [(frame.index, frame.name) for frame in iter(source.read, None)]

        assert again == [(1, str(paths[2])), (2, str(paths[3]))]
        assert not source.seek(Fraction(3))
        assert source.read() is None
        assert source.seek(Fraction(0))
        assert np.array_equal(source.read().image, read[0].image)


def test_a_picture_that_cannot_be_read_is_named_once_however_often_it_is_passed_over(tmp_path, caplog):
    paths = [save(tmp_path / f"{number}.png", scene(number, Size(20, 16))) for number in range(3)]
    paths[1].write_bytes(b"no picture")
    with PictureSource(paths, forgiving=True) as source:
        for _ in range(3):
            assert [frame.name for frame in iter(source.read, None)] == [str(paths[0]), str(paths[2])]
            source.seek(Fraction(0))

    assert caplog.text.count("1.png") == 1


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "L", "LA", "P", "RGB", "CMYK"])
def test_a_pil_picture_is_the_picture_of_its_file(tmp_path, mode):
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (48, 1))
    if mode.startswith("I"):
        pillow = Image.fromarray(ramp if mode == "I;16" else ramp.astype(">u2" if mode == "I;16B" else np.int32))
    else:
        pillow = Image.fromarray((ramp >> 8).astype(np.uint8)).convert(mode)
    assert pillow.mode == mode
    file = tmp_path / "ramp.tif"
    pillow.save(file)

    expected = (ramp >> 8)[..., None].repeat(3, axis=2)
    assert np.abs(picture_of_pillow(pillow).astype(int) - expected).max() <= 1
    with Image.open(file) as opened:
        assert np.abs(picture_of_pillow(opened).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    "numbers", [np.ones((4, 4), np.float32), np.full((4, 4), 65536, np.int32), np.full((4, 4), -1, np.int32)]
)
def test_a_pil_picture_of_numbers_whose_white_nobody_knows_is_refused(numbers):
    with pytest.raises(SourceError, match="which of them is white"):
        picture_of_pillow(Image.fromarray(numbers))


def test_a_pil_picture_that_is_damaged_is_refused_by_its_name(tmp_path):
    file = tmp_path / "cut.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)).save(file)
    file.write_bytes(file.read_bytes()[:2000])

    with (
        Image.open(file) as opened,
        pytest.raises(SourceError, match=r"cannot be read: .*cut\.jpg .*; copy or download"),
    ):
        picture_of_pillow(opened)
