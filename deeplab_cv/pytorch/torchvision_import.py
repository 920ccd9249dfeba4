"""Imports torchvision also where its compiled operators do not fit the installed torch.

A torchvision wheel built for CUDA beside a torch built for the processor (as some package indexes serve them) cannot
load its operators, and `import torchvision` ends in "operator torchvision::nms does not exist", because it describes
two operators of detection networks that were never declared. Segmentation needs neither. Declaring them is
enough for the import; calling them still fails.
"""

import importlib
import sys
from types import ModuleType

import torch

SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

# The declarations live as long as this object.
declarations: list[torch.library.Library] = []


def import_torchvision() -> ModuleType:
    """The torchvision module; operators are declared when, and only when, the plain import fails on them."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for operator in ("nms", "qnms"):
        library.define(operator + SIGNATURE)  # type: ignore[no-untyped-call]
    declarations.append(library)
    return importlib.import_module("torchvision")
