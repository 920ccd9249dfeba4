from deeplab_cv.engines.timing import frame_ms, in_turns
from tests.engines.engines import load_or_skip


def test_works_run_in_turns_and_each_keeps_its_results_in_order():
    order = []

    def work(name):
        def run():
            order.append(name)
            return len(order)

        return run

    results = in_turns({"a": work("a"), "b": work("b")}, 3)

    assert order == ["a", "b"] * 3
    assert results == {"a": [1, 3, 5], "b": [2, 4, 6]}


def test_turns_end_when_enough_was_measured():
    results = in_turns({"a": lambda: 1}, 9, enough=lambda so_far: len(so_far["a"]) == 2)

    assert results == {"a": [1, 1]}


def test_a_frames_time_leaves_nothing_in_flight(graph):
    engine = load_or_skip("opencv:cpu", graph)

    assert frame_ms(engine, graph.golden.blob) > 0
    engine.submit(graph.golden.blob)
    engine.result()
