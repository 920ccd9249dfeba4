"""The processor this machine computes with: its name and how many cores this process may use."""

import os
import platform
from pathlib import Path

_TOPOLOGY = Path("/sys/devices/system/cpu")
_SUMS_IN_32_BITS = {"avx512_vnni", "avx_vnni", "asimd"}
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class _Share:
    """Of this process.

    Attributes:
        cores: how many it counts on; None for all that it may use.
    """

    cores: int | None = None


def count_on(cores: int) -> None:
    """This process is one of several that share the machine: engines and encoders are to count on so many cores."""
    _Share.cores = cores


def processor_name() -> str:
    """Such as `Intel(R) Xeon(R) Processor`; the architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Hardware")))
    return next(names, "") or platform.processor() or platform.machine()


def usable_cores() -> int:
    """Physical cores this process may use: those its affinity names, no more than its container's quota or its share.

    Two threads on one core share the units that multiply; a runtime that starts a thread for each, or one for each
    core of the machine outside the container, is slower than one that does not.
    """
    logical = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    physical = {_siblings(number) for number in logical}
    return max(1, min(len(physical), _quota() or len(physical), _Share.cores or len(physical)))


def sums_in_32_bits() -> bool:
    """Whether sums of 8-bit products keep all their bits: VNNI and its like, or Arm. False where nobody tells.

    Others add pairs of products in 16 bits and cut off what is larger, without a word; int8 networks for them have
    weights small enough for that.
    """
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.machine().lower() in {"arm64", "aarch64"}
    flags = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    return not _SUMS_IN_32_BITS.isdisjoint(flags.split())


def _siblings(number: int) -> str:
    """The logical processors that share a core with this one; itself where the system does not tell."""
    try:
        return (_TOPOLOGY / f"cpu{number}" / "topology" / "thread_siblings_list").read_text(encoding="ascii").strip()
    except OSError:
        return str(number)


def _quota() -> int | None:
    """Whole processors that a container (cgroup v2) grants, None for no limit."""
    try:
        limit_us, period_us = _QUOTA.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if limit_us == "max" else max(1, round(int(limit_us) / int(period_us)))
