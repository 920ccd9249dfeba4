import functools
import hashlib
import http.server
import pickle
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, save_checkpoint
from deeplab_cv.pytorch.exporting.weights import (
    averaged_checkpoints,
    fetch,
    published_weights,
    torchvision_weights,
    trained_checkpoint,
    weights_file,
)
from tests.pytorch.pickles import Code

LRASPP = "lraspp_mobilenet_v3_large"

USUAL_FIGURES = {"miou": 0.5}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A file whose name ends in the first digits of its sha256, as torchvision's do."""
    content = b"weights"
    path = tmp_path / "server" / f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    path.parent.mkdir()
    path.write_bytes(content)
    return path


@pytest.fixture
def url(published: Path) -> Iterator[str]:
    """Where a web server of this machine has that file."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(published.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{published.name}"
        server.shutdown()


def test_a_download_shows_its_progress_and_is_kept(
    published: Path, url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "cache" / published.name

    fetch(url, target)

    assert target.read_bytes() == b"weights"
    assert "100%" in capfd.readouterr().err


def test_a_damaged_download_is_not_kept(published: Path, url: str, tmp_path: Path) -> None:
    target = tmp_path / "cache" / published.name
    published.write_bytes(b"damaged")

    with pytest.raises(NetworkError, match="cannot download the weights"):
        fetch(url, target)

    assert list(target.parent.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_refused(published: Path) -> None:
    published.write_bytes(b"damaged")

    with pytest.raises(NetworkError, match="the weights are damaged"):
        fetch("http://unused", published)


def test_without_a_network_the_error_says_which_file_to_put_where(tmp_path: Path) -> None:
    target = tmp_path / "net-12345678.pth"

    with pytest.raises(NetworkError, match=rf"{target}.*put it there.*--weights"):
        fetch("http://127.0.0.1:9/net-12345678.pth", target)


def test_the_four_published_files_carry_their_hash() -> None:
    names = ("deeplabv3_mobilenet_v3_large", "deeplabv3_resnet50", "deeplabv3_resnet101", LRASPP)

    stems = [str(torchvision_weights(name).url).rpartition("/")[2].removesuffix(".pth") for name in names]

    assert all(len(stem.rpartition("-")[2]) == 8 for stem in stems)


def test_nobody_publishes_weights_for_our_own_network() -> None:
    with pytest.raises(UsageError, match="nobody publishes"):
        published_weights("deeplabv3_lite", VOC_CLASSES)


def test_a_state_dict_with_auxiliary_head_is_taken(tmp_path: Path) -> None:
    network = build_network(LRASPP, 21)
    path = tmp_path / "weights.pth"
    torch.save({"model": network.state_dict() | {"aux_classifier.0.weight": torch.zeros(1)}}, path)

    trained = weights_file(LRASPP, path, VOC_CLASSES)

    assert torch.equal(trained.network.state_dict()["classifier.cbr.0.weight"], network.classifier.cbr[0].weight)


def test_weights_for_another_class_count_say_so(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(build_network(LRASPP, 5).state_dict(), path)

    with pytest.raises(NetworkError, match="the weights are for 5 classes, not 21"):
        weights_file(LRASPP, path, VOC_CLASSES)


def test_weights_of_another_architecture_say_so(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"some.weight": torch.zeros(3)}, path)

    with pytest.raises(NetworkError, match=f"do not fit {LRASPP}"):
        weights_file(LRASPP, path, VOC_CLASSES)


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "evil.pth", tmp_path / "trace"
    with path.open("wb") as file:
        pickle.dump(Code(trace), file)

    with pytest.raises(NetworkError, match="none of it was run"):
        weights_file(LRASPP, path, VOC_CLASSES)
    with pytest.raises(NetworkError, match="none of it was run"):
        trained_checkpoint(path)

    assert not trace.exists()


def test_a_name_that_is_neither_file_nor_architecture_lists_the_architectures() -> None:
    with pytest.raises(NetworkError, match="deeplabv3_resnet50"):
        trained_checkpoint(Path("deeplabv4"))


def test_a_class_that_no_picture_showed_has_no_figure_on_the_card(tmp_path: Path) -> None:
    figures = {"miou": 0.5, "pixel_accuracy": 0.9, "iou_dog": 0.25, "iou_cat": float("nan")}

    (accuracy,) = trained_checkpoint(checkpoint(tmp_path / "a.pt", 1.0, accuracy=figures)).accuracy

    assert (accuracy.miou, accuracy.iou) == (0.5, {"dog": 0.25})


def test_a_training_that_measured_no_known_pixel_has_no_figures(tmp_path: Path) -> None:
    figures = {"miou": float("nan"), "pixel_accuracy": 0.0}

    assert trained_checkpoint(checkpoint(tmp_path / "a.pt", 1.0, accuracy=figures)).accuracy == ()


def checkpoint(
    path: Path, fill: float, classes: tuple[str, ...] = VOC_CLASSES, accuracy: Mapping[str, float] = USUAL_FIGURES
) -> Path:
    weights = build_network("deeplabv3_lite", len(classes)).state_dict()
    filled = {name: torch.full_like(value, fill) for name, value in weights.items()}
    facts = CheckpointFacts(
        "deeplabv3_lite",
        classes,
        pixels=96,
        step=10,
        minutes=1.0,
        seed=int(fill),
        command=f"app.py train --seed {fill:.0f}",
        accuracy=dict(accuracy),
    )
    save_checkpoint(path, facts, filled)
    return path


def test_the_mean_of_trainings_has_the_mean_of_their_weights_and_no_figures_of_either(tmp_path: Path) -> None:
    paths = [checkpoint(tmp_path / f"{fill}.pt", fill) for fill in (1.0, 4.0)]

    mean = averaged_checkpoints(paths)

    weights = [value for value in mean.network.state_dict().values() if value.is_floating_point()]
    assert {float(value.min()) for value in weights} == {float(value.max()) for value in weights} == {2.5}
    assert mean.accuracy == ()
    assert mean.origin.command == "app.py train --seed 1; app.py train --seed 4"


def test_trainings_of_different_classes_have_no_mean(tmp_path: Path) -> None:
    other = checkpoint(tmp_path / "other.pt", 2.0, ("background", "tractor"))

    with pytest.raises(NetworkError, match=r"no mean: .*other\.pt"):
        averaged_checkpoints([checkpoint(tmp_path / "first.pt", 1.0), other])
