"""What travels between a batch job and its workers: what is to be done, one file of it, and what came of that."""

import hashlib
import json
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.network_engines import Pinned
from deeplab_cv.segmentation.options import LabelOptions, PaceOptions
from deeplab_cv.sinks.options import OutputOptions
from deeplab_cv.sources.cutting import Part
from deeplab_cv.version import VERSION

Kind = Literal["picture", "video"]
Form = Literal["painted", "masks", "stats"]
"""A kind of output; the folder below the job's that its files go to."""

FORMS: tuple[Form, ...] = ("painted", "masks", "stats")


@dataclass(frozen=True)
class Item:
    """One file to be worked on.

    Attributes:
        input: the file, as it was named or found.
        name: where its outputs go below the job's folder, with the input's extension; no other item has it.
        kind: picture or video.
    """

    input: str
    name: str
    kind: Kind


@dataclass(frozen=True)
class Identity:
    """By what a file is known again: another one is worked on anew.

    Attributes:
        size: bytes.
        version: when it was last changed, in nanoseconds, or an object store's own word for what it holds.
    """

    size: int
    version: str


@dataclass(frozen=True)
class Output:
    """What was made of a file: one file, or for the masks of a video a folder of them.

    Attributes:
        path: below the job's folder.
        size: bytes, of a folder those of all its files.
        sha256: of the file; of a folder that of its files' names and hashes.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class DoneRecord:
    """What came of one file.

    Attributes:
        input: as in the item.
        name: as in the item.
        identity: of the file that was read; None where it could not be looked at.
        settings: the hash of the plan (`Plan.settings_hash`).
        outputs: what was made of it; empty where it failed.
        frames: how many were segmented.
        seconds: how long it took.
        stage: where it failed: `find`, `read`, `infer`, `write` or `worker`; empty where it did not.
        reason: why it failed, in one line.
    """

    input: str
    name: str
    identity: Identity | None
    settings: str
    _: KW_ONLY
    outputs: tuple[Output, ...] = ()
    frames: int = 0
    seconds: float = 0.0
    stage: str = ""
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Nothing was made of it."""
        return bool(self.stage)


@dataclass(frozen=True)
class Task:
    """Something to be done by one worker: a file, a part of a long video, or the joining of all its parts.

    Attributes:
        item: the file.
        own: the outputs that an earlier run made of it, which may be replaced.
        part: only this part is made.
        parts: these parts, all made, are joined.
        cuttable: a long video may be cut.
    """

    item: Item
    own: tuple[str, ...]
    _: KW_ONLY
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    cuttable: bool = True


@dataclass(frozen=True)
class Cut:
    """A long video is to be worked on in these parts."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class PartMade:
    """A part of a long video is whole."""


@dataclass(frozen=True)
class Uncuttable:
    """What was made of a video's parts does not add up to the whole; it is to be worked on in one."""


Outcome = DoneRecord | Cut | PartMade | Uncuttable
"""What comes of a task."""


@dataclass(frozen=True)
class Plan:
    """What is done to every file, the same in all workers and in all runs of one job.

    Attributes:
        folder: where outputs and records go.
        forms: which outputs are written.
        network: which network.
        engine: what is asked of the engine; `threads` of each worker.
        cores: processor cores that each worker counts on.
        pinned: the engine and the graph that were chosen for the job; None until then.
        pace: which frames are inferred.
        labels: how calm labels are.
        picture: how labels are painted.
        encoding: codec, crf and preset.
        part_s: how long the parts are that a long video is cut into, in seconds; 0 for none.
        contents: the hash of the network, of its card and of a background picture.
    """

    folder: str
    forms: tuple[Form, ...]
    network: NetworkOptions
    engine: EngineOptions
    cores: int
    pinned: Pinned | None
    pace: PaceOptions
    labels: LabelOptions
    picture: PictureOptions
    encoding: OutputOptions
    part_s: float
    contents: str

    @property
    def settings(self) -> dict[str, Any]:
        """All that decides what an output looks like, the choice of engine apart, as plain values."""
        return {
            "program": VERSION,
            "forms": list(self.forms),
            "network and background": self.contents,
            "backend": self.engine.backend,
            "pace": self.pace.model_dump(mode="json"),
            "labels": self.labels.model_dump(mode="json"),
            "picture": self.picture.model_dump(mode="json"),
            "part": self.part_s,
            "encoding": self.encoding.model_dump(mode="json"),
        }

    @property
    def settings_hash(self) -> str:
        """16 hexadecimal digits of the settings."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()[:16]
