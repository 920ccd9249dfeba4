"""How a batch job is run, which makes no difference to what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from deeplab_cv.batch.child import PROGRAM
from deeplab_cv.batch.on_ray import Actor
from deeplab_cv.batch.pool import PATIENCE_S
from deeplab_cv.errors import UsageError


@dataclass(frozen=True)
class OnRay:
    """A Ray cluster.

    Attributes:
        address: where it is; empty for one that is started here.
        resources: what each actor takes, as Ray calls it.
        actor: what each actor is.
    """

    address: str
    resources: dict[str, float]
    actor: type[Actor] = Actor


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a job is run; it makes no difference to what comes out.

    Attributes:
        again: do everything anew.
        retry_failed: try what failed before once more.
        workers: how many processes; None for as many as the machine has room for.
        patience_s: how long a worker may be silent over one frame.
        program: what starts a worker.
        ray: the cluster that works in the place of this machine's processes; None for these.
    """

    again: bool = False
    retry_failed: bool = False
    workers: int | None = None
    patience_s: float = PATIENCE_S
    program: Sequence[str] = PROGRAM
    ray: OnRay | None = None

    def __post_init__(self) -> None:
        """Raises UsageError where a number makes no sense."""
        if self.workers is not None and (not isinstance(self.workers, int) or self.workers < 1):
            raise UsageError("there must be a worker", f"workers {self.workers}", "give at least 1, or leave it out")
        if not self.patience_s > 0:
            raise UsageError("a worker must have some time", f"patience {self.patience_s:g}", "give seconds above 0")
