from pathlib import Path

import pytest
import yaml

from deeplab_cv.errors import CardError, MissingNetworkError, NetworkError, UsageError
from deeplab_cv.networks import opening
from deeplab_cv.networks.card import card_path
from deeplab_cv.networks.opening import default_network_file, named_file, network_files, open_network, wanted_network
from deeplab_cv.networks.options import NetworkOptions
from tests.tiny_networks import tiny_network, tiny_onnx


@pytest.fixture
def models(tmp_path, monkeypatch):
    """An empty folder in the place of models/."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(opening, "models_folder", lambda: folder)
    return folder


def test_the_networks_of_models_are_those_with_a_card_by_name(models):
    for name in ("wide", "narrow"):
        tiny_network(models, name)
    tiny_onnx(models, "bare")

    assert [file.name for file in network_files()] == ["narrow.onnx", "wide.onnx"]


def test_without_a_name_the_first_network_of_models_is_opened(models):
    for name in ("wide", "narrow"):
        tiny_network(models, name)

    assert wanted_network(NetworkOptions()).file == models / "narrow.onnx"


def test_the_program_s_own_network_goes_before_others_of_models(models):
    for name in ("deeplabv3_lite", "deeplabv3_lite-repaired", "cats"):
        tiny_network(models, name)

    assert default_network_file() == models / "deeplabv3_lite.onnx"


def test_the_name_of_a_network_of_models_stands_for_its_file(models):
    file = tiny_network(models, "narrow")

    assert named_file("narrow") == file
    assert named_file("elsewhere.onnx") == Path("elsewhere.onnx")


def test_where_models_is_empty_it_is_said_how_to_get_a_network(models):
    with pytest.raises(UsageError, match="no network to run") as error:
        default_network_file()

    assert str(models) in str(error.value)
    assert "app.py export" in str(error.value)


def test_a_named_network_is_opened_wherever_it_lies(models, tmp_path):
    tiny_network(models, "narrow")
    named = tiny_network(tmp_path, "named")

    network = wanted_network(NetworkOptions(model=str(named)))

    assert network.file == named
    assert network.verified
    assert network.symbolic


def test_a_network_that_is_not_there_is_missed_as_python_misses_a_file(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        open_network(tmp_path / "gone.onnx")

    assert isinstance(error.value, MissingNetworkError)


def test_a_network_whose_card_has_one_shape_keeps_it(tmp_path):
    network = open_network(tiny_network(tmp_path, shapes=((96, 128),)))

    assert not network.symbolic


@pytest.mark.parametrize(
    ("make", "guess", "error", "part"),
    [
        (lambda folder: folder / "gone.onnx", NetworkOptions(), NetworkError, "no such network file"),
        (lambda folder: tiny_onnx(folder), NetworkOptions(), UsageError, "--size 512x512"),
        (
            lambda folder: tiny_onnx(folder, shape=(64, 64)),
            NetworkOptions(size="32x32"),
            UsageError,
            "leave out --size",
        ),
        (lambda folder: tiny_network(folder), NetworkOptions(mean=(1, 1, 1)), UsageError, "the card says it"),
        (lambda folder: tiny_onnx(folder, shape=(64, 64)), NetworkOptions(classes="gone.txt"), UsageError, "gone.txt"),
    ],
)
def test_a_network_that_cannot_be_opened_says_what_to_do(tmp_path, make, guess, error, part):
    with pytest.raises(error) as raised:
        open_network(make(tmp_path), guess)

    assert part in str(raised.value)


def test_class_names_must_be_as_many_as_the_network_has_classes(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("background\ncat\n")

    with pytest.raises(UsageError, match="has 21 classes, --classes names 2"):
        open_network(tiny_onnx(tmp_path, shape=(64, 64)), NetworkOptions(classes=str(names)))


def test_a_card_whose_hash_does_not_fit_is_refused_before_anything_is_run(tmp_path):
    file = tiny_network(tmp_path)
    path = card_path(file)
    card = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(card | {"sha256": "0" * 64}))

    with pytest.raises(CardError, match="the network is not the one its card describes"):
        open_network(file)


def test_a_card_may_be_repeated_but_not_contradicted(tmp_path):
    file = tiny_network(tmp_path)

    assert open_network(file, NetworkOptions(model="named.onnx", classes="voc")).verified
    with pytest.raises(UsageError, match="the card says it"):
        open_network(file, NetworkOptions(align_corners=True))
