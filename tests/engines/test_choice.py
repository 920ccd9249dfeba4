import dataclasses
import json
import sys
from functools import partial

import cv2
import pytest

from deeplab_cv.engines import choice
from deeplab_cv.engines.candidates import candidates_for, engine_module
from deeplab_cv.engines.choice import choose, compare, open_engine
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.engines.reference import reference_for
from deeplab_cv.engines.timing import frame_ms
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.cache import cache_folder
from deeplab_cv.networks.golden import Golden
from deeplab_cv.networks.network import graph_for, variant_graphs
from deeplab_cv.networks.opening import open_network
from tests.engines.variants import with_variant
from tests.tiny_networks import tiny_network


@pytest.fixture
def mistaken(tmp_path):
    """A graph that OpenCV computes wrong and the others right."""
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    if cv2.__version__ not in ("4.14.0", "5.0.0"):
        pytest.skip("not seen in this OpenCV")
    return graph_for(open_network(tiny_network(tmp_path, squeezed=True)), Size(1280, 720))


def note():
    [file] = cache_folder("engines").glob("*.json")
    return file


def test_auto_goes_on_to_an_engine_that_is_right_and_keeps_the_reason(mistaken):
    choice = choose([mistaken], EngineOptions())

    reasons = {result.candidate.backend: result.reason for result in choice.results}
    assert choice.engine.name != "opencv"
    assert "the engine's scores are wrong" in reasons["opencv:cpu"]
    assert reasons[choice.candidate.backend] == ""


def test_what_is_asked_for_by_name_works_or_fails_with_its_reason(mistaken):
    with pytest.raises(EngineError, match="the engine's scores are wrong: opencv:cpu"):
        open_engine([mistaken], EngineOptions(backend="opencv:cpu"))


def test_a_name_alone_fails_with_every_reason_where_no_device_is_right(mistaken):
    with pytest.raises(EngineError, match="the engine's scores are wrong: opencv:cpu in float32"):
        open_engine([mistaken], EngineOptions(backend="opencv"))


@pytest.mark.skipif(not cv2.__version__.startswith("5.0."), reason="seen in OpenCV 5.0")
def test_opencv_falls_from_its_new_engine_to_the_classic_one(tmp_path):
    graph = graph_for(open_network(tiny_network(tmp_path, resized_pooling=True)), Size(1280, 720))

    choice = choose([graph], EngineOptions(backend="opencv"))

    assert choice.candidate.backend == "opencv:cpu"
    assert {result.candidate.backend for result in choice.results if result.reason} == {"opencv:cpu_new"}


def test_results_are_ordered_by_their_time_and_the_winner_leads(graph):
    choice = choose([graph], EngineOptions())

    times = [result.ms for result in choice.results if not result.reason]
    assert times == sorted(times)
    assert choice.results[0].candidate == choice.candidate


def test_a_loser_is_closed_before_the_next_is_loaded(graph, monkeypatch):
    loaded, open_before = [], []

    def works(engine):
        try:
            engine.submit(graph.golden.blob)
            engine.result()
        except EngineError:
            return False
        return True

    def noting(load):
        def load_and_note(*args):
            open_before.append(sum(map(works, loaded)))
            loaded.append(load(*args))
            return loaded[-1]

        return load_and_note

    for name in {candidate.name for candidate in candidates_for([graph], "auto")}:
        module = engine_module(name)
        monkeypatch.setattr(module, "load", noting(module.load))

    choice = choose([graph], EngineOptions())

    assert len(loaded) >= 2
    assert open_before == [0] + [1] * (len(loaded) - 1)
    assert [engine for engine in loaded if works(engine)] == [choice.engine]


def test_the_second_start_loads_the_winner_alone(graph):
    first = choose([graph], EngineOptions())

    second = choose([graph], EngineOptions())

    assert second.candidate == first.candidate
    assert second.results == ()


def test_a_start_that_remembers_loads_no_engine_but_the_winner(graph, missing):
    winner = choose([graph], EngineOptions()).candidate
    for name in {"openvino", "onnxruntime"} - {winner.name}:
        missing(name)

    again = choose([graph], EngineOptions())

    assert (again.candidate, again.results) == (winner, ())


def test_a_choice_without_an_installed_engine_that_did_not_load_is_made_again(graph, monkeypatch, caplog):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    monkeypatch.setitem(sys.modules, "deeplab_cv.engines.onnxruntime", None)
    choose([graph], EngineOptions())
    monkeypatch.undo()

    again = choose([graph], EngineOptions())

    assert "the choice is not remembered: onnxruntime cannot be loaded" in caplog.text
    assert "onnxruntime" in {attempt.candidate.name for attempt in again.results}


def test_a_remembered_engine_that_has_become_wrong_is_replaced(mistaken):
    first = choose([mistaken], EngineOptions())
    file = note()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"name": "opencv", "device": "cpu"}))

    second = choose([mistaken], EngineOptions())

    assert second.engine.name != "opencv"
    assert len(second.results) == len(first.results)


def test_where_no_engine_is_right_the_error_names_the_first_reason(graph):
    wrong = Golden(graph.golden.blob, graph.golden.scores + 1)
    graph = dataclasses.replace(graph, golden=wrong)

    with pytest.raises(EngineError) as error:
        open_engine([graph], EngineOptions())

    assert "no engine runs the network right: " in str(error.value)
    assert "error" in error.value.cause
    assert "doctor" in error.value.remedy
    assert len(error.value.cause) < 400


def test_a_variant_takes_part(network_file, tmp_path):
    network = open_network(with_variant(network_file, tmp_path, precision="int8", engines=("opencv",)))
    graph = graph_for(network, Size(1280, 720))

    choice = choose([graph, *variant_graphs(network, graph)], EngineOptions(backend="opencv:cpu_int8"))

    assert choice.candidate.graph.precision == "int8"
    choice = choose([graph, *variant_graphs(network, graph)], EngineOptions(backend="opencv"))
    assert {"opencv:cpu", "opencv:cpu_int8"} <= {result.candidate.backend for result in choice.results}


def test_a_choice_and_its_winner_are_logged(graph, caplog):
    caplog.set_level("INFO", "deeplab_cv.engines.choice")

    choice = choose([graph], EngineOptions())

    said = [each.message for each in caplog.records if each.name == "deeplab_cv.engines.choice"]
    assert "this once" in said[0]
    assert said[-1].startswith(f"{choice.candidate.backend} is the fastest")


def test_an_engine_that_fails_its_check_is_closed(mistaken, monkeypatch):
    module, loaded = engine_module("opencv"), []
    load = module.load
    monkeypatch.setattr(module, "load", lambda *args: loaded.append(load(*args)) or loaded[-1])

    with pytest.raises(EngineError, match="wrong"):
        open_engine([mistaken], EngineOptions(backend="opencv:cpu"))

    [engine] = loaded
    with pytest.raises(EngineError, match="closed"):
        engine.submit(mistaken.golden.blob)


def test_a_race_says_how_far_it_is(graph):
    told = []

    choice = choose([graph], EngineOptions(), report=told.append)

    count = len(choice.results)
    assert told[0] == "loading the engine"
    assert [line.partition(":")[0] for line in told[1:]] == [
        f"choosing an engine, {place} of {count}" for place in range(1, count + 1)
    ]


def test_where_a_frame_takes_seconds_float32_on_the_processor_is_not_raced_for_long(graph, monkeypatch, caplog):
    caplog.set_level("INFO")
    everything = choose([graph], EngineOptions()).results
    caplog.clear()
    note().unlink()
    monkeypatch.setattr("deeplab_cv.engines.choice._SLOW_MS", 0.0)
    monkeypatch.setattr("deeplab_cv.engines.choice._PATIENCE_S", -1.0)

    hurried = choose([graph], EngineOptions())

    in_full = [each for each in hurried.results if each.candidate.device in ("cpu", "cpu_new") and not each.reason]
    assert len(in_full) == 1
    assert f"{len(everything) - len(hurried.results)} more are left out" in caplog.text
    assert choose([graph], EngineOptions()).candidate == hurried.candidate


def test_a_race_of_one_backend_is_one_of_forms(graph, caplog):
    caplog.set_level("INFO")

    choose([graph, dataclasses.replace(graph, form="slices")], EngineOptions(backend="opencv:cpu"))

    assert "trying 2 forms of the network on opencv:cpu, this once" in caplog.text


@pytest.mark.parametrize("failing", [0, 1, -1])
def test_an_engine_that_fails_in_the_midst_of_the_race_is_passed_over(graph, monkeypatch, failing):
    candidates = [candidate for candidate in candidates_for([graph], "auto") if candidate.name != "openvino"]
    raced, closed = [], []

    def fails_in_its_second_frame(engine, blob):
        known = engine in raced
        if not known:
            raced.append(engine)
            monkeypatch.setattr(engine, "close", partial(closed.append, engine))
        if known and raced.index(engine) == failing % len(candidates):
            raise EngineError("failed on a frame", "gpu", "out of memory")
        return frame_ms(engine, blob)

    monkeypatch.setattr(choice, "frame_ms", fails_in_its_second_frame)
    results, engine = compare(candidates, reference_for(graph))

    assert [result.reason for result in results if result.reason] == ["failed on a frame: gpu; out of memory"]
    assert len(results) == len(candidates) == len(raced)
    assert [each for each in raced if each not in closed] == [engine]
    assert raced.index(engine) != failing % len(candidates)
    times = [result.ms for result in results if not result.reason]
    assert times == sorted(times)
