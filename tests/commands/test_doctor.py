import numpy as np
import pytest

from deeplab_cv.cli import main
from tests.tiny_networks import tiny_network, tiny_onnx


def test_every_engine_is_proven_and_the_machine_described(tmp_path, capsys):
    code = main(["doctor", "--model", str(tiny_network(tmp_path))])

    output = capsys.readouterr().out
    [line] = [line for line in output.splitlines() if line.startswith("opencv:cpu ")]
    assert code == 0
    assert "processor" in output
    assert "opencv-python" in output
    assert "tiny at 144x80, against its golden scores:" in output
    assert "float32" in line
    assert "100.00%" in line


def test_why_a_device_cannot_be_used_is_said_with_what_would_help(tmp_path, capsys):
    from deeplab_cv.engines import opencv

    if "cuda" in opencv.devices():
        pytest.skip("this OpenCV has CUDA")

    main(["doctor", "--model", str(tiny_network(tmp_path)), "--backend", "opencv:cpu"])

    assert "opencv:cuda, cuda_fp16: no wheel of OpenCV is built with CUDA" in capsys.readouterr().out


def test_engines_that_are_wrong_are_refused_with_figures_and_the_command_fails(tmp_path, capsys):
    file = tiny_network(tmp_path)
    with np.load(tmp_path / "tiny.golden.npz") as golden:
        wrong = {key: scores + np.float16(1) for key, scores in golden.items()}
    np.savez(tmp_path / "tiny.golden.npz", **wrong)

    code = main(["doctor", "--model", str(file)])

    output = capsys.readouterr().out
    assert code == 1
    assert "refused opencv:cpu: the engine's scores are wrong" in output
    assert "where 0.001 is allowed" in output


def test_a_network_without_a_card_is_compared_with_onnx_runtime(tmp_path, capsys):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

    code = main(["doctor", "--model", str(tiny_onnx(tmp_path, shape=(64, 96)))])

    assert code == 0
    assert "tiny at 96x64, without golden scores, against ONNX Runtime's:" in capsys.readouterr().out


def test_without_a_network_it_says_what_is_installed_and_that_nothing_is_proven(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("deeplab_cv.networks.opening.models_folder", lambda: tmp_path)

    code = main(["doctor"])

    output = capsys.readouterr().out
    assert code == 1
    assert "opencv-python" in output
    assert "nothing is proven: there is no network to run" in output
    assert "not on this machine:" in output


def test_an_unknown_engine_is_wrong_use(tmp_path, capsys):
    code = main(["doctor", "--model", str(tiny_network(tmp_path)), "--backend", "abacus"])

    assert code == 2
    assert "error: unknown backend: abacus" in capsys.readouterr().err
