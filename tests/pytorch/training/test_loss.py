import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")

from deeplab_cv.pytorch.training.loss import distillation_loss, segmentation_loss


def test_unknown_labels_do_not_count() -> None:
    scores = torch.randn(1, 3, 4, 4)
    labels = torch.zeros(1, 4, 4, dtype=torch.uint8)
    half = labels.clone()
    half[:, 2:] = 255
    none = torch.empty(1, 0)
    top_only = segmentation_loss(scores[:, :, :2], labels[:, :2], none, 1.0)
    assert segmentation_loss(scores, half, none, 1.0) == pytest.approx(float(top_only))


def test_a_batch_without_any_known_label_has_loss_0() -> None:
    labels = torch.full((1, 8, 8), 255, dtype=torch.uint8)
    assert segmentation_loss(torch.randn(1, 3, 4, 4), labels, torch.empty(1, 0), 1.0) == 0


def test_a_network_that_repeats_its_teacher_has_no_distance_to_it() -> None:
    scores = torch.randn(2, 3, 4, 4)
    assert float(distillation_loss(scores, scores)) == pytest.approx(0, abs=1e-6)
    assert float(distillation_loss(scores, scores + torch.randn_like(scores))) > 0.01


def test_where_the_teacher_saw_nothing_nothing_is_learned_from_it() -> None:
    scores = torch.randn(1, 3, 4, 4, requires_grad=True)
    teacher = torch.randn(1, 3, 4, 4)
    teacher[:, :, 0] = torch.nan
    distillation_loss(scores, teacher).backward()
    assert (scores.grad[:, :, 0] == 0).all() and (scores.grad[:, :, 1:] != 0).all()


def test_a_machine_with_a_graphics_card_needs_no_codec_and_no_engine_for_it() -> None:
    script = "import sys, deeplab_cv.pytorch.training.loss; print(*{'av', 'cv2', 'openvino'} & set(sys.modules))"

    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == []
