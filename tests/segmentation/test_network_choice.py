import pytest

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import Accuracy, read_card, write_card
from deeplab_cv.networks.opening import network_files, open_network
from deeplab_cv.segmentation.network_choice import candidates, most_accurate_in_time
from deeplab_cv.segmentation.network_engines import NetworkEngines
from tests.tiny_networks import tiny_network

SLOW, FAST = 1e9, 1e-3
"""Rates that no engine keeps and that any does: frames a second."""

SIZE = Size(128, 72)


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr("deeplab_cv.networks.opening.models_folder", lambda: folder)
    return folder


def network_in(folder, name, miou=None, data="val", **facts):
    file = tiny_network(folder, name)
    accuracy = (Accuracy(data=data, miou=miou),) if miou is not None else ()
    write_card(read_card(file).model_copy(update={"accuracy": accuracy, **facts}), file)
    return open_network(file)


def messages(caplog):
    """What network_choice itself logged."""
    return [each.message for each in caplog.records if each.name == "deeplab_cv.segmentation.network_choice"]


def names(networks):
    return [network.card.name for network in networks]


class Watched(NetworkEngines):
    closed = False

    def close(self):
        self.closed = True
        super().close()


def maker(paces, made):
    def make(network):
        engines = Watched(
            network, EngineOptions(backend="onnxruntime:cpu", threads=1), pace_fps=paces[network.card.name]
        )
        made.append(engines)
        return engines

    return make


def test_networks_measured_on_the_same_pictures_are_tried_the_most_accurate_first(models):
    default = network_in(models, "a", 0.6)
    network_in(models, "better", 0.7)
    network_in(models, "worse", 0.5)

    assert names(candidates(default)) == ["better", "a", "worse"]


def test_networks_that_cannot_be_compared_with_the_default_one_are_left_out(models):
    default = network_in(models, "a", 0.6)
    network_in(models, "never measured")
    network_in(models, "measured on other pictures", 0.9, data="my farm")
    classes = (*default.card.classes[:-1], "tractor")
    network_in(models, "of other classes", 0.9, classes=classes)

    assert len(network_files()) == 4
    assert names(candidates(default)) == ["a"]


@pytest.mark.parametrize(
    ("paces", "chosen"),
    [
        ({"better": FAST, "a": FAST, "worse": FAST}, "better"),
        ({"better": SLOW, "a": FAST, "worse": FAST}, "a"),
        ({"better": SLOW, "a": SLOW, "worse": FAST}, "worse"),
        ({"better": SLOW, "a": SLOW, "worse": SLOW}, "a"),
    ],
    ids=["all are fast", "the best is slow", "the worst alone is fast", "none is fast: the default"],
)
def test_the_most_accurate_network_that_keeps_the_rate_is_run(models, paces, chosen, caplog):
    default = network_in(models, "a", 0.6)
    network_in(models, "better", 0.7)
    network_in(models, "worse", 0.5)
    made = []
    caplog.set_level("INFO", "deeplab_cv.segmentation.network_choice")

    engines = most_accurate_in_time(candidates(default), default, maker(paces, made), SIZE)

    assert engines.network.card.name == chosen
    lines = messages(caplog)
    assert [line.split()[0] for line in lines] == [chosen] * (chosen != "a")
    assert [each for each in made if not each.closed] == [engines]
    engines.close()


def test_a_network_that_cannot_be_run_is_passed_over_with_a_line(models, caplog):
    default = network_in(models, "a", 0.6)
    better = network_in(models, "better", 0.7)
    better.file.write_bytes(b"not a network any more")
    caplog.set_level("INFO", "deeplab_cv.segmentation.network_choice")

    engines = most_accurate_in_time([better, default], default, maker({"better": FAST, "a": FAST}, []), SIZE)

    assert engines.network is default
    [line] = messages(caplog)
    assert line.startswith("better is passed over: ")
    engines.close()
