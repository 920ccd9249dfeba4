import os
import sys

import numpy as np
import pytest

pytest.importorskip("openvino", reason="OpenVINO is not installed")

from deeplab_cv.engines import openvino
from deeplab_cv.errors import EngineError
from tests.engines.engines import load_or_skip, random_blob, true_scores
from tests.threads import of_each_thread


def error_of(engine, graph):
    blob = random_blob(graph, 3)
    expected = true_scores(graph, blob)
    engine.submit(blob)
    return np.abs(engine.result().scores - expected).max() / np.abs(expected).max()


def test_bfloat16_is_computed_and_said(graph):
    engine = load_or_skip("openvino:cpu_bf16", graph)

    assert (engine.device, engine.precision) == ("cpu", "bfloat16")
    assert 1e-4 < error_of(engine, graph) < 3e-2


def test_a_network_kept_in_one_precision_is_not_taken_for_one_in_another(graph):
    load_or_skip("openvino:cpu_bf16", graph).close()

    engine = load_or_skip("openvino:cpu", graph)

    assert engine.precision == "float32"
    assert error_of(engine, graph) < 1e-5


def test_a_second_load_finds_the_compiled_network(graph, user_cache):
    load_or_skip("openvino:cpu", graph).close()
    kept = list(user_cache.rglob("*.blob"))

    engine = load_or_skip("openvino:cpu", graph)

    assert len(kept) == 1
    assert list(user_cache.rglob("*.blob")) == kept
    assert error_of(engine, graph) < 1e-5


@pytest.mark.parametrize("part", [slice(0, None), slice(300, 340), slice(-400, None)], ids=["all", "begin", "end"])
def test_a_damaged_compiled_network_is_made_anew(graph, user_cache, part):
    load_or_skip("openvino:cpu", graph).close()
    [kept] = user_cache.rglob("*.blob")
    content = bytearray(kept.read_bytes())
    content[part] = os.urandom(len(content[part]))
    kept.chmod(0o600)
    kept.write_bytes(content)

    engine = load_or_skip("openvino:cpu", graph)

    assert error_of(engine, graph) < 1e-5
    assert kept.read_bytes() != content


def test_a_cache_that_cannot_be_written_is_done_without(graph, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert error_of(load_or_skip("openvino:cpu", graph), graph) < 1e-5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which cores a thread may use")
@pytest.mark.parametrize("depth", [1, 2])
def test_no_thread_is_tied_to_a_core(graph, depth):
    engine = load_or_skip("openvino:cpu", graph, depth=depth)
    for seed in range(depth):
        engine.submit(random_blob(graph, seed))
    for _ in range(depth):
        engine.result()

    cores = of_each_thread(os.sched_getaffinity)

    assert len(cores) > 1
    assert all(each == os.sched_getaffinity(0) for each in cores)


def test_auto_says_which_device_it_took(graph):
    engine = load_or_skip("openvino:auto", graph)

    assert engine.device in [name.partition("_")[0] for name in openvino.devices()]


@pytest.mark.parametrize(("device", "reason"), [("gpu", "driver"), ("npu", "NPU"), ("toaster", "it finds cpu")])
def test_a_device_that_is_not_there_is_an_error_with_the_reason(graph, device, reason):
    if any(name.startswith(device) for name in openvino.devices()):
        pytest.skip(f"this machine has a {device}")

    with pytest.raises(EngineError, match=f"OpenVINO has no {device}.*{reason}"):
        openvino.load(graph, device, threads=0, depth=1)


class CoreWithABrokenDriver:
    """OpenVINO on a machine whose graphics driver is broken."""

    available_devices = ("CPU", "GPU")
    real = openvino.openvino.Core

    def get_property(self, device: str, name: str) -> list[str]:
        if device == "GPU":
            raise RuntimeError("[GPU] clGetPlatformIDs error -1001")
        return list(self.real().get_property(device, name))


def test_a_broken_driver_takes_no_other_device_along(monkeypatch):
    expected = [name for name in openvino.devices() if not name.startswith("gpu")]
    monkeypatch.setattr(openvino.openvino, "Core", CoreWithABrokenDriver)

    assert list(openvino.devices()) == expected


def test_an_openvino_that_does_not_start_is_an_error_with_the_reason(monkeypatch):
    def broken() -> None:
        raise RuntimeError("no plugins.xml")

    monkeypatch.setattr(openvino.openvino, "Core", broken)

    with pytest.raises(EngineError, match=r"does not start: OpenVINO .*no plugins\.xml"):
        openvino.devices()
