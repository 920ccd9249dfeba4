import pickle
import zipfile

import pytest

from deeplab_cv.errors import MissingNetworkError, NetworkError
from deeplab_cv.networks.onnx_file import load_onnx
from deeplab_cv.networks.opening import open_network, wanted_network
from deeplab_cv.networks.options import NetworkOptions


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("net.pt", b"", "a PyTorch file"),
        ("net.pth", pickle.dumps({}, 2), "a PyTorch file"),
        ("net.onnx", pickle.dumps({}, 2), "a PyTorch file"),
        ("net.onnx", "zip", "a PyTorch file"),
        ("net.tflite", b"", "a TensorFlow Lite file"),
        ("net.onnx", b"\x1c\0\0\0TFL3", "a TensorFlow Lite file"),
        ("net.h5", b"\x89HDF\r\n\x1a\n", "a TensorFlow or Keras file"),
        ("frozen.pb", b"\n\x05", "a TensorFlow or Keras file"),
        ("net.engine", b"ftrt", "a TensorRT engine"),
        ("net.xml", b"<?xml version='1.0'?><net>", "an OpenVINO file"),
        ("net.mlmodel", b"", "a Core ML file"),
        ("net.card.yaml", b"name: net", "a card"),
    ],
)
def test_a_network_file_of_another_kind_is_named_for_what_it_is(name, content, kind, tmp_path):
    file = tmp_path / name
    if content == "zip":
        zipped(file)
    else:
        file.write_bytes(content)

    with pytest.raises(NetworkError, match=rf"^this is {kind}, not an ONNX network: .*{name}; \S.*$"):
        open_network(file)


def test_a_damaged_onnx_file_is_none_of_them(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07\x12garbage")

    with pytest.raises(NetworkError, match=r"^not a whole ONNX network"):
        load_onnx(tmp_path / "net.onnx")


@pytest.mark.parametrize("name", ["deeplabv3_resnet50", "deeplabv3_resnet101.onnx", "lraspp_mobilenet_v3_large.pt"])
def test_an_architecture_in_place_of_a_file_is_answered_with_how_to_make_it(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(MissingNetworkError, match=f"; make it first: `app.py export {name.partition('.')[0]}`$"):
        wanted_network(NetworkOptions(model=name))


def test_a_missing_file_is_answered_with_the_networks_that_are_there(tmp_path):
    with pytest.raises(MissingNetworkError, match=r"with --model; there is .*deeplabv3_lite\.onnx"):
        open_network(tmp_path / "gone.onnx")


def test_the_program_s_own_networks_are_known_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert wanted_network(NetworkOptions(model="deeplabv3_lite")).verified
