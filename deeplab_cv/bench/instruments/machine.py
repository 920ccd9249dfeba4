"""What a figure cannot be understood without: the machine, the versions and the settings."""

import datetime
import os
import platform
from typing import Any

from deeplab_cv.bench import BenchPlan
from deeplab_cv.machine.installed import ENGINE_WHEELS, installed
from deeplab_cv.machine.processor import processor_name, usable_cores
from deeplab_cv.version import VERSION

_OTHER_WHEELS = ("av", "numpy", "torch", "torchvision", "openvino-model-api", "mediapipe")


def machine_facts() -> dict[str, Any]:
    """Processor, cores, memory and system, and how busy the machine was before the measurement began."""
    return {
        "processor": processor_name(),
        "cores": usable_cores(),
        "memory_gb": _memory_gb(),
        "system": platform.platform(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str]:
    """The program's, Python's and the installed wheels' versions."""
    own = {"deeplab-cv": VERSION, "python": platform.python_version()}
    return own | installed([*ENGINE_WHEELS, *_OTHER_WHEELS])


def settings_facts(plan: BenchPlan) -> dict[str, Any]:
    """What was asked for: the options that are not defaults, and the measurement's own."""
    asked = (plan.network, plan.engine, plan.pace, plan.picture)
    values = [options.model_dump(mode="json", exclude_defaults=True) for options in asked]
    return {
        "clip": plan.clip.name,
        "heights": list(plan.heights),
        "rounds": plan.rounds,
        "memory_frames": plan.memory_frames,
        **{key: value for each in values for key, value in each.items()},
    }


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None
