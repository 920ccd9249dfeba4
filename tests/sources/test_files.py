import errno
import os

import pytest

from deeplab_cv.errors import SourceError
from deeplab_cv.sources.files import cannot_read, check_input


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (errno.ENOENT, "no such file"),
        (errno.ENOTDIR, "no such file"),
        (errno.EACCES, "not allowed to read the file"),
        (errno.EPERM, "not allowed to read the file"),
        (errno.EIO, "cannot read the file"),
    ],
)
def test_each_refusal_of_the_system_has_its_line(tmp_path, number, problem):
    error = cannot_read(tmp_path / "in.mp4", OSError(number, os.strerror(number)))

    assert str(error).startswith(f"{problem}: {tmp_path / 'in.mp4'}")


def test_a_file_with_something_in_it_is_fine(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"x")

    assert check_input(file) is None


def test_a_file_one_may_not_read_is_an_error_that_says_so(tmp_path):
    if os.name != "posix":
        pytest.skip("needs the rights of POSIX")
    file = tmp_path / "secret.mp4"
    file.write_bytes(b"x")
    file.chmod(0)
    superuser = os.geteuid() == 0
    if superuser:  # who may read everything
        os.seteuid(65534)
    try:
        with pytest.raises(SourceError, match=r"not allowed to read the file: .*secret\.mp4"):
            check_input(file)
    finally:
        if superuser:
            os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path):
    os.mkfifo(tmp_path / "clip.mp4")

    with pytest.raises(SourceError, match="a pipe"):
        check_input(tmp_path / "clip.mp4")
