import onnx
import pytest

from deeplab_cv.errors import MissingNetworkError, NetworkError
from deeplab_cv.networks.onnx_file import LARGEST, load_onnx, save_onnx
from tests.tiny_networks import tiny_onnx


def test_a_written_network_is_read_back_unchanged(tmp_path):
    model = load_onnx(tiny_onnx(tmp_path))

    save_onnx(model, tmp_path / "copy.onnx")

    assert load_onnx(tmp_path / "copy.onnx") == model


def test_a_file_that_is_not_there_is_missing_and_no_broken_network(tmp_path):
    with pytest.raises(MissingNetworkError, match=r"no such network file: .*gone\.onnx"):
        load_onnx(tmp_path / "gone.onnx")


def test_a_folder_of_that_name_is_no_network_file(tmp_path):
    (tmp_path / "folder.onnx").mkdir()

    with pytest.raises(MissingNetworkError):
        load_onnx(tmp_path / "folder.onnx")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    file = tmp_path / "huge.onnx"
    with file.open("wb") as hole:
        hole.truncate(LARGEST)

    with pytest.raises(NetworkError, match="larger than the 2 GB"):
        load_onnx(file)


def without_its_weights(model):
    del model.graph.initializer[:]


def with_an_operator_of_nobody(model):
    model.graph.node[0].op_type = "Abacus"


@pytest.mark.parametrize("damage", [without_its_weights, with_an_operator_of_nobody])
def test_a_network_that_onnx_itself_finds_wrong_is_one_line(tmp_path, damage):
    file = tiny_onnx(tmp_path)
    model = onnx.load(str(file))
    damage(model)
    onnx.save(model, str(file))

    with pytest.raises(NetworkError) as error:
        load_onnx(file)

    assert str(error.value).startswith(f"not a whole ONNX network: {file} (")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not a network", "half"])
def test_a_file_that_is_no_whole_network_is_one_line(tmp_path, content):
    file = tiny_onnx(tmp_path, shape=(64, 64))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if content == "half" else content)

    with pytest.raises(NetworkError) as error:
        load_onnx(file)

    assert "not a whole ONNX network" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_network_that_cannot_be_written_leaves_the_one_before(tmp_path):
    file = tiny_onnx(tmp_path)
    before = file.read_bytes()

    with pytest.raises((AttributeError, TypeError)):
        save_onnx("no model", file)

    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
