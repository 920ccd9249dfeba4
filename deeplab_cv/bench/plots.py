"""Pictures of the figures for docs/performance.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deeplab_cv.errors import SinkError, UsageError
from deeplab_cv.machine.cache import lend_folder
from deeplab_cv.machine.installed import how_to_install

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def write_plots(folder: Path, report: Mapping[str, Any]) -> list[Path]:
    """One PNG for each part of a report that has a picture; returns the files.

    Raises:
        UsageError: matplotlib is missing.
        SinkError: the folder cannot be written to.
    """
    lend_folder("MPLCONFIGDIR", "matplotlib")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("plots need a package that is missing", "matplotlib", how_to_install("bench")) from None
    files = []
    for name, draw in _DRAWERS.items():
        part = report["parts"].get(name)
        if part is None or not part["rows"]:
            continue
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        draw(figure.add_subplot(), part["rows"])
        file = folder / f"bench-{name}.png"
        try:
            figure.savefig(file, dpi=110)
        except OSError as error:
            raise SinkError(
                "cannot write the plot", file, "name another folder", cause=error.strerror or error
            ) from error
        files.append(file)
    return files


def _draw_stages(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    """A bar for each size of frame, made of the stages' processor milliseconds."""
    frames = list(dict.fromkeys(row["frame"] for row in rows))
    ends = dict.fromkeys(frames, 0.0)
    for stage in dict.fromkeys(row["stage"] for row in rows if isinstance(row["processor ms"], dict)):
        costs = {row["frame"]: row["processor ms"]["median"] for row in rows if row["stage"] == stage}
        axes.barh(list(costs), list(costs.values()), left=[ends[frame] for frame in costs], label=stage)
        ends |= {frame: ends[frame] + cost for frame, cost in costs.items()}
    axes.set_xlabel("processor milliseconds a frame")
    axes.invert_yaxis()
    axes.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize="small")


def _draw_end_to_end(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    """What a frame takes beside the least it could take."""
    rows = [row for row in rows if row["floor : wall"] is not None]
    names = [f"{row['route']}\n{row['frame']}" for row in rows]
    places = range(len(rows))
    axes.bar([place - 0.2 for place in places], [row["wall ms"]["median"] for row in rows], 0.4, label="seen")
    axes.bar([place + 0.2 for place in places], [row["floor ms"] for row in rows], 0.4, label="floor")
    axes.set_xticks(list(places), names)
    axes.set_ylabel("milliseconds a frame")
    axes.legend()


def _draw_labels(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    """Labels at frame size, ours and the plain ones."""
    names = [f"{row['frame']}\n{row['classes']} classes" for row in rows]
    for heading in ("upsample, argmax", "ours"):
        axes.plot(names, [row[heading]["median"] for row in rows], "o", label=heading)
    axes.set_yscale("log")
    axes.set_ylabel("processor milliseconds a frame")
    axes.tick_params("x", labelsize="small")
    axes.legend()


def _draw_engines(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    """The fastest of each engine and precision at each input size."""
    rows = [row for row in rows if row["network"] == rows[0]["network"]]
    names = list(dict.fromkeys(row["engine"] for row in rows))
    inputs = list(dict.fromkeys(row["input"] for row in rows))
    for place, size in enumerate(inputs):
        best = [
            max((row["frames/s"] for row in rows if (row["engine"], row["input"]) == (name, size)), default=0)
            for name in names
        ]
        axes.barh([row - 0.27 + place * 0.27 for row in range(len(names))], best, 0.27, label=size)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("frames a second, inference alone")
    axes.invert_yaxis()
    axes.legend()


def _draw_peers(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    """Frames a second of everybody, end to end."""
    rows = sorted(rows, key=lambda row: row["frames/s"]["median"])
    names = [f"{row['program']} ({row['network']})" for row in rows]
    axes.barh(names, [row["frames/s"]["median"] for row in rows])
    axes.set_xlabel("frames a second, 720p")
    axes.tick_params("y", labelsize="small")


_DRAWERS = {
    "engines": _draw_engines,
    "stages": _draw_stages,
    "end-to-end": _draw_end_to_end,
    "labels": _draw_labels,
    "peers": _draw_peers,
}
