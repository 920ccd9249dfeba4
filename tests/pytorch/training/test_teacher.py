from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino", reason="OpenVINO is not installed")

import onnx
from onnx.reference import ReferenceEvaluator

from deeplab_cv.errors import NetworkError
from deeplab_cv.frames.size import Size
from deeplab_cv.pytorch.training import teacher
from deeplab_cv.pytorch.training.teacher import (
    Teacher,
    cache_key,
    corners_aligned,
    join_parts,
    teacher_input,
    teacher_scores,
)
from deeplab_cv.tools.data.layouts import voc_records
from deeplab_cv.tools.data.records import Record, read_rgb
from tests.tiny_networks import BACKGROUND, COLOURS, PERSON, tiny_onnx
from tests.tools.data.datasets import write_voc

SHAPE = (64, 96)


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    return voc_records(write_voc(tmp_path / "voc", train=5, val=1), "train")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tiny_onnx(tmp_path, shape=SHAPE)


@pytest.mark.parametrize("shard", [2, 256])
def test_every_picture_has_the_teacher_s_scores_in_its_row(
    records: list[Record], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shard: int
) -> None:
    monkeypatch.setattr(teacher, "SHARD_LENGTH", shard)
    done: list[int] = []

    path = teacher_scores(file, records, 21, tmp_path / "run", done.append)

    scores = np.load(path)
    assert (scores.shape, scores.dtype) == ((5, 21, 8, 12), np.float16)
    assert done[-1] == 5
    assert list((tmp_path / "run").iterdir()) == [path]
    for row, record in enumerate(records):
        np.testing.assert_array_equal(scores[row], Teacher(file).scores(read_rgb(record)))


def test_what_was_computed_once_is_not_computed_again(records: list[Record], file: Path, tmp_path: Path) -> None:
    path = teacher_scores(file, records, 21, tmp_path / "run", lambda done: None)
    marked = np.load(path)
    marked[:] = 7
    np.save(path, marked)
    done: list[int] = []

    assert teacher_scores(file, records, 21, tmp_path / "run", done.append) == path

    assert done == [5]
    assert (np.load(path) == 7).all()


def test_a_stopped_computation_goes_on_from_its_last_whole_part(
    records: list[Record], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher, "SHARD_LENGTH", 2)
    (tmp_path / "run").mkdir()
    part = tmp_path / "run" / f"teacher-{cache_key(file, records)}-000000.npy"
    np.save(part, np.full((2, 21, 8, 12), 7, np.float16))

    scores = np.load(teacher_scores(file, records, 21, tmp_path / "run", lambda done: None))

    assert (scores[:2] == 7).all()
    assert not (scores[2:] == 7).all()


def test_a_teacher_of_other_classes_is_refused(records: list[Record], file: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="teacher knows 21 classes, the class list has 3"):
        teacher_scores(file, records, 3, tmp_path / "run", lambda done: None)


@pytest.mark.parametrize("content", [None, b"no network"])
def test_a_file_that_is_no_teacher_is_named(records: list[Record], tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(NetworkError, match=r"cannot read the teacher: .*bad\.onnx"):
        teacher_scores(path, records, 21, tmp_path / "run", lambda done: None)


def test_the_scores_are_the_mean_of_the_picture_s_and_of_its_mirror_image_s_turned_back(
    records: list[Record], file: Path
) -> None:
    blob = teacher_input(read_rgb(records[0])[:64, :96], Size(96, 64))
    network = ReferenceEvaluator(str(file))
    [plain], [mirrored] = (network.run(None, {"input": each}) for each in (blob, blob[..., ::-1]))

    scores = Teacher(file).scores(read_rgb(records[0])[:64, :96])

    np.testing.assert_allclose(scores, (plain[0] + mirrored[0, ..., ::-1]) / 2, rtol=1e-2, atol=1e-2)


def test_an_upright_picture_is_seen_upright_and_lies_in_the_grid_of_the_teacher_s_own_size(file: Path) -> None:
    picture = np.full((192, 128, 3), COLOURS[BACKGROUND], np.uint8)
    picture[:96] = COLOURS[PERSON][::-1]
    asked = []
    teacher = Teacher(file)
    network_at = teacher._network_at
    teacher._network_at = lambda size: asked.append(size) or network_at(size)

    person = teacher.scores(picture)[PERSON]

    assert asked == [Size(64, 96)]
    assert person.shape == (8, 12)
    assert person[:4].min() > 0.05 > 0.01 > person[4:].max()


def test_a_teacher_whose_size_is_written_into_its_graph_sees_an_upright_picture_squeezed(file: Path) -> None:
    graph = onnx.load(file)
    graph.graph.node[-1].output[0] = "scores"
    graph.graph.node.append(onnx.helper.make_node("Add", ["scores", "places"], ["output"]))
    graph.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros((1, 21, 8, 12), np.float32), "places"))
    onnx.save(graph, file)
    picture = np.full((192, 128, 3), COLOURS[BACKGROUND], np.uint8)
    picture[:96] = COLOURS[PERSON][::-1]

    person = Teacher(file).scores(picture)[PERSON]

    assert person[:4].min() > 0.05 > 0.01 > person[4:].max()


def test_scores_are_resampled_corner_on_corner() -> None:
    scores = np.float32([[[0, 1, 2], [3, 4, 5]]])

    resampled = corners_aligned(scores, (3, 5))

    np.testing.assert_allclose(resampled[0], [[0, 0.5, 1, 1.5, 2], [1.5, 2, 2.5, 3, 3.5], [3, 3.5, 4, 4.5, 5]])


@pytest.mark.parametrize("shape", [[1, 3, "height", "width"], [1, 4, 64, 96], [3, 64]])
def test_a_teacher_that_does_not_take_pictures_of_one_size_is_refused_in_one_line(
    tmp_path: Path, shape: list[int | str]
) -> None:
    inputs = [onnx.helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, shape)]
    outputs = [onnx.helper.make_tensor_value_info("output", onnx.TensorProto.FLOAT, shape)]
    nodes = [onnx.helper.make_node("Mul", ["input", "channels"], ["output"])]
    weights = [onnx.numpy_helper.from_array(np.ones((4, 1, 1) if 4 in shape else (1,), np.float32), "channels")]
    graph = onnx.helper.make_graph(nodes, "teacher", inputs, outputs, weights)
    path = tmp_path / "other.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)

    with pytest.raises(NetworkError, match=r"the teacher's input is not 1x3xHEIGHTxWIDTH .*: .*other\.onnx"):
        Teacher(path)


def test_a_picture_becomes_the_teacher_s_input_between_minus_one_and_one(records: list[Record]) -> None:
    blob = teacher_input(read_rgb(records[0]), Size(40, 24))

    assert (blob.shape, blob.dtype) == ((1, 3, 24, 40), np.float32)
    assert blob.flags["C_CONTIGUOUS"]
    assert -1 <= blob.min() < blob.max() <= 1


def test_the_key_changes_with_the_teacher_and_with_the_pictures(
    records: list[Record], file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(file.read_bytes() + b"x")

    keys = {cache_key(file, records), cache_key(other, records), cache_key(file, records[:4]), cache_key(file, [])}

    assert len(keys) == 4
    assert {len(key) for key in keys} == {12}


def test_parts_are_joined_in_order_and_removed(tmp_path: Path) -> None:
    parts = [tmp_path / f"{number}.npy" for number in range(2)]
    for number, part in enumerate(parts):
        np.save(part, np.full((2 - number, 3), number, np.float16))

    join_parts(parts, tmp_path / "whole.npy", (3, 3))

    np.testing.assert_array_equal(np.load(tmp_path / "whole.npy")[:, 0], [0, 0, 1])
    assert [path.name for path in tmp_path.iterdir()] == ["whole.npy"]
