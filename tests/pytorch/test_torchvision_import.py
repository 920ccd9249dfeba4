import subprocess
import sys

import pytest

from tests.waiting import HANGS_S

pytest.importorskip("torch", reason="training needs torch (requirements-train.txt)")


def test_torchvision_can_be_imported_and_builds_a_network() -> None:
    program = (
        "from deeplab_cv.pytorch.torchvision_import import import_torchvision\n"
        "network = import_torchvision().models.segmentation.lraspp_mobilenet_v3_large(weights=None,"
        " weights_backbone=None, num_classes=4)\n"
        "print(network.classifier.low_classifier.out_channels)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGS_S)
    assert done.stdout.strip() == "4", done.stderr
