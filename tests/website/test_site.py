"""The site as files: what it holds, what it refuses."""

import json
import re

import numpy as np
import pytest

from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.networks.golden import read_golden
from deeplab_cv.networks.opening import open_network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.website.site import write_site
from tests.tiny_networks import tiny_network


def test_the_site_is_under_60_megabytes(site):
    assert sum(path.stat().st_size for path in site.rglob("*")) < 60e6


def test_the_page_knows_the_network_s_classes_sizes_and_tolerances(facts):
    card = open_network(models_folder() / "deeplabv3_lite.onnx").card

    assert facts["classes"] == list(card.classes)
    assert {Size(size["width"], size["height"]) for size in facts["sizes"]} == set(card.input_sizes)
    assert [file["precision"] for file in facts["files"]] == ["float32", "int8"]
    assert [file["tolerance"] for file in facts["files"]] == [0.001, 0.11]
    assert facts["paint"] == {"person": [255, 0, 0], "dog": [0, 255, 0], "sheep": [0, 0, 255]}


def test_golden_scores_lie_behind_their_picture(site, facts):
    network = open_network(models_folder() / "deeplabv3_lite.onnx")
    for size in facts["sizes"]:
        golden = read_golden(network.card, models_folder(), Size(size["width"], size["height"]))
        stored = (site / size["golden"]).read_bytes()
        pixels = 3 * size["width"] * size["height"]
        picture = np.frombuffer(stored[:pixels], np.uint8).reshape(size["height"], size["width"], 3)
        scores = np.frombuffer(stored[pixels + -pixels % 4 :], "<f4")

        assert np.array_equal(picture.transpose(2, 0, 1)[None], golden.blob)
        assert np.array_equal(scores, golden.scores.ravel())


def test_the_service_worker_keeps_every_file_but_webgpu_s_runtime(site):
    script = (site / "service-worker.js").read_text()
    kept = set(json.loads(re.search(r"FILES = (\{.*?\});", script)[1]))
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}

    assert files - kept == {
        "_headers",
        "service-worker.js",
        "runtime/ort.webgpu.min.mjs",
        "runtime/ort-wasm-simd-threaded.asyncify.mjs",
        "runtime/ort-wasm-simd-threaded.asyncify.wasm.packed",
    }
    assert kept - files == {"./"}


def test_the_version_changes_with_the_network(runtime, tmp_path):
    versions, folder = [], tmp_path / "site"
    for name in ("tiny", "tiny", "other"):
        write_site(open_network(tiny_network(tmp_path, name)), runtime, folder)
        versions.append(re.search(r'VERSION = "(\w{16})"', (folder / "service-worker.js").read_text())[1])

    assert versions[0] == versions[1] != versions[2]
    assert sorted(path.name for path in (folder / "network").glob("*.onnx")) == ["other.onnx"]


def test_a_network_without_golden_scores_is_refused(runtime, tmp_path):
    network = tiny_network(tmp_path)
    network.with_name("tiny.card.yaml").unlink()

    with pytest.raises(NetworkError, match="golden scores"):
        write_site(open_network(network, NetworkOptions(classes="voc", size="128x96")), runtime, tmp_path / "site")


def test_licences_of_program_network_and_runtime_are_there(site):
    text = (site / "licences.txt").read_text(encoding="utf-8")

    assert "MIT License" in text
    assert "Apache License 2.0" in text
    assert "onnxruntime-web 1.30.0 (MIT)" in text


def test_what_else_lies_in_the_folder_stays(runtime, tmp_path):
    network, folder = open_network(tiny_network(tmp_path)), tmp_path / "site"
    write_site(network, runtime, folder)
    sent = (folder / "_headers").read_text()
    own = {"CNAME": "page.example", ".git/HEAD": "ref", "_headers": "/*\n  X-Mine: 1\n"}
    (folder / ".git").mkdir()
    for name, text in own.items():
        (folder / name).write_text(text)
    write_site(network, runtime, folder)

    assert "  Cross-Origin-Embedder-Policy: require-corp\n" in sent
    assert {name: (folder / name).read_text() for name in own} == own
    assert not list(folder.glob(".unfinished*"))


def test_a_folder_with_something_else_is_left_alone(tmp_path, runtime):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/mine.txt").write_text("dear")

    with pytest.raises(UsageError, match="no folder of an earlier site"):
        write_site(open_network(models_folder() / "deeplabv3_lite.onnx"), runtime, tmp_path / "letters")
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["mine.txt"]
