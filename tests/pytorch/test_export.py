from collections.abc import Iterator
from pathlib import Path

import onnx
import onnxruntime
import pytest

pytest.importorskip("torch", reason="the workshop needs requirements-train.txt")

from deeplab_cv.frames.size import Size
from deeplab_cv.machine.memory import spoiled_memory
from deeplab_cv.networks.card import read_card
from deeplab_cv.networks.golden import golden_blob, greatest_error, read_golden
from deeplab_cv.networks.network import fixed_file
from tests.tools.exported import PROCESSOR_ENGINES, has_engine, load_engine, random_export

NAMES = ("deeplabv3_lite", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large", "deeplabv3_resnet50")
PORTABLE = {
    "Conv", "Clip", "Relu", "Add", "Sub", "Mul", "Concat", "GlobalAveragePool", "MaxPool", "HardSigmoid", "Sigmoid",
    "Resize", "Cast",
}  # fmt: skip


@pytest.fixture(scope="module", params=NAMES)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("export") / f"{request.param}.onnx"
    random_export(request.param, path)
    yield path


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("half") / "lite.onnx"
    random_export("deeplabv3_lite", path, half=True, opset=11)
    return path


@pytest.mark.parametrize(("name", "device"), PROCESSOR_ENGINES)
def test_every_engine_gives_pytorch_scores_at_every_aspect(file: Path, name: str, device: str) -> None:
    card = read_card(file)
    for size in (card.input_sizes[0], card.input_sizes[2], card.input_sizes[3]):
        golden = read_golden(card, file.parent, size)
        assert golden is not None
        with spoiled_memory():
            engine = load_engine(name, device, file, size)
            engine.submit(golden.blob)
            scores = engine.result().scores
        assert greatest_error(scores, golden.scores) < 1e-3


def test_the_graph_holds_nothing_that_engines_read_differently(file: Path) -> None:
    nodes = onnx.load(file).graph.node

    assert {node.op_type for node in nodes} <= PORTABLE


def test_nothing_of_one_pixel_is_resized(file: Path) -> None:
    model = onnx.shape_inference.infer_shapes(fixed(onnx.load(file), 96, 96))
    sizes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in model.graph.value_info}

    for node in model.graph.node:
        if node.op_type == "Resize":
            assert min(sizes[node.input[0]][2:]) > 1


def test_the_pooled_features_are_subtracted_not_added(file: Path) -> None:
    nodes = onnx.load(file).graph.node
    pooled = {node.output[0] for node in nodes if node.op_type == "GlobalAveragePool"}
    for node in nodes:
        # What follows a pooled pixel without joining anything else is one pixel as well.
        if node.op_type in {"Conv", "Relu", "Clip"} and node.input[0] in pooled:
            pooled.add(node.output[0])
    joined = [node.op_type for node in nodes if node.op_type in {"Add", "Sub"} and pooled.intersection(node.input)]

    # LR-ASPP multiplies with its pooled features.
    assert joined == (["Sub"] if "deeplabv3" in file.name else [])


def test_bounds_of_clips_are_initializers(lite: Path) -> None:
    graph = onnx.load(lite).graph
    constants = {tensor.name for tensor in graph.initializer}
    clips = [node for node in graph.node if node.op_type == "Clip"]

    assert clips
    assert all(set(node.input[1:]) <= constants for node in clips)


def test_the_opset_asked_for_is_the_one_written(lite: Path) -> None:
    assert [entry.version for entry in onnx.load(lite).opset_import] == [11]


def test_all_is_in_one_file(lite: Path) -> None:
    names = sorted(path.name for path in lite.parent.iterdir())

    assert names == ["lite.card.yaml", "lite.golden.npz", "lite.onnx"]
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in onnx.load(lite).graph.initializer)


def test_sizes_are_symbolic(lite: Path) -> None:
    dimensions = onnx.load(lite).graph.input[0].type.tensor_type.shape.dim

    assert [entry.dim_param or entry.dim_value for entry in dimensions] == [1, 3, "height", "width"]


def test_any_size_of_whole_strides_can_be_fixed(tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    exported = random_export("deeplabv3_lite", file)
    for size in (Size(16, 16), Size(208, 48), Size(80, 176)):
        blob = golden_blob(3, size, exported.card.input)
        session = onnxruntime.InferenceSession(str(fixed_file(file, exported.card.sha256, size, named=file)))
        scores = session.run(None, {"input": blob})[0][0]
        assert greatest_error(scores, exported.torch_scores(blob)) < 1e-3


def test_the_file_says_what_it_is_without_its_card(lite: Path) -> None:
    facts = {entry.key: entry.value for entry in onnx.load(lite).metadata_props}

    assert facts["architecture"] == "deeplabv3_lite"
    assert facts["classes"].startswith("background,aeroplane")


def test_half_storage_halves_the_file_and_keeps_the_scores(lite: Path, tmp_path: Path) -> None:
    random_export("deeplabv3_lite", tmp_path / "whole.onnx", opset=11)
    card = read_card(lite)

    assert lite.stat().st_size < 0.55 * (tmp_path / "whole.onnx").stat().st_size
    for name, device in PROCESSOR_ENGINES:
        if not has_engine(name, device):
            continue
        golden = read_golden(card, lite.parent, card.input_sizes[2])
        assert golden is not None
        engine = load_engine(name, device, lite, card.input_sizes[2])
        engine.submit(golden.blob)
        assert greatest_error(engine.result().scores, golden.scores) < 1e-3


def fixed(model: onnx.ModelProto, height: int, width: int) -> onnx.ModelProto:
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    dimensions[2].dim_value, dimensions[3].dim_value = height, width
    return model
