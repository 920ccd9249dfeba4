"""Other ways to do the same (benchmarks/peers of a clone), in turns with the program itself: same clip, same cores."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deeplab_cv.bench import BenchPlan, Measurement, Row
from deeplab_cv.bench.instruments.child import ROOT, child_environment, run_in_child
from deeplab_cv.bench.instruments.clips import clip_at
from deeplab_cv.bench.instruments.turns import spread_of
from deeplab_cv.errors import EngineError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.cache import cache_folder
from deeplab_cv.machine.files import private_folder, whole_file
from deeplab_cv.machine.installed import how_to_install
from deeplab_cv.networks.network import graph_for
from deeplab_cv.networks.opening import wanted_network

_log = logging.getLogger(__name__)

_FOLDER = ROOT / "benchmarks" / "peers"
_HEIGHT = 720
_SECONDS = "5"
_SLOW = ("--end", "2")
"""So much of the clip is enough for a network that takes a tenth of a second a frame."""

_USUAL_SIZE = 448
_USUAL_NETWORK = f"deeplabv3_mobilenet_v3_large-{_USUAL_SIZE}.onnx"
_IMAGENET = ("--mean", "123.675,116.28,103.53", "--std", "58.395,57.12,57.375")
_NO_MEAN = ("--mean", "0", "0", "0", "--std", "1", "1", "1")

_SCRIPTS = {
    "usual script, cv2.dnn": "usual_opencv.py",
    "usual script, ONNX Runtime": "usual_onnxruntime.py",
    "torchvision, eager": "torchvision_eager.py",
    "torchvision, torch.compile": "torchvision_compile.py",
    "openvino-model-api": "openvino_model_api.py",
    "OpenCV's own sample": "opencv_sample.py",
}
_ANY_NETWORK = ("usual script, cv2.dnn", "usual script, ONNX Runtime", "openvino-model-api")
"""Those that are also run with the program's own network."""

_MEDIAPIPE = "mediapipe_selfie.py"
_MEDIAPIPE_NETWORK = "MediaPipe's own at 256x144, person only"
_MEDIAPIPE_PYTHON = ROOT / ".venv-mediapipe" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
"""MediaPipe asks for another NumPy and another OpenCV than the program (benchmarks/peers/README.md)."""


@dataclass(frozen=True)
class Peer:
    """A program to be run.

    Attributes:
        program: what the table calls it.
        network: what it runs.
        script: a peer's file in benchmarks/peers; empty for this program.
        words: what it is told besides the clip and the output.
    """

    program: str
    network: str
    script: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """What one run gave.

    Attributes:
        frames_per_s: from the first frames to the closed file.
        processor_ms: a frame's, of all cores together.
        stages_ms: a frame's, on the clock, where stages come one after another.
    """

    frames_per_s: float
    processor_ms: float
    stages_ms: dict[str, float]


def measure(plan: BenchPlan) -> Measurement:
    """A row for each program and network, this program's first. Raises UserError."""
    if not _FOLDER.is_dir():
        raise UsageError("an installed package has no peers", _FOLDER, "run it in a clone")
    clip = clip_at(plan.clip, _HEIGHT)
    return compared(_peers(plan), partial(_run, clip=clip), max(1, plan.rounds - 1))


def compared(peers: Sequence[Peer], run: Callable[[Peer], Figures], rounds: int) -> Measurement:
    """A row for each peer that runs, in turns; why another one does not is a remark.

    Raises EngineError where the first one, which all others are compared with, does not run.
    """
    default, still = peers[0], list(peers)
    runs: dict[Peer, list[Figures]] = {}
    remarks = [
        "default is faster: frames a second of deeplab-cv by default over this one's; takes less: of processor time"
    ]
    for _ in range(rounds):
        for peer in list(still):
            _log.info("%s, %s", peer.program, peer.network)
            try:
                figures = run(peer)
                runs.setdefault(peer, []).append(figures)
            except EngineError as error:
                if peer == default:
                    raise
                remarks.append(f"{peer.program}, {peer.network}: {error.what}: {error.where}")
                still.remove(peer)
    rates = {each: spread_of(figures.frames_per_s for figures in some) for each, some in runs.items()}
    spent = {each: spread_of(figures.processor_ms for figures in some) for each, some in runs.items()}
    rows: list[Row] = [
        {
            "program": each.program,
            "network": each.network,
            "frames/s": rate,
            "processor ms": spent[each],
            "default is faster": rates[default].median / rate.median,
            "default takes less": spent[each].median / spent[default].median,
            "slowest stages, ms": _slowest(runs[each][-1]),
        }
        for each, rate in rates.items()
    ]
    return Measurement("peers", f"{_HEIGHT}p, file to file, same clip, same cores", tuple(rows), tuple(remarks))


def _peers(plan: BenchPlan) -> list[Peer]:
    network = wanted_network(plan.network)
    own, own_file = network.card.name, str(network.file)
    usual = _usual_network(plan)
    # A script reads a file of one fixed shape; the program's own network has mean and std inside.
    graph = graph_for(network, Size(1280, 720))
    own_words = ("--model", str(graph.file), "--size", str(graph.input_size), *_NO_MEAN)
    peers = [
        Peer("deeplab-cv by default", own, "", ("--model", own_file, "--end", _SECONDS)),
        Peer("deeplab-cv on cv2.dnn", own, "", ("--model", own_file, "--backend", "opencv", *_SLOW)),
        *(Peer(program, own, _SCRIPTS[program], own_words) for program in _ANY_NETWORK),
        Peer("MediaPipe", _MEDIAPIPE_NETWORK, _MEDIAPIPE, ()),
    ]
    if usual is None:
        return peers
    name, words = f"torchvision's at {_USUAL_SIZE}", ("--model", str(usual))
    ours = (*words, "--classes", "voc", *_IMAGENET, *_SLOW)
    return [
        *peers,
        Peer("deeplab-cv", name, "", ours),
        Peer("deeplab-cv on cv2.dnn", name, "", (*ours, "--backend", "opencv")),
        *(Peer(program, name, script, words) for program, script in _SCRIPTS.items()),
    ]


def _usual_network(plan: BenchPlan) -> Path | None:
    """torchvision's network as scripts run it, made once; None where torch is missing."""
    file = cache_folder("bench") / _USUAL_NETWORK
    if not file.exists():
        try:
            with whole_file(file) as temporary:
                command = [sys.executable, str(_FOLDER / "usual_network.py"), str(temporary), str(_USUAL_SIZE)]
                subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=True)
        except subprocess.CalledProcessError as error:
            _log.info("torchvision's network cannot be made: %s", _last_line(error.stderr))
            return None
    return file


def _run(peer: Peer, clip: Path) -> Figures:
    """Raises EngineError where it fails."""
    with private_folder() as folder:
        words = [*peer.words, "--video", str(clip), "--out", str(folder / "out.mp4")]
        if not peer.script:
            run = run_in_child("plain", [*words, "--headless"])
            return Figures(run.frames / run.wall_s, run.processor_s * 1000 / run.frames, {})
        own_python = peer.script == _MEDIAPIPE and _MEDIAPIPE_PYTHON.exists()
        python = str(_MEDIAPIPE_PYTHON) if own_python else sys.executable
        command = [python, str(_FOLDER / peer.script), *words, "--seconds", _SECONDS]
        done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineError("it does not run here", _last_line(done.stderr), how_to_install("bench"))
    figures = json.loads(done.stdout.splitlines()[-1])
    return Figures(figures["frames_per_s"], figures["processor_ms"], figures["stages_ms"])


def _slowest(figures: Figures) -> str | None:
    longest: Sequence[tuple[str, float]] = sorted(figures.stages_ms.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{stage} {spent_ms:.0f}" for stage, spent_ms in longest) or None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word"])[-1]
