import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.pytorch.training.precision import fast_dtype


@pytest.mark.parametrize(
    ("device", "amx", "expected"),
    [("cuda", False, torch.bfloat16), ("cpu", True, torch.bfloat16), ("cpu", False, torch.float32)],
)
def test_bfloat16_is_for_what_multiplies_it_faster(
    monkeypatch: pytest.MonkeyPatch, device: str, amx: bool, expected: "torch.dtype"
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": amx})
    assert fast_dtype(torch.device(device)) == expected


def test_this_processor_s_own_word_is_taken() -> None:
    in_tiles = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    assert (fast_dtype(torch.device("cpu")) == torch.bfloat16) == in_tiles


def test_a_network_gives_nearly_the_same_loss_in_bfloat16() -> None:
    from deeplab_cv.pytorch.architectures import build_network
    from deeplab_cv.pytorch.training.loss import segmentation_loss

    torch.manual_seed(0)
    network = build_network("deeplabv3_lite", 3).eval()
    pictures, labels = torch.randn(1, 3, 64, 64), torch.randint(0, 3, (1, 16, 16), dtype=torch.uint8)
    losses = []
    for lowered in (False, True):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=lowered):
            losses.append(float(segmentation_loss(network(pictures), labels, torch.empty(1, 0), 1.0)))
    assert losses[1] == pytest.approx(losses[0], rel=0.05) and losses[0] != losses[1]
