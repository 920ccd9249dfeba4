"""The controls of a run over numbers."""

from pathlib import Path

from deeplab_cv.controls.controls import Controls
from deeplab_cv.controls.recording import Recorder
from deeplab_cv.overlay.view import View
from tests.jobs.numbers import Notebook

DEFAULT = View()


def controls_of_numbers(
    folder: Path, *, view: View = DEFAULT, tutorial: bool = False, recorder: Recorder | None = None
) -> Controls:
    """Controls whose snapshots go to `folder` and whose recordings go into a notebook, or to a recorder of events."""
    return Controls(
        view,
        pictures=tutorial,
        tutorial=tutorial,
        folder=folder,
        make_recorder=lambda path: Notebook(),
        network_file=None,
        source_name="numbers",
        recorder=recorder,
    )
