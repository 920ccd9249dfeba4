"""A folder as the place of a job's outputs."""

import pytest

from deeplab_cv.batch.places import FolderPlace, hash_of
from deeplab_cv.batch.work import Output
from deeplab_cv.errors import SinkError
from deeplab_cv.machine.files import file_hash


@pytest.fixture
def place(tmp_path):
    place = FolderPlace(tmp_path / "deep" / "out")
    place.prepare()
    return place


def test_what_is_written_is_read_again(place):
    assert place.read("job.json") is None

    place.write("job.json", b"{}")

    assert place.read("job.json") == b"{}"


def test_a_folder_replaces_the_one_before(place, tmp_path):
    for number in (1, 2):
        staged = tmp_path / f"staged-{number}"
        staged.mkdir()
        (staged / f"{number}.png").write_bytes(b"x")
        place.land(staged, "masks/a", replaces=True)

    assert [path.name for path in (place.local / "masks" / "a").iterdir()] == ["2.png"]


def test_what_was_landed_before_stays(place, tmp_path):
    (place.local / "a.png").write_bytes(b"x")

    place.land(tmp_path / "gone", "a.png", replaces=False)

    assert (place.local / "a.png").read_bytes() == b"x"


@pytest.mark.parametrize(("size", "held"), [(3, True), (2, False)])
def test_an_output_is_held_with_all_its_bytes(place, size, held):
    (place.local / "a.png").write_bytes(b"xyz")

    assert place.holds(Output("a.png", size, "")) is held
    assert not place.holds(Output("b.png", size, ""))


def test_what_is_read_to_be_compared_is_a_sign_of_life(place, tmp_path):
    beats = []
    for path in (place.local / "a.mp4", tmp_path / "staged.mp4"):
        path.write_bytes(bytes(3 << 20))

    place.land(tmp_path / "staged.mp4", "a.mp4", replaces=False, beat=lambda: beats.append(1))

    assert len(beats) == 6
    assert hash_of(place.local / "a.mp4") == file_hash(place.local / "a.mp4")


def test_a_file_in_the_way_is_one_line(tmp_path):
    (tmp_path / "out").write_bytes(b"")

    with pytest.raises(SinkError):
        FolderPlace(tmp_path / "out").prepare()
