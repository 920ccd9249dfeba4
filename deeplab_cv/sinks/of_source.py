"""Outputs of several sources: `{source}` in their names stands for what each source is called."""

from pathlib import Path

from deeplab_cv.errors import UsageError, as_typed
from deeplab_cv.machine.urls import hide_secrets, is_url
from deeplab_cv.sinks.options import OutputOptions

SOURCE = "{source}"
"""What stands for a source's own word in the name of an output."""

_NAMED = ("out", "masks", "stats")


def outputs_of(output: OutputOptions, label: str) -> OutputOptions:
    """The outputs of the source that is called so, such as `camera-0`."""
    named = {key: name.replace(SOURCE, label) for key in _NAMED if (name := getattr(output, key)) is not None}
    return output.model_copy(update=named)


def refuse_shared_outputs(output: OutputOptions) -> None:
    """Raises UsageError for an output that several sources would have to share."""
    for key in _NAMED:
        name = getattr(output, key)
        if name is not None and SOURCE not in name:
            where = f"--{key} {as_typed(hide_secrets(name))}"
            remedy = f"{SOURCE} in its name stands for each source: --{key} '{_suggestion(hide_secrets(name))}'"
            raise UsageError("several sources do not fit into one output", where, remedy)
    if output.virtual_camera:
        raise UsageError("a virtual camera shows one source", "--virtual-camera", "leave it out, or name one source")


def _suggestion(name: str) -> str:
    if name == "-":
        return f"out-{SOURCE}.mp4"
    if is_url(name) or name.endswith(("/", "\\")) or not Path(name).suffix:
        return f"{name.rstrip('/')}/{SOURCE}"
    path = Path(name)
    return str(path.with_name(f"{path.stem}-{SOURCE}{path.suffix}"))
