import pickle
import warnings
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.errors import MissingNetworkError, NetworkError
from deeplab_cv.pytorch.torch_file import read_torch_file
from tests.pytorch.pickles import Code

REMEDY = "give another one"


def test_tensors_and_plain_types_are_read(tmp_path: Path) -> None:
    torch.save({"facts": {"name": "x", "classes": ["a"], "minutes": 1.5}, "t": torch.arange(3)}, tmp_path / "file.pt")

    content = read_torch_file(tmp_path / "file.pt", REMEDY)

    assert content["facts"] == {"name": "x", "classes": ["a"], "minutes": 1.5}
    assert torch.equal(content["t"], torch.arange(3))


@pytest.mark.parametrize("form", ["zip", "pickle", "inside"])
def test_code_in_a_file_is_not_run_and_said_to_be_there(tmp_path: Path, form: str) -> None:
    path, trace = tmp_path / "evil.pt", tmp_path / "trace"
    if form == "pickle":
        path.write_bytes(pickle.dumps(Code(trace)))
    else:
        torch.save({"network": Code(trace)} if form == "inside" else Code(trace), path)

    with pytest.raises(NetworkError, match=f"holds more than tensors, none of it was run: .*{REMEDY}") as error:
        read_torch_file(path, REMEDY)

    assert "\n" not in str(error.value)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x80\x02.", b"\x80\x04K", b"text\n"])
def test_what_is_no_such_file_is_one_line_and_no_warning(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.pt"
    path.write_bytes(content)

    with warnings.catch_warnings(), pytest.raises(NetworkError) as error:
        warnings.simplefilter("error")
        read_torch_file(path, REMEDY)

    assert "\n" not in str(error.value)


def test_a_truncated_file_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "half.pt"
    torch.save({"t": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(NetworkError, match="not a whole PyTorch file"):
        read_torch_file(path, REMEDY)


@pytest.mark.parametrize("name", ["gone.pt", "."])
def test_a_file_that_is_not_there_is_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingNetworkError, match="no such file"):
        read_torch_file(tmp_path / name, REMEDY)


class Long:
    def __reduce__(self):
        return (bytearray, (10**12,))


def test_a_file_that_unpacks_to_many_times_its_size_is_refused(tmp_path):
    torch.save({"weights": torch.zeros(10**6)}, tmp_path / "good.pt")
    with (
        zipfile.ZipFile(tmp_path / "good.pt") as good,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in good.namelist():
            bomb.writestr(name, good.read(name))

    with pytest.raises(NetworkError, match="compressed"):
        read_torch_file(tmp_path / "bomb.pt", "")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_asks_for_a_terabyte_is_refused(tmp_path, zipped):
    torch.save({"weights": Long()}, tmp_path / "long.pt", _use_new_zipfile_serialization=zipped)

    with pytest.raises(NetworkError, match="more than tensors"):
        read_torch_file(tmp_path / "long.pt", "")
