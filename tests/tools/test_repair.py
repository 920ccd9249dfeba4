from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.cli import main
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.memory import spoiled_memory
from deeplab_cv.networks.card import InputFacts, card_path, read_card
from deeplab_cv.networks.golden import greatest_error, read_golden
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.tools.repair import StatedFacts, repair
from tests.endless_networks import endless_network
from tests.networks.ways_to_end import SIDE, WAYS, write
from tests.tiny_networks import tiny_onnx
from tests.tools.exported import PROCESSOR_ENGINES, has_engine, load_engine

INPUT_SIZE = Size(128, 96)
SHAPE = INPUT_SIZE.hw
STATED = StatedFacts(VOC_CLASSES, InputFacts(), None, None)
SHARED = Path(__file__).parents[3] / "shared" / "models"
FLAGS = ["--classes", "voc", "--mean", "127.5,127.5,127.5", "--std", "127.5,127.5,127.5", "--order", "rgb"]


@pytest.mark.parametrize(("name", "device"), PROCESSOR_ENGINES)
@pytest.mark.parametrize("trap", ["resized_pooling", "squeezed"])
def test_a_mended_network_is_right_on_every_engine(tmp_path: Path, trap: str, name: str, device: str) -> None:
    file = tiny_onnx(tmp_path, shape=SHAPE, resized_pooling=trap == "resized_pooling", squeezed=trap == "squeezed")
    target = tmp_path / "mended.onnx"

    repaired = repair(file, target, STATED, command="")

    golden = read_golden(repaired.card, tmp_path, INPUT_SIZE)
    assert golden is not None
    with spoiled_memory():
        engine = load_engine(name, device, target, INPUT_SIZE)
        engine.submit(golden.blob)
        scores = engine.result().scores
    assert repaired.found
    assert greatest_error(scores, golden.scores) < 1e-3


def test_an_open_size_has_to_be_told(tmp_path: Path) -> None:
    file = tiny_onnx(tmp_path)

    with pytest.raises(UsageError, match="leaves its input size open"):
        repair(file, tmp_path / "mended.onnx", STATED, command="")

    stated = StatedFacts(VOC_CLASSES, InputFacts(), Size(128, 96), None)
    assert repair(file, tmp_path / "mended.onnx", stated, command="").card.input_sizes == (INPUT_SIZE,)


def test_another_class_count_is_one_line(tmp_path: Path) -> None:
    stated = StatedFacts(("nothing", "cat"), InputFacts(), None, None)

    with pytest.raises(UsageError, match="the network has 21 classes, --classes names 2"):
        repair(tiny_onnx(tmp_path, shape=SHAPE), tmp_path / "mended.onnx", stated, command="")

    assert not (tmp_path / "mended.onnx").exists()


def test_weights_in_a_second_file_come_into_the_one(tmp_path: Path) -> None:
    file = tiny_onnx(tmp_path, shape=SHAPE)
    onnx.save(onnx.load(file), str(file), save_as_external_data=True, location="weights.bin", size_threshold=0)

    repaired = repair(file, tmp_path / "mended.onnx", STATED, command="")
    (tmp_path / "weights.bin").unlink()

    assert repaired.found[0][0] == "weights in a second file"
    onnx.checker.check_model(onnx.load(tmp_path / "mended.onnx"))


def test_a_network_of_bytes_with_channels_last_and_argmax_takes_floats_and_gives_scores(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["input"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "kernel"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["output"], axis=1, keepdims=0),
    ]
    file = handmade(tmp_path, nodes, {"input": (TensorProto.UINT8, [1, *SHAPE, 3])}, TensorProto.INT64)
    plain = StatedFacts(VOC_CLASSES, InputFacts(mean=(0, 0, 0), std=(1, 1, 1)), None, None)

    repaired = repair(file, tmp_path / "mended.onnx", plain, command="")

    graph = onnx.load(tmp_path / "mended.onnx").graph
    assert [node.op_type for node in graph.node] == ["Conv"]
    assert {name for name, _ in repaired.found} == {
        "input of another type than float32",
        "input with channels last",
        "argmax",
    }
    with pytest.raises(UsageError, match="plain bytes"):
        repair(
            file, tmp_path / "mended.onnx", StatedFacts(VOC_CLASSES, InputFacts(mean=(1, 1, 1)), None, None), command=""
        )


def test_a_network_for_four_pictures_at_once_takes_one(tmp_path: Path) -> None:
    file = tiny_onnx(tmp_path, shape=SHAPE)
    model = onnx.load(file)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 4
    onnx.save(onnx.shape_inference.infer_shapes(model), file)

    repaired = repair(file, tmp_path / "mended.onnx", STATED, command="")

    assert "open batch" in {name for name, _ in repaired.found}
    assert onnx.load(tmp_path / "mended.onnx").graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_bounds_that_are_plain_numbers_are_mended(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Constant", [], ["low"], value_float=-1.0),
        helper.make_node("Constant", [], ["high"], value_float=6.0),
        helper.make_node("Clip", ["input", "low", "high"], ["clipped"]),
        helper.make_node("Conv", ["clipped", "kernel"], ["output"]),
    ]
    file = handmade(tmp_path, nodes, {"input": (TensorProto.FLOAT, [1, 3, *SHAPE])}, TensorProto.FLOAT)

    repaired = repair(file, tmp_path / "mended.onnx", STATED, command="")

    assert "bounds of Clip from Constant nodes" in {name for name, _ in repaired.found}


def test_weights_listed_as_inputs_become_weights_alone(tmp_path: Path) -> None:
    floats = TensorProto.FLOAT
    inputs = {"kernel": (floats, [21, 3, 1, 1]), "input": (floats, [1, 3, *SHAPE])}
    file = handmade(tmp_path, [helper.make_node("Conv", ["input", "kernel"], ["output"])], inputs, floats)

    repaired = repair(file, tmp_path / "mended.onnx", STATED, command="")

    assert [name for name, _ in repaired.found] == ["weights listed as inputs"]
    assert [value.name for value in onnx.load(tmp_path / "mended.onnx").graph.input] == ["input"]


@pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.FLOAT16])
@pytest.mark.parametrize("end", ["input", "output", "both"])
def test_a_network_that_takes_or_gives_other_numbers_takes_and_gives_floats(
    tmp_path: Path, kind: int, end: str
) -> None:
    floats = TensorProto.FLOAT
    taken, given = (kind if end in (side, "both") else floats for side in ("input", "output"))
    nodes = [
        helper.make_node("Cast", ["input"], ["floats"], to=floats),
        helper.make_node("Conv", ["floats", "kernel"], ["scores"]),
        helper.make_node("Cast", ["scores"], ["output"], to=given),
    ]
    file = handmade(tmp_path, nodes, {"input": (taken, [1, 3, *SHAPE])}, given)

    repaired = repair(file, tmp_path / "new" / "mended.onnx", STATED, command="")

    graph = onnx.load(tmp_path / "new" / "mended.onnx").graph
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {floats}
    assert [name.split()[0] for name, _ in repaired.found] == [
        word for word, side in (("input", taken), ("scores", given)) if side != floats
    ]


@pytest.mark.parametrize("inside", [False, True], ids=["throughout", "inside"])
def test_a_network_that_computes_in_float64_is_one_line(tmp_path: Path, inside: bool) -> None:
    double, outside = TensorProto.DOUBLE, TensorProto.FLOAT if inside else TensorProto.DOUBLE
    nodes = [
        helper.make_node("Cast", ["input"], ["doubles"], to=double),
        helper.make_node("Cast", ["kernel"], ["weights"], to=double),
        helper.make_node("Conv", ["doubles", "weights"], ["scores"]),
        helper.make_node("Cast", ["scores"], ["output"], to=outside),
    ]
    file = handmade(tmp_path, nodes, {"input": (outside, [1, 3, *SHAPE])}, outside)

    with pytest.raises(NetworkError, match=r"such as float64: .*; export it again in float32"):
        repair(file, tmp_path / "mended.onnx", STATED, command="")

    assert [path.name for path in tmp_path.iterdir()] == ["handmade.onnx"]


@pytest.mark.parametrize(
    ("nodes", "inputs", "message"),
    [
        ([("Add", ["input", "second"], "output")], ("input", "second"), "expected one input, got 2"),
        ([("Identity", ["kernel"], "output")], (), "expected one input, got 0"),
        ([("GlobalAveragePool", ["input"], "pixel"), ("Flatten", ["pixel"], "output")], ("input",), "the output is no"),
        ([("Shape", ["input"], "output")], ("input",), "the output is no"),
    ],
    ids=["two inputs", "no input", "a classifier", "sizes"],
)
def test_what_segments_nothing_is_refused(
    tmp_path: Path, nodes: list[tuple[str, list[str], str]], inputs: tuple[str, ...], message: str
) -> None:
    made = [helper.make_node(kind, names, [output]) for kind, names, output in nodes]
    output = TensorProto.INT64 if nodes[0][0] == "Shape" else TensorProto.FLOAT
    file = handmade(tmp_path, made, {name: (TensorProto.FLOAT, [1, 3, *SHAPE]) for name in inputs}, output)

    with pytest.raises(NetworkError, match=message):
        repair(file, tmp_path / "mended.onnx", STATED, command="")

    assert not (tmp_path / "mended.onnx").exists()


def test_a_truncated_network_is_one_line(tmp_path: Path) -> None:
    file = tiny_onnx(tmp_path, shape=SHAPE)
    file.write_bytes(file.read_bytes()[:-40])

    with pytest.raises(NetworkError, match="not a whole ONNX network"):
        repair(file, tmp_path / "mended.onnx", STATED, command="")


@pytest.mark.parametrize("way", WAYS)
def test_a_network_of_one_or_two_classes_is_mended_however_it_ends(tmp_path: Path, way: str) -> None:
    stated = StatedFacts(("person",), InputFacts(mean=(0, 0, 0), std=(1, 1, 1)), None, None)

    repaired = repair(write(tmp_path, WAYS[way]), tmp_path / "mended.onnx", stated, command="")

    engine = load_engine("onnxruntime", "cpu", tmp_path / "mended.onnx", Size(SIDE, SIDE))
    blob = np.zeros((1, 3, SIDE, SIDE), np.float32)
    blob[:, 0, :, : SIDE // 2] = 200
    engine.submit(blob)
    labels = labels_at(engine.result().scores, Size(SIDE, SIDE), align_corners=False)
    assert repaired.card.classes == ("background", "person")
    assert (labels[:, : SIDE // 2 - 2] == 1).all()
    assert (labels[:, SIDE // 2 + 2 :] == 0).all()


def handmade(folder: Path, nodes: list[onnx.NodeProto], inputs: dict[str, tuple[int, list[int]]], output: int) -> Path:
    """A network of a few nodes and, for whom it concerns, a `kernel` of 21 x 3."""
    kernel = np.random.RandomState(0).randn(21, 3, 1, 1).astype(np.float32)
    graph = helper.make_graph(
        nodes,
        "handmade",
        [helper.make_tensor_value_info(name, *facts) for name, facts in inputs.items()],
        [helper.make_tensor_value_info("output", output, None)],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    file = folder / "handmade.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), str(file))
    return file


@pytest.mark.parametrize("name", ["deeplabv3_mnv2_dm05_os8_257", "deeplabv3_mnv2_os16_513", "deeplabv3_mnv2_os8_513"])
def test_published_networks_go_through_and_are_right_on_opencv(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = SHARED / f"{name}.onnx"
    if not file.exists():
        pytest.skip("the published networks lie beside the repository only where it is developed")
    target = tmp_path / "mended.onnx"

    code = main(["repair", str(file), "--out", str(target), "--align-corners", *FLAGS])

    assert code == 0
    assert "image pooling added" in capsys.readouterr().out
    card = read_card(target)
    assert card_path(target).exists()
    assert card.output.align_corners
    golden = read_golden(card, tmp_path, card.input_sizes[0])
    assert golden is not None
    for engine_name, device in PROCESSOR_ENGINES:
        if not has_engine(engine_name, device):
            continue
        engine = load_engine(engine_name, device, target, card.input_sizes[0])
        engine.submit(golden.blob)
        scores = engine.result().scores
        assert np.isfinite(scores).all()
        assert greatest_error(scores, golden.scores) < 1e-3


def test_a_published_network_goes_through_verify_and_the_app_paints_with_it(tmp_path: Path) -> None:
    file, picture = SHARED / "deeplabv3_mnv2_dm05_os8_257.onnx", SHARED.parent / "samples" / "deeplab.jpg"
    if not file.exists() or not picture.exists():
        pytest.skip("the published networks lie beside the repository only where it is developed")
    target, painted = tmp_path / "mended.onnx", tmp_path / "painted.png"
    assert main(["repair", str(file), "--out", str(target), "--align-corners", *FLAGS]) == 0

    assert main(["verify", str(target), "--pictures", str(picture)]) == 0
    words = ["--model", str(target), "--image", str(picture), "--out", str(painted), "--headless"]
    assert main([*words, "--backend", "onnxruntime:cpu", "--alpha", "1"]) == 0

    image = cv2.imread(str(painted))
    assert image is not None
    person_bgr, sheep_bgr = image[200, 190], image[265, 300]
    assert person_bgr.tolist() == [0, 0, 255]
    assert sheep_bgr.tolist() == [255, 0, 0]


@pytest.mark.parametrize("harm", ["endless", "shapeless"])
def test_a_network_that_cannot_be_mended_is_one_line(
    tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = endless_network(tmp_path)
    if harm == "endless":
        model = onnx.load(str(file))
        (loop,) = [node for node in model.graph.node if node.op_type == "Loop"]
        shape = [helper.make_tensor_value_info("", TensorProto.FLOAT, ["n", "c", "h", "w"]).type]
        loop.attribute[0].g.input[2].type.CopyFrom(shape[0])
        loop.attribute[0].g.output[1].type.CopyFrom(shape[0])
        onnx.save(model, str(file))
    monkeypatch.setattr("deeplab_cv.commands.repair._LIMIT_S", 8.0)

    code = main(["repair", str(file), "--out", str(tmp_path / "mended.onnx"), "--size", "128x96", *FLAGS])

    line = capsys.readouterr().err
    assert (code, line.count("\n")) == (1, 1)
    assert line.startswith(f"error: the network cannot be mended: {file} (")
    assert not list(tmp_path.glob("*mended*"))
