import errno
import sys

import pytest

from deeplab_cv.machine.files import Draft
from deeplab_cv.machine.locks import lock_of, locked_elsewhere


def test_a_draft_is_locked_until_its_writer_lets_go_of_it(tmp_path):
    draft = Draft(tmp_path / "out.mp4")

    with locked_elsewhere(draft.path) as locked:
        assert locked
    kept = draft.keep()

    with locked_elsewhere(kept) as locked:
        assert not locked


def test_what_is_not_there_counts_as_locked(tmp_path):
    with locked_elsewhere(tmp_path / "gone") as locked:
        assert locked


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has locks everywhere")
@pytest.mark.parametrize(
    ("number", "locked"),
    [
        (errno.EWOULDBLOCK, True),
        (errno.EACCES, True),
        (errno.ENOLCK, None),
        (errno.ENOSYS, None),
        (errno.EOPNOTSUPP, None),
        (errno.EIO, None),
    ],
)
def test_a_refused_lock_is_held_by_somebody_or_the_disk_has_none(tmp_path, monkeypatch, number, locked):
    import fcntl

    def refuse(*_):
        raise OSError(number, "refused")

    (tmp_path / "file").touch()
    monkeypatch.setattr(fcntl, "flock", refuse)

    with lock_of(tmp_path / "file") as found:
        assert found is locked
    with locked_elsewhere(tmp_path / "file") as held:
        assert held


def test_a_lock_that_is_free_is_held_for_the_block(tmp_path):
    (tmp_path / "file").touch()

    with lock_of(tmp_path / "file") as first:
        assert first is False
