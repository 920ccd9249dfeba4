"""What a job's first run decides for all further ones, in its `job.json`: the settings and the engine."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from deeplab_cv.batch.places import Place
from deeplab_cv.batch.work import Plan
from deeplab_cv.batch.worker_process import Ready
from deeplab_cv.errors import SinkError
from deeplab_cv.segmentation.network_engines import Pinned

NAME = "job.json"


@dataclass(frozen=True)
class Facts:
    """What was decided.

    Attributes:
        settings: all that decides what an output looks like.
        settings_hash: of these.
        cores: processor cores that each worker counts on.
        pinned: the engine and the graph.
        engine: the engine as the runtime describes itself.
        threads: processor threads of each worker's engine.
    """

    settings: dict[str, Any]
    settings_hash: str
    cores: int
    pinned: Pinned
    engine: str
    threads: int


def facts_of(plan: Plan, ready: Ready) -> Facts:
    """What the first worker's engine decides."""
    return Facts(plan.settings, plan.settings_hash, plan.cores, ready.pinned, ready.engine_name, ready.threads)


def write_facts(place: Place, facts: Facts) -> None:
    """Note them. Raises SinkError."""
    place.write(NAME, (json.dumps(asdict(facts), indent=1) + "\n").encode())


def read_facts(place: Place) -> Facts | None:
    """What an earlier run decided; None where there was none. Raises SinkError where that is damaged."""
    text = place.read(NAME)
    if text is None:
        return None
    try:
        found = json.loads(text)
        return Facts(**found | {"pinned": Pinned(**found["pinned"])})
    except (ValueError, TypeError, KeyError) as error:
        what = "this is no note of a batch job, or a damaged one"
        remedy = "name another --to, or delete it and do everything anew with --again"
        raise SinkError(what, f"{place.text}/{NAME}", remedy) from error
