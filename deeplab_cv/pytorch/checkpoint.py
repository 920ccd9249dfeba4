"""Checkpoints of a training: what export reads, and what a resumed training needs besides.

A checkpoint file is a dictionary of tensors and plain types, so that `torch.load(path, weights_only=True)` reads it:

- `facts`: what `CheckpointFacts` holds, as plain types;
- `network`: state_dict of the averaged weights (EMA), the ones to validate and export;
- `training`: optimizer, current weights, step and seconds used; absent from a final file.
"""

from dataclasses import KW_ONLY, asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.machine.files import whole_file
from deeplab_cv.machine.program import program
from deeplab_cv.pytorch.architectures import build_network
from deeplab_cv.pytorch.torch_file import read_torch_file

REMEDY = f"give a .pt file of `{program()} train`"


@dataclass(frozen=True)
class CheckpointFacts:
    """What is known of trained weights.

    Attributes:
        architecture: a name of `architecture_facts.ARCHITECTURES`, which also has mean, std and strides.
        classes: names in the order of the labels.
        pixels: input area the network is meant for, as the side of a square.
        step: training steps done.
        minutes: training time used.
        seed: the seed of weights, pictures and crops.
        command: the command line that trained it.
        accuracy: figures of the last validation, by name.
    """

    architecture: str
    classes: tuple[str, ...]
    _: KW_ONLY
    pixels: int
    step: int
    minutes: float
    seed: int
    command: str
    accuracy: dict[str, float] = field(default_factory=dict)


def save_checkpoint(
    path: Path, facts: CheckpointFacts, weights: dict[str, torch.Tensor], training: dict[str, Any] | None = None
) -> None:
    """Write a checkpoint; a file of the final name is always whole."""
    plain_facts = asdict(facts) | {"classes": list(facts.classes)}
    content: dict[str, Any] = {"facts": plain_facts, "network": weights}
    if training is not None:
        content["training"] = training
    with whole_file(path) as temporary:
        torch.save(content, temporary)


def load_checkpoint(path: Path) -> tuple[nn.Module, CheckpointFacts]:
    """The network with the averaged weights, in evaluation mode on the processor, and its facts.

    Raises NetworkError if the file is no checkpoint of this program.
    """
    content = read_checkpoint(path)
    try:
        facts = facts_of(content)
        network = build_network(facts.architecture, len(facts.classes), like=content["network"])
        network.load_state_dict(content["network"])
    except (RuntimeError, TypeError, KeyError, ValueError, UsageError) as error:
        raise NetworkError("the weights are not those that the checkpoint's facts tell of", path, REMEDY) from error
    return network.eval(), facts


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The dictionary in a checkpoint file; raises NetworkError if it is none."""
    content = read_torch_file(path, REMEDY)
    if not isinstance(content, dict) or not {"facts", "network"} <= content.keys():
        raise NetworkError("not a checkpoint of this program", path, REMEDY)
    return content


def facts_of(content: dict[str, Any]) -> CheckpointFacts:
    """The facts in a checkpoint's dictionary."""
    facts = dict(content["facts"])
    return CheckpointFacts(**(facts | {"classes": tuple(facts["classes"])}))
