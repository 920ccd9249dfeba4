"""Why a test may be skipped, and a bound on it: a run that is told what may be missing fails for any other skip."""

import os
import re
from collections.abc import Collection, Iterable

import pytest

VARIABLE = "TESTS_MAY_SKIP"
"""Names of REASONS, parted by spaces; where it is set, even empty, a skip for another reason fails the run."""

REASONS = {
    "train": r"requirements-train\.txt|PyTorch is not installed|train requirements",
    "bench": r"requirements-bench\.txt",
    "batch": r"requirements-batch\.txt",
    "cloud": r"(s3fs|moto) is not installed",
    "ray": r"requirements-ray\.txt",
    "supervision": r"supervision is not installed",
    "beside": r"beside the repository|\.\./shared/|shared cases are not here",
    "screen": r"the window cannot be driven|headless build|no cross can be clicked|no chromium here",
    "root": r"a small disk|become another user|another user cannot run",
    "strace": r"no strace here",
    "npm": r"npm cannot fetch packages here|requirements-web\.txt",
    "build": r"(O|o)penCV has (CUDA|two engines|no cpu_new)|seen in (this )?OpenCV|this opencv has no cpu_new"
    r"|this ONNX Runtime (is built|has no provider|does not tell)|this machine has |this Pillow writes no AVIF"
    r"|(OpenVINO|openvino) has no (?!cpu\b)\w+",
    "system": r"of Linux here|only (Linux|glibc) |Windows |no (fork|SIGHUP|shell|/proc)|rights of POSIX"
    r"|does not allow such a name",
}
"""What is missing, by a short name, and the words by which a skipped test says so: packages of the extras `train`,
`bench`, `batch` and `ray`, what speaks to S3, the package supervision, files that lie beside the repository where
it is developed, a virtual screen and a browser, the superuser, a tracer of system calls, npm, a device or a fault
of this very build of an engine, another operating system."""


def unexpected(skips: Iterable[str], allowed: Collection[str]) -> list[str]:
    """Those of the skipped tests' reasons that none of the allowed names stands for, sorted."""
    patterns = [REASONS[name] for name in allowed]
    return sorted({skip for skip in skips if not any(re.search(pattern, skip) for pattern in patterns)})


class SkipBound:
    """A plugin of pytest's that fails the run where a test was skipped for a reason that is not allowed."""

    def __init__(self, allowed: Collection[str]) -> None:
        if unknown := sorted(set(allowed) - REASONS.keys()):
            raise pytest.UsageError(f"{VARIABLE}: no such reason: {unknown[0]}; there are {', '.join(REASONS)}")
        self._allowed = allowed
        self._skips: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test's skip."""
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a whole file's skip."""
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run where anything was skipped that should have run."""
        if unexpected(self._skips, self._allowed):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what should not have been skipped."""
        for skip in unexpected(self._skips, self._allowed):
            terminalreporter.write_line(f"should not be skipped here: {skip}", red=True)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            self._skips.append(report.longrepr[2].removeprefix("Skipped: "))


def pytest_configure(config: pytest.Config) -> None:
    """Set the bound where the environment asks for one."""
    if (allowed := os.environ.get(VARIABLE)) is not None:
        config.pluginmanager.register(SkipBound(allowed.split()))
