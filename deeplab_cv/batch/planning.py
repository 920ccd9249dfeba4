"""Wishes -> the plan of a batch job, checked before anything is opened."""

import contextlib
import hashlib
from pathlib import Path

from deeplab_cv.batch.work import FORMS, Form, Plan
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.machine.files import file_hash
from deeplab_cv.networks.network import Network
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.overlay.look import check_paint, with_the_network_s_names
from deeplab_cv.overlay.options import PictureOptions
from deeplab_cv.segmentation.options import LabelOptions, PaceOptions
from deeplab_cv.sinks.encoding import choose_encoding
from deeplab_cv.sinks.options import OutputOptions

PART_S = 120.0
"""How long the parts of a long video are, in seconds, where nobody says so."""


def make_plan(
    folder: str,
    *,
    forms: tuple[Form, ...],
    network: NetworkOptions,
    engine: EngineOptions,
    pace: PaceOptions,
    labels: LabelOptions,
    picture: PictureOptions,
    encoding: OutputOptions,
    part_s: float = PART_S,
) -> Plan:
    """The plan of a job, without what its first run decides.

    Args:
        folder: where outputs and records go.
        forms: which outputs are written; painted files where it is empty.
        network: which network.
        engine: what is asked of the engine.
        pace: which frames are inferred.
        labels: how calm labels are.
        picture: how labels are painted.
        encoding: codec, crf and preset; nothing else of it counts.
        part_s: how long the parts are that a long video is cut into, in seconds; 0 for none.

    Raises:
        UserError: the network is not there, or a wish cannot be fulfilled.
    """
    opened = wanted_network(network)
    check_paint(picture, opened.card.classes)
    encoding = OutputOptions(codec=encoding.codec, crf=encoding.crf, preset=encoding.preset)
    choose_encoding(Path("painted.mkv" if encoding.codec else "painted.mp4"), encoding)
    return Plan(
        folder=folder,
        forms=tuple(form for form in FORMS if form in (forms or ("painted",))),
        # Workers have the working folder of whoever starts them, and those of other machines have not.
        network=network.model_copy(update={"model": str(opened.named.absolute())}),
        engine=engine,
        cores=1,
        pinned=None,
        # How long frames take here would decide what becomes of them.
        pace=pace.model_copy(update={"target_fps": None}),
        labels=labels,
        picture=with_the_network_s_names(picture, opened.card.classes),
        encoding=encoding,
        part_s=part_s,
        contents=_contents(opened, picture),
    )


def _contents(network: Network, picture: PictureOptions) -> str:
    """The hash of the network's files and of a background that is a picture."""
    digest = hashlib.sha256(file_hash(network.file).encode())
    digest.update(network.card.model_dump_json().encode())
    with contextlib.suppress(OSError):
        digest.update(file_hash(Path(picture.background)).encode())
    return digest.hexdigest()
