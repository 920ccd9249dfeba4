"""What the page and other programs are told of the run: as JSON, and for Prometheus."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deeplab_cv.classes import default_colour
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
        return {
            "source": None,
            "running": None,
            "inferring": False,
            "view": None,
            "classes": [],
            "progress": "starting",
        }
    return {
        "source": _source_json(state),
        "running": _figures(state),
        "inferring": state.inferring,
        "view": _view_json(state.view),
        "classes": _classes(state),
        "progress": state.progress,
    }


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
    painted, view = state.shown.painted, state.view
    names = painted.class_names
    shares = roughly_counted_shares(painted.labels, len(names))
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
    """The run's figures."""
    if state is None:
        return []
    source, status = state.source_state, state.status
    metrics = [
        Metric("source_playing", "gauge", "1 while the source gives pictures.", {"": int(source.phase == "playing")}),
        Metric("source_reconnects_total", "counter", "How often the source came back.", {"": source.reconnects}),
        Metric("source_stalls_total", "counter", "How often the source fell silent.", {"": source.stalls}),
    ]
    if status is None:
        return metrics
    return [
        *metrics,
        Metric("inferring", "gauge", "0 while nobody looks, and frames go by unseen.", {"": int(state.inferring)}),
        Metric("frames_a_second", "gauge", "Frames shown a second, over two seconds.", {"": status.rate}),
        Metric("inference_seconds", "gauge", "What the network took.", {"": status.inference_ms / 1000}),
        Metric("latency_seconds", "gauge", "From reading a frame to showing it.", {"": status.latency_ms / 1000}),
        Metric("frames_dropped_total", "counter", "Frames replaced by newer ones.", {"": status.dropped}),
        Metric("recording", "gauge", "1 while a video is written.", {"": int(status.recording)}),
    ]
