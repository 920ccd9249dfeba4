"""Graphics cards and NPUs, as far as Linux shows them without their makers' packages."""

from pathlib import Path

_DEVICE_FILES = ("dri/render*", "nvidia[0-9]*", "accel/accel*", "kfd")
"""There as soon as the driver is."""

_NVIDIA_CARDS = "driver/nvidia/gpus/*/information"


def accelerator_files(devices: Path = Path("/dev")) -> list[str]:
    """The device files of graphics cards and NPUs, sorted; none on other systems than Linux."""
    return sorted(str(path) for pattern in _DEVICE_FILES for path in devices.glob(pattern))


def nvidia_cards(processes: Path = Path("/proc")) -> list[str]:
    """The names of NVIDIA's cards whose driver is loaded."""
    names = []
    for file in sorted(processes.glob(_NVIDIA_CARDS)):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        names += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return names
