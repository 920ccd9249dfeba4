import os
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.machine.files import discard, partial, read_ordinary, text_of, unfinished, whole_file


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "card.yaml"

    with whole_file(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        temporary.write_text("whole")

    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()])
def test_what_fails_leaves_the_older_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "card.yaml"
    path.write_text("older")

    with pytest.raises(type(error)), whole_file(path) as temporary:
        temporary.write_text("half")
        raise error

    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("to_disk", [True, False])
def test_two_that_write_one_file_at_the_same_time_both_succeed(tmp_path, to_disk):
    path = tmp_path / "graph.onnx"
    together = threading.Barrier(2)

    def write(letter):
        with whole_file(path, to_disk=to_disk) as temporary:
            together.wait()
            temporary.write_text(letter * 10_000)
            together.wait()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, "ab"))

    assert path.read_text() in ("a" * 10_000, "b" * 10_000)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such rights")
def test_others_may_read_the_file_as_any_other_file_of_the_user(tmp_path):
    (tmp_path / "usual").touch()

    with whole_file(tmp_path / "whole") as temporary:
        temporary.write_text("")

    assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def test_a_writer_that_puts_another_file_in_place_of_the_empty_one_is_served_as_well(tmp_path):
    path = tmp_path / "network.pt"

    with whole_file(path) as temporary:
        temporary.unlink()
        temporary.write_text("another")

    assert path.read_text() == "another"


@given(stem=st.text("abcäé犬 .-_", min_size=1, max_size=80).filter(lambda text: text.strip(". ")))
def test_the_unfinished_name_is_hidden_beside_the_file_with_its_extension(stem):
    path = Path("folder") / f"{stem}.mp4"

    temporary = unfinished(path)

    assert temporary.parent == path.parent
    assert temporary.suffix == ".mp4"
    assert temporary.name.startswith(".") and temporary != path
    assert len(os.fsencode(temporary.name)) <= 255


def test_no_unfinished_name_is_given_twice(tmp_path):
    assert unfinished(tmp_path / "out.mp4") != unfinished(tmp_path / "out.mp4")


def test_a_partial_name_is_one_that_is_free(tmp_path):
    names = []
    for _ in range(3):
        path = partial(tmp_path / "out.mp4")
        path.touch()
        names.append(path.name)

    assert names == ["out.partial.mp4", "out.partial-2.mp4", "out.partial-3.mp4"]


def test_a_file_that_cannot_be_deleted_is_left(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()

    discard(folder)

    assert folder.is_dir()


def test_an_ordinary_file_is_read_as_far_as_it_may_go(tmp_path):
    path = tmp_path / "card.yaml"
    path.write_bytes(b"12345")

    assert read_ordinary(path, most=5) == b"12345"
    with pytest.raises(ValueError, match="more than 4 bytes"):
        read_ordinary(path, most=4)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_ordinary_file_is_refused_without_waiting(tmp_path, make):
    path = tmp_path / "card.yaml"
    make(path)

    with pytest.raises(ValueError, match="no ordinary file"):
        read_ordinary(path, most=10)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_read_whichever_editor_wrote_it(encoding):
    assert text_of("Ziege, \u7f8a".encode(encoding)) == "Ziege, \u7f8a"


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match="decode"):
        text_of(b"caf\xe9")
