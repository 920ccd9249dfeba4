from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.errors import NetworkError
from deeplab_cv.pytorch import checkpoint
from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.checkpoint import CheckpointFacts, facts_of, load_checkpoint, read_checkpoint, save_checkpoint

CLASSES = ("background", "goat")
FACTS = CheckpointFacts(
    "deeplabv3_lite",
    CLASSES,
    pixels=96,
    step=10,
    minutes=1.5,
    seed=7,
    command="app.py train --seed 7",
    accuracy={"miou": 0.5},
)


@pytest.fixture(scope="module")
def weights() -> "dict[str, torch.Tensor]":
    torch.manual_seed(0)
    return build_network("deeplabv3_lite", 2).state_dict()


def test_weights_and_facts_come_back_as_they_were_ready_to_be_used(
    tmp_path: Path, weights: "dict[str, torch.Tensor]"
) -> None:
    save_checkpoint(tmp_path / "network.pt", FACTS, weights)

    network, facts = load_checkpoint(tmp_path / "network.pt")

    assert facts == FACTS
    assert not network.training
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())


def test_what_a_resumed_training_needs_lies_beside_them_and_no_code(
    tmp_path: Path, weights: "dict[str, torch.Tensor]"
) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, FACTS, weights, {"step": 10, "optimizer": {"lr": 0.1}})

    content = torch.load(path, weights_only=True)

    assert content.keys() == {"facts", "network", "training"}
    assert content["training"] == {"step": 10, "optimizer": {"lr": 0.1}}
    assert facts_of(read_checkpoint(path)) == FACTS


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, FACTS, {})
    before = path.read_bytes()

    def fail(content: object, file: Path) -> None:
        file.write_bytes(b"half of it")
        raise OSError("the disk is full")

    monkeypatch.setattr(checkpoint.torch, "save", fail)
    with pytest.raises(OSError, match="the disk is full"):
        save_checkpoint(path, FACTS, {})

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [[1, 2], {"facts": {}}, {"network": {}}, torch.zeros(3)], ids=str)
def test_another_file_of_pytorch_s_is_no_checkpoint(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "other.pt")

    with pytest.raises(NetworkError, match="not a checkpoint of this program"):
        read_checkpoint(tmp_path / "other.pt")


@pytest.mark.parametrize(
    "facts",
    [
        {"classes": ["a", "b", "c"]},
        {"architecture": "unet"},
        {"colour": "red"},
        {"classes": 5},
    ],
    ids=str,
)
def test_facts_that_are_not_the_weights_own_are_one_line(
    tmp_path: Path, weights: "dict[str, torch.Tensor]", facts: dict[str, object]
) -> None:
    path = tmp_path / "network.pt"
    save_checkpoint(path, FACTS, weights)
    content = torch.load(path, weights_only=True)
    torch.save({**content, "facts": {**content["facts"], **facts}}, path)

    with pytest.raises(NetworkError) as error:
        load_checkpoint(path)

    assert "the weights are not those that the checkpoint's facts tell of" in str(error.value)
    assert "\n" not in str(error.value)
