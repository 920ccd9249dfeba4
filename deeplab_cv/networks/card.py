"""The card: what a network file needs, what it has been proven to do, and how well.

It lies beside the network as NAME.card.yaml, with its golden scores in NAME.golden.npz.
"""

import re
import reprlib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deeplab_cv.errors import CardError, UsageError, as_typed
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.files import file_hash, whole_file
from deeplab_cv.machine.plain_yaml import read_plain_yaml
from deeplab_cv.machine.program import program
from deeplab_cv.machine.urls import hide_secrets
from deeplab_cv.networks.options import Deviations, Means

Precision = Literal["float32", "float16", "bfloat16", "int8"]

LONGEST_SIDE = 4096
"""Pixels of an input's height or width."""

_Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]
_Count = Annotated[int, Field(ge=1, le=LONGEST_SIDE**2)]
_Tolerance = Annotated[float, Field(ge=0, lt=1)]
_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Text = Annotated[str, Field(max_length=10_000)]
_Word = Annotated[str, Field(min_length=1, max_length=255)]
_Padding = Annotated[float, Field(ge=-1000, le=1000)]

_FOREIGN = r"\\/:\x00-\x1f\x7f"
"""What no name holds: separators of paths and drives, and what steers a terminal."""

_Name = Annotated[_Word, Field(pattern=f"^[^{_FOREIGN}.][^{_FOREIGN}]*$")]
"""Of a network, or of a file in the card's own folder."""


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class InputFacts(_Facts):
    """How a picture becomes the network's input tensor.

    Without mean and std both are folded into the first convolution, and the tensor holds 0..255.
    """

    name: _Text = "input"
    order: Literal["rgb", "bgr"] = "rgb"
    mean: Means | None = None
    std: Deviations | None = None
    padding: tuple[_Padding, _Padding, _Padding] = (123.675, 116.28, 103.53)
    fit: Literal["stretch", "letterbox"] = "stretch"


class OutputFacts(_Facts):
    """Where the scores come out and how their centres lie over the picture."""

    name: _Text = "output"
    align_corners: bool = False


class Origin(_Facts):
    """Who made the network, from what, and how to make it again."""

    weights: _Text
    data: _Text = ""
    licences: _Text = ""
    command: _Text = ""
    seed: int | None = None


class Accuracy(_Facts):
    """How right the network is on pictures it was not trained on: `data` names them, `how` says what was done."""

    data: _Text
    how: _Text = ""
    miou: float = Field(ge=0, le=1)
    pixel_accuracy: float | None = Field(default=None, ge=0, le=1)
    boundary_f: float | None = Field(default=None, ge=0, le=1)
    iou: dict[_Word, float] = {}


class Flicker(_Facts):
    """How calm the network's labels are in a video: shares of the pixels followed by optical flow."""

    video: _Text
    flips: float = Field(ge=0, le=1)
    flips_smoothed: float = Field(ge=0, le=1)
    smooth: float = Field(ge=0, lt=1)


class SequenceAccuracy(_Facts):
    """How right and how calm the network is on a video that has a mask for each frame.

    Attributes:
        data: names the frames.
        how: the engine, and which frames were inferred.
        smooth: the smoothing's weight of earlier scores; 0 is off.
        iou: of each class in the masks, against all the rest.
        boundary_f: the mean over these classes and all frames.
        error_churn: pixels whose being wrong changes from one frame to the next, for each pixel of the object.
        followed_churn: the same along the motion, over the pixels that optical flow can follow.
    """

    data: _Text
    how: _Text = ""
    smooth: float = Field(default=0.0, ge=0, lt=1)
    iou: dict[_Word, float] = {}
    boundary_f: float | None = Field(default=None, ge=0, le=1)
    error_churn: float = Field(ge=0)
    followed_churn: float = Field(ge=0)


class GoldenFacts(_Facts):
    """The proof: inputs made from `seed`, and how far each precision may be from PyTorch's float32 scores.

    A tolerance is the greatest error allowed, as a share of the greatest score. A precision that is not named here
    is not allowed.
    """

    file: _Name
    seed: int = Field(ge=0, lt=2**32)
    tolerance: dict[Precision, _Tolerance] = Field(min_length=1)


class Variant(_Facts):
    """A further file of the same network: another precision, or a graph rewritten for some engines.

    `full_range`: its 8-bit weights use their whole range. It needs a processor that adds 8-bit products in 32 bits
    (VNNI, Arm); others would cut the sums off.
    """

    file: _Name
    sha256: _Sha256
    precision: Precision
    engines: tuple[_Word, ...] = Field(default=(), max_length=10)
    tolerance: _Tolerance | None = None
    full_range: bool = False
    remark: _Text = ""


class Card(_Facts):
    """All that is known of a network file.

    Attributes:
        stride: pixels between two scores, in both directions; 1 where they are as large as the input. `repair` prints
            it, and `verify --checkpoint` enlarges PyTorch's scores where it is 1.
        pixel_budget: on cards of earlier versions; nobody reads it, and it is written no more.
        shapes: height and width of every input that the network is proven at, as the file has them: the order of an
            array's axes. The program reads `input_sizes`.
    """

    name: _Name
    file: _Word
    sha256: _Sha256
    architecture: _Word
    precision: Precision = "float32"
    classes: tuple[_Word, ...] = Field(min_length=2, max_length=255)
    input: InputFacts = InputFacts()
    output: OutputFacts = OutputFacts()
    stride: _Side
    pixel_budget: _Count | None = Field(default=None, exclude=True)
    shapes: tuple[tuple[_Side, _Side], ...] = Field(min_length=1, max_length=64)
    origin: Origin
    accuracy: tuple[Accuracy, ...] = Field(default=(), max_length=100)
    flicker: tuple[Flicker, ...] = Field(default=(), max_length=100)
    sequences: tuple[SequenceAccuracy, ...] = Field(default=(), max_length=100)
    golden: GoldenFacts | None = None
    variants: tuple[Variant, ...] = Field(default=(), max_length=10)

    @property
    def input_sizes(self) -> tuple[Size, ...]:
        """The sizes of input that the network is proven at."""
        return tuple(Size(width, height) for height, width in self.shapes)


def card_name(network_file: Path) -> str:
    """A network's name after its file's, such as a card may hold."""
    return re.sub(f"^[.]|[{_FOREIGN}]", "_", network_file.stem)


def card_path(network_file: Path) -> Path:
    """Where the card of a network file lies."""
    return network_file.with_suffix(".card.yaml")


def read_card(network_file: Path) -> Card:
    """The card beside a network file, proven to belong to that very file.

    Raises:
        CardError: the card cannot be read, is not a card, or its hash is not the file's.
    """
    path = card_path(network_file)
    try:
        values = read_plain_yaml(path)
    except OSError as error:
        raise CardError("cannot read the card", path, "fetch it again beside its network", cause=error) from error
    except ValueError as error:
        raise CardError("the card is not plain YAML", path, "mend it, or fetch it again", cause=error) from error
    try:
        card = Card.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(reprlib.repr(part).strip("'") for part in first["loc"]) or "the whole file"
        remedy = "mend it, or fetch it again"
        raise CardError("the card is wrong", f"{as_typed(path)}, {key}", remedy, cause=first["msg"].lower()) from None
    if card.file != network_file.name:
        raise CardError("the card names another file", path, f"it is the card of {as_typed(card.file)}")
    if file_hash(network_file) != card.sha256:
        raise CardError(
            "the network is not the one its card describes",
            network_file,
            f"fetch both files again, or write a new card with `{program()} repair`",
        )
    return card


def write_card(card: Card, network_file: Path) -> Path:
    """Write the card beside its network file, whole or not at all; returns its path."""
    path = card_path(network_file)
    values = card.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def check_target(file: Path, ending: str, *, overwrite: bool) -> None:
    """Refuse a target that would lose something or that nobody would recognise. Raises UsageError."""
    if file.suffix != ending:
        raise UsageError(f"the file's name does not end in {ending}", file, f"such as --out mine{ending}")
    for path in (file, card_path(file), file.with_suffix(".golden.npz")):
        if path.exists() and not overwrite:
            raise UsageError("the file exists", path, "name another with --out, or allow --overwrite")


def without_folders(words: Sequence[str]) -> str:
    """A command line as a card has it, which travels: absolute paths cut to their last part, URLs without secrets."""
    shown = [Path(word).name if Path(word).is_absolute() else hide_secrets(word) for word in words]
    return shlex.join(shown)
