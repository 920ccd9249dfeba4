import logging
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.engines.choice import open_engine
from deeplab_cv.engines.engine import run_all
from deeplab_cv.errors import NetworkError, UsageError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.network import Network, graph_for
from deeplab_cv.networks.opening import open_network
from deeplab_cv.networks.options import NetworkOptions
from deeplab_cv.networks.uncarded import class_names, fitting_names
from deeplab_cv.segmentation.labels import labels_at
from tests.networks.ways_to_end import SIDE, WAYS, Way, step, write

RED, BLUE = (200, 0, 0), (0, 0, 200)


def named(folder: Path, *names: str) -> NetworkOptions:
    file = folder / "names.txt"
    file.write_text("\n".join(names), encoding="utf-8")
    return NetworkOptions(classes=str(file))


def labels(network: Network) -> np.ndarray:
    """The labels of a picture that is red at the left and blue at the right, by the engine that is chosen."""
    picture = np.zeros((SIDE, SIDE, 3), np.float32)
    picture[:, : SIDE // 2], picture[:, SIDE // 2 :] = RED, BLUE
    graph = graph_for(network, Size(SIDE, SIDE))
    with closing(open_engine([graph])) as engine:
        (inference,) = run_all(engine, [np.ascontiguousarray(picture.transpose(2, 0, 1)[None])])
    assert len(inference.scores) == len(network.card.classes)
    return labels_at(inference.scores, Size(SIDE, SIDE), align_corners=False)


@pytest.mark.parametrize("way", WAYS)
def test_a_network_of_one_or_two_classes_gives_its_labels_however_it_ends(tmp_path, way):
    found = labels(open_network(write(tmp_path, WAYS[way]), named(tmp_path, "person")))

    assert (found[:, : SIDE // 2 - 2] == 1).all()
    assert (found[:, SIDE // 2 + 2 :] == 0).all()


@pytest.mark.parametrize("names", [("person",), ("background", "person")], ids=["one name", "two names"])
@pytest.mark.parametrize("way", ["one class: sigmoid", "scores"])
def test_a_network_of_one_or_two_classes_takes_one_name_or_two(tmp_path, way, names):
    network = open_network(write(tmp_path, WAYS[way]), named(tmp_path, *names))

    assert network.card.classes == ("background", "person")


def test_the_sizes_of_an_output_of_channels_last_may_be_those_of_its_names(tmp_path):
    way = Way(2, (step("Resize", "", "", "whole2", mode="linear"), step("Transpose", perm=[0, 2, 3, 1])))
    names = tuple(f"class {number}" for number in range(SIDE))

    with pytest.raises(UsageError, match="has 2 classes, --classes names 64"):
        open_network(write(tmp_path, way), named(tmp_path, *names))


def cast_at_both_ends(model, kind):
    """Weights, input and output in another type, as a converter without keep_io_types makes them."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(dtype), tensor.name))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = kind
    del model.graph.value_info[:]


def with_cast_before(model, kind):
    """An input of another type, cast by the graph's first step."""
    model.graph.node.insert(0, helper.make_node("Cast", ["x"], ["cast"], to=TensorProto.FLOAT))
    model.graph.node[1].input[0] = "cast"
    model.graph.input[0].type.tensor_type.elem_type = kind


def turned_at_the_input(model, kind):
    """An input with channels last."""
    model.graph.node.insert(0, helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]))
    model.graph.node[1].input[0] = "first"
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[1].dim_value, sides[3].dim_value = SIDE, 3


def weights_as_inputs(model, kind):
    for tensor in list(model.graph.initializer):
        value = helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        model.graph.input.insert(0, value)


def in_no_order(model, kind):
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


CHANGES = {
    "float16 throughout": (cast_at_both_ends, TensorProto.FLOAT16),
    "double throughout": (cast_at_both_ends, TensorProto.DOUBLE),
    "float16 outside": (with_cast_before, TensorProto.FLOAT16),
    "double outside": (with_cast_before, TensorProto.DOUBLE),
    "bytes": (with_cast_before, TensorProto.UINT8),
    "channels last": (turned_at_the_input, 0),
    "weights as inputs": (weights_as_inputs, 0),
    "in no order": (in_no_order, 0),
}


@pytest.mark.parametrize("way", ["one class: sigmoid", "channels last, then bias"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_network_gives_its_labels_whatever_stands_before_it_and_prints_nothing(tmp_path, capfd, change, way):
    apply, kind = CHANGES[change]
    file = write(tmp_path, WAYS[way], lambda model: apply(model, kind))

    found = labels(open_network(file, named(tmp_path, "person")))

    assert (found[:, : SIDE // 2 - 2] == 1).all()
    assert (found[:, SIDE // 2 + 2 :] == 0).all()
    assert capfd.readouterr() == ("", "")


def test_bytes_as_they_come_bear_no_mean(tmp_path):
    file = write(tmp_path, WAYS["scores"], lambda model: with_cast_before(model, TensorProto.UINT8))
    options = named(tmp_path, "person").model_copy(update={"mean": (127.5,) * 3, "std": (127.5,) * 3})

    with pytest.raises(UsageError, match=r"takes plain bytes: .*--mean 0,0,0"):
        open_network(file, options)


def test_a_network_of_one_class_needs_its_name(tmp_path):
    with pytest.raises(UsageError, match=r"2 classes, --classes names 21: .*name the class alone, or background and"):
        open_network(write(tmp_path, WAYS["one class: sigmoid"]))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((step("GlobalAveragePool"), step("Flatten")), "the output is no scores"),
        ((step("Shape"),), "the output is no scores"),
    ],
    ids=["a classifier", "sizes"],
)
def test_what_segments_nothing_is_refused(tmp_path, steps, message):
    kind = TensorProto.INT64 if steps[0][0] == "Shape" else TensorProto.FLOAT

    with pytest.raises(NetworkError, match=message):
        open_network(write(tmp_path, Way(2, steps, kind)), named(tmp_path, "person"))


@pytest.mark.parametrize(
    ("mean", "std", "warned"),
    [
        ((0.485, 0.456, 0.406), (58.395, 57.12, 57.375), "--mean 123.675,116.28,103.53"),
        ((123.675, 116.28, 103.53), (0.229, 0.224, 0.225), "--std 58.395,57.12,57.375"),
        ((0, 0, 0), (0.00392157, 0.00392157, 0.00392157), "--std 255,255,255"),
        ((104, 117, 123), (0.017, 0.017, 0.017), "--std 58.8235,58.8235,58.8235"),
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "--mean 123.675,116.28,103.53 --std 58.395,57.12,57.375"),
        ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "mean and std look like those of colours from 0 to 1"),
        ((0, 0, 0), (0.5, 0.5, 0.5), "std looks like those of colours from 0 to 1"),
        ((0.485, 0.456, 0.406), None, "mean looks like those of colours from 0 to 1"),
        ((0, 0, 0), (1, 1, 1), ""),
        (None, None, ""),
        ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), ""),
        ((0, 0, 0), (255, 255, 255), ""),
        ((0.5, 0.5, 0.5), (127.5, 127.5, 127.5), "mean looks like those of colours from 0 to 1"),
    ],
)
def test_mean_and_std_that_are_not_of_colours_from_0_to_255_are_warned_of(tmp_path, caplog, mean, std, warned):
    options = named(tmp_path, "person").model_copy(update={"mean": mean, "std": std})

    with caplog.at_level(logging.WARNING, "deeplab_cv"):
        open_network(write(tmp_path, WAYS["scores"]), options)

    assert warned in caplog.text
    assert bool(caplog.records) == bool(warned)


def test_voc_stands_for_its_twenty_one_classes():
    assert class_names("voc") == VOC_CLASSES


def test_names_are_the_lines_of_a_file_without_blanks(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("\ufeffbackground\n\n  wild boar \nfox\n", encoding="utf-8")

    assert class_names(str(file)) == ("background", "wild boar", "fox")


def test_one_name_is_that_of_a_class_against_the_background(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("goat")

    assert fitting_names(class_names(str(file), least=1), 2, Path("n.onnx")) == ("background", "goat")


def test_the_list_that_labelme_draws_by_names_the_same_labels(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("__ignore__\n_background_\ngoat\n", encoding="utf-16")

    assert class_names(str(file)) == ("background", "goat")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"background\n", "expected 2 to 255 class names, got 1"),
        (b"a\n" * 256, "expected 2 to 255 class names, got 256"),
        (b"\xff\xfe\x00", "cannot read the class names"),
    ],
)
def test_a_file_that_holds_no_class_names_is_one_line(tmp_path, content, message):
    file = tmp_path / "names.txt"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=message) as error:
        class_names(str(file))

    assert str(file) in str(error.value)
