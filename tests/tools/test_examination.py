import numpy as np
import pytest

from deeplab_cv.engines.candidates import Candidate
from deeplab_cv.engines.choice import choose
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.engines.remembered import question_of, remember
from deeplab_cv.errors import UserError
from deeplab_cv.networks.network import graph_for
from deeplab_cv.networks.opening import wanted_network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.tools.examination import FRAME_SIZE, examine
from tests.tiny_networks import tiny_network

OPENCV = EngineOptions(backend="opencv:cpu", threads=1)


def of(file):
    return NetworkOptions(model=str(file))


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Makes a wheel look as if it were installed."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def one(wheel):
        info = folder / f"{wheel.replace('-', '_')}-9.9.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {wheel}\nVersion: 9.9\n")

    return one


def test_one_engine_that_is_right_is_enough(tmp_path, capsys):
    assert examine(of(tiny_network(tmp_path)), OPENCV)

    printed = capsys.readouterr().out
    [row] = [line for line in printed.splitlines() if line.startswith("opencv:cpu ")]
    assert row.split()[1] == "float32"
    assert row.endswith("100.00%")
    assert "refused" not in printed


def test_where_every_engine_is_wrong_the_figures_say_how(tmp_path, capsys):
    file = tiny_network(tmp_path)
    with np.load(tmp_path / "tiny.golden.npz") as golden:
        wrong = {key: scores + np.float16(1) for key, scores in golden.items()}
    np.savez(tmp_path / "tiny.golden.npz", **wrong)

    assert not examine(of(file), OPENCV)

    assert "refused opencv:cpu: the engine's scores are wrong" in capsys.readouterr().out


def test_the_machine_is_described_before_anything_is_tried(tmp_path, capsys):
    examine(of(tiny_network(tmp_path)), OPENCV)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("deeplab-cv ")
    assert [line.split()[0] for line in lines[1:4]] == ["system", "processor", "graphics"]


def test_no_line_is_wider_than_a_terminal(tmp_path, capsys):
    examine(of(tiny_network(tmp_path)), EngineOptions(threads=1))

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_it_says_which_engine_a_run_takes(tmp_path, capsys):
    network, options = of(tiny_network(tmp_path)), EngineOptions(backend="opencv", threads=1)
    examine(network, options)
    fresh = capsys.readouterr().out.splitlines()
    fastest = next(fresh[place + 1].split()[0] for place, line in enumerate(fresh) if line.startswith("engine "))

    graph = graph_for(wanted_network(network), FRAME_SIZE)
    choose([graph], options, depth=2).engine.close()
    examine(network, options)

    assert f"--backend opencv takes {fastest}, the fastest that is right." in fresh
    assert "for files, as was found out at an earlier start." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("for_files", "said"),
    [
        ("cpu", "takes opencv:cpu, as was found out"),
        ("cpu_new", "takes opencv:cpu for live pictures and opencv:cpu_new for files, as was found out"),
    ],
)
def test_it_says_what_earlier_starts_found_for_live_pictures_and_for_files(tmp_path, capsys, for_files, said):
    network = of(tiny_network(tmp_path))
    graph = graph_for(wanted_network(network), FRAME_SIZE)
    for depth, device in ((1, "cpu"), (2, for_files)):
        remember(question_of([graph], OPENCV, depth=depth), Candidate("opencv", device, graph), [])

    examine(network, OPENCV)

    assert f"--backend opencv:cpu {said} at an earlier start." in " ".join(capsys.readouterr().out.split())


def test_devices_that_are_not_here_are_named_with_what_would_bring_them(tmp_path, capsys):
    examine(of(tiny_network(tmp_path)), OPENCV)

    _, _, missing = capsys.readouterr().out.partition("not on this machine:\n")
    assert missing
    assert all(line.startswith("    ") or (line.startswith("  ") and ": " in line) for line in missing.splitlines())


def test_wheels_that_write_over_each_other_are_warned_of(tmp_path, install, capsys):
    for wheel in ("onnxruntime-gpu", "onnxruntime-qnn"):
        install(wheel)

    examine(of(tiny_network(tmp_path)), OPENCV)

    printed = capsys.readouterr().out
    assert "onnxruntime-gpu 9.9" in printed
    assert "warning: " in printed
    assert "write over each other's onnxruntime" in " ".join(printed.split())


def test_a_network_that_is_wrong_is_an_error_and_not_a_finding(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"no network")

    with pytest.raises(UserError, match="not a whole ONNX network"):
        examine(of(tmp_path / "bad.onnx"), OPENCV)
