import json

import pytest

from deeplab_cv.cli import main
from tests.tiny_networks import tiny_network


def test_one_command_measures_the_stages_of_a_network_on_the_demo_clip(tmp_path, capsys):
    words = ["--model", str(tiny_network(tmp_path)), "--backend", "opencv:cpu", "--sizes", "90", "--rounds", "1"]

    code = main(["bench", "stages", *words, "--json", str(tmp_path / "bench.json")])

    assert code == 0
    rows = json.loads((tmp_path / "bench.json").read_text())["parts"]["stages"]["rows"]
    stages = [row["stage"] for row in rows]
    assert {"decode", "preprocess", "infer", "labels", "overlay", "encode"} < set(stages)
    assert {row["frame"] for row in rows} == {"160x90"}
    assert all(row["wall ms"]["median"] > 0 for row in rows[:-1])
    assert "all but infer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["speed"], "there is no such measurement: speed"),
        (["stages", "--sizes", "720p"], "sizes are heights in lines"),
        (["stages", "--sizes", "721"], "sizes are heights in lines"),
        (["stages", "--rounds", "0"], "too little to measure"),
        (["stages", "--plots", "no such folder"], "there is no such folder: 'no such folder'"),
        (["stages", "--json", "nowhere/bench.json"], "there is no such folder: nowhere"),
    ],
)
def test_wrong_words_are_one_line(words, said, capsys):
    assert main(["bench", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_clip_that_is_not_there_is_found_before_anything_is_measured(capsys):
    assert main(["bench", "engines", "--clip", "no-such.mp4"]) == 1

    assert capsys.readouterr().err.startswith("error: no such file: no-such.mp4")
