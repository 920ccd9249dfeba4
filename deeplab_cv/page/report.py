"""What the page and other programs are told of the run: as JSON, and for Prometheus."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deeplab_cv.classes import default_colour
from deeplab_cv.controls.grid import USUAL_AREA, grid_cells
from deeplab_cv.controls.keys import KEYS, Action, PaintClass
from deeplab_cv.controls.stage import RunState
from deeplab_cv.frames.areas import roughly_counted_shares
from deeplab_cv.overlay.options import STYLES
from deeplab_cv.overlay.view import View, numbered_classes, painted_classes


def controls_table() -> dict[str, Any]:
    """Every row of the key table, and what else can be chosen from."""
    rows = [
        {
            "label": key.label,
            "text": key.text,
            "actions": [{"key": name, "ask": _request_for(action)} for name, action in key.actions.items()],
        }
        for key in KEYS
    ]
    return {"rows": rows, "styles": list(STYLES)}


def _request_for(action: Action) -> dict[str, Any]:
    return {"paint": action.number} if isinstance(action, PaintClass) else {"action": action}


def state_json(state: RunState | None) -> dict[str, Any]:
    """The run's state as the page shows it."""
    if state is None:
        nothing = {"source": None, "running": None, "inferring": False, "view": None, "progress": "starting"}
        return {**nothing, "classes": [], "sources": [], "alone": None}
    return {
        "source": _source_json(state),
        "running": _figures(state),
        "inferring": state.inferring,
        "view": _view_json(state.view),
        "classes": _classes(state),
        "progress": state.progress,
        "sources": _sources(state.sources or (state,)),
        "alone": state.alone,
    }


def _sources(states: Sequence[RunState]) -> list[dict[str, Any]]:
    """Each source with its state and figures, and where it lies in the grid, in shares of the picture."""
    width, height = USUAL_AREA
    cells = grid_cells(len(states), USUAL_AREA)
    now = time.monotonic()
    return [
        {
            "label": state.label,
            "name": state.source.name,
            "phase": "over" if state.over else state.source_state.phase,
            "line": state.over or state.source_state.line(now),
            **_pace(state),
            "dropped": state.status.dropped if state.status is not None else 0,
            "recording": state.status is not None and state.status.recording,
            "box": [
                round(cell.left / width, 4),
                round(cell.top / height, 4),
                round(cell.size.width / width, 4),
                round(cell.size.height / height, 4),
            ],
        }
        for state, cell in zip(states, cells, strict=True)
    ]


def _source_json(state: RunState) -> dict[str, Any]:
    source = state.source_state
    return {
        "name": state.source.name,
        "title": state.status.title if state.status is not None else state.source.name,
        "live": state.source.live,
        "tutorial": state.tutorial,
        "phase": source.phase,
        "line": source.line(time.monotonic()),
        "reason": source.reason,
        "reconnects": source.reconnects,
        "stalls": source.stalls,
        "notices": list(source.notices),
    }


def _pace(state: RunState) -> dict[str, float | None]:
    """Rate and latency of a source; None while nothing of it is inferred, and the latency of a file."""
    status = state.status if state.inferring and not state.over else None
    return {
        "rate": None if status is None else round(status.rate, 2),
        "latency_ms": None if status is None or not status.live else round(status.latency_ms, 1),
    }


def _figures(state: RunState) -> dict[str, Any] | None:
    status, shown = state.status, state.shown
    if status is None or shown is None:
        return None
    frame = state.passed or shown.scored.frame
    return {
        "frame": frame.index,
        "time_s": round(float(frame.time_s), 3),
        "width": frame.size.width,
        "height": frame.size.height,
        "rate": round(status.rate, 2),
        "inference_ms": round(status.inference_ms, 2),
        "origin": status.origin,
        "latency_ms": round(status.latency_ms, 1),
        "dropped": status.dropped,
        "made_by": status.made_by,
        "recording": status.recording,
        "message": status.message,
        "paused": state.view.paused,
    }


def _view_json(view: View) -> dict[str, Any]:
    return {
        "overlay": view.overlay,
        "style": view.picture.style,
        "alpha": view.picture.alpha,
        "smooth": view.smooth,
        "all_classes": view.all_classes,
        "line": view.picture.line,
        "legend": view.picture.legend,
        "help": view.help,
        "paused": view.paused,
        "fullscreen": view.fullscreen,
    }


def _classes(state: RunState) -> list[dict[str, Any]]:
    if state.shown is None:
        return []
    view, names = state.view, state.shown.painted.class_names
    each = [state] if state.alone is not None or not state.sources else state.sources
    seen = [other.shown.painted for other in each if other.shown is not None]
    counted = [roughly_counted_shares(painted.labels, len(names)) for painted in seen if painted.class_names == names]
    # Of the grid as a whole, in which all pictures are of the same size.
    shares = [sum(column) / len(each) for column in zip(*counted, strict=True)]
    on, numbered = painted_classes(view, names), numbered_classes(view, names)
    keys = {name: place for place, name in enumerate(numbered[:9], 1)}
    return [
        {
            "name": name,
            "key": keys.get(name),
            "on": name in on,
            "colour": "#{:02x}{:02x}{:02x}".format(*(view.picture.paint.get(name) or default_colour(name))),
            # Nobody knows what is in the pictures that go by unseen.
            "share": round(float(share), 4) if state.inferring else None,
        }
        for name, share in list(zip(names, shares, strict=True))[1:]
    ]


@dataclass(frozen=True)
class Metric:
    """A figure for Prometheus.

    Attributes:
        name: without the program's own word before it.
        kind: counter or gauge.
        text: what it is.
        values: by its labels, written as Prometheus does; an empty text where it has none.
    """

    name: str
    kind: str
    text: str
    values: Mapping[str, float]


def prometheus_text(metrics: list[Metric]) -> str:
    """Figures in Prometheus' text form."""
    lines = []
    for metric in metrics:
        name = f"deeplab_cv_{metric.name}"
        lines += [f"# HELP {name} {metric.text}", f"# TYPE {name} {metric.kind}"]
        lines += [f"{name}{f'{{{labels}}}' if labels else ''} {value}" for labels, value in metric.values.items()]
    return "\n".join(lines) + "\n"


def metrics_of(state: RunState | None) -> list[Metric]:
    """The run's figures, each with the source that it is of."""
    if state is None:
        return []
    figures = [
        (f'source="{each.label}"', _source_figures(each) | _run_figures(each)) for each in state.sources or [state]
    ]
    return [
        Metric(name, kind, text, values)
        for name, (kind, text) in _METRICS.items()
        if (values := {label: values[name] for label, values in figures if name in values})
    ]


_METRICS: Mapping[str, tuple[str, str]] = {
    "source_playing": ("gauge", "1 while the source gives pictures."),
    "source_reconnects_total": ("counter", "How often the source came back."),
    "source_stalls_total": ("counter", "How often the source fell silent."),
    "inferring": ("gauge", "0 while nobody looks, and frames go by unseen."),
    "frames_a_second": ("gauge", "Frames shown a second, over two seconds."),
    "inference_seconds": ("gauge", "What the network took."),
    "latency_seconds": ("gauge", "From reading a frame to showing it."),
    "frames_dropped_total": ("counter", "Frames replaced by newer ones."),
    "recording": ("gauge", "1 while a video is written."),
}
"""The figures of a source: kind and text of each."""


def _source_figures(state: RunState) -> dict[str, float]:
    source = state.source_state
    return {
        "source_playing": int(source.phase == "playing" and not state.over),
        "source_reconnects_total": source.reconnects,
        "source_stalls_total": source.stalls,
    }


def _run_figures(state: RunState) -> dict[str, float]:
    status = state.status
    if status is None:
        return {}
    return {
        "inferring": int(state.inferring and not state.over),
        "frames_a_second": 0.0 if state.over else status.rate,
        "inference_seconds": status.inference_ms / 1000,
        "latency_seconds": status.latency_ms / 1000,
        "frames_dropped_total": status.dropped,
        "recording": int(status.recording and not state.over),
    }
