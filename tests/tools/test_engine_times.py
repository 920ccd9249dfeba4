import dataclasses

import numpy as np
import pytest

from deeplab_cv.errors import UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import Golden
from deeplab_cv.networks.network import graph_for
from deeplab_cv.networks.opening import open_network
from deeplab_cv.tools.engine_times import times_on_engines
from tests.tiny_networks import tiny_network


@pytest.fixture
def graph(tmp_path):
    return graph_for(open_network(tiny_network(tmp_path)), Size(1280, 720))


def test_every_graph_has_its_time_on_each_engine_of_the_processor(graph):
    times = times_on_engines({"before": graph, "after": dataclasses.replace(graph)})

    backends = [each.backend for each in times]
    assert {"opencv:cpu", "onnxruntime:cpu", "openvino:cpu"} <= set(backends)
    assert len(backends) == len(set(backends))
    for each in times:
        if each.backend.endswith(":cpu"):
            assert each.refused == {}
            assert each.ms.keys() == {"before", "after"}
            assert min(each.ms.values()) > 0


def test_devices_of_lesser_precision_do_not_take_part(graph):
    assert not [
        each.backend for each in times_on_engines({"it": graph}) if "_fp16" in each.backend or "_bf16" in each.backend
    ]


def test_a_graph_whose_scores_are_wrong_is_refused_with_the_reason_and_the_others_are_timed(graph):
    wrong = dataclasses.replace(graph, golden=Golden(graph.golden.blob, graph.golden.scores + np.float32(1)))

    [result] = times_on_engines({"right": graph, "wrong": wrong}, "opencv:cpu")

    assert result.ms.keys() == {"right"}
    assert result.refused["wrong"].startswith("the engine's scores are wrong: ")


def test_a_device_that_is_named_races_alone(graph):
    assert [each.backend for each in times_on_engines({"it": graph}, "onnxruntime:cpu")] == ["onnxruntime:cpu"]


def test_an_unknown_engine_is_wrong_use(graph):
    with pytest.raises(UsageError, match="unknown backend: abacus"):
        times_on_engines({"it": graph}, "abacus")
