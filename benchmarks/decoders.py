"""Makes the table and the picture under "Edges" in models/README.md: what a finer decoder brings, and what it costs.

    python benchmarks/decoders.py table OUT --data DATA              learns, measures and times what OUT lacks
    python benchmarks/decoders.py picture OUT FILE PICTURE@X,Y,W,H   the four forms side by side on parts of pictures

The default network's backbone stays as it is. Its features of the same crops are computed once; on them three heads
learn the same number of steps, each begun from the default network's own: without the decoder's finer features (scores
at stride 16), as it is (stride 8), and with a second decoder on top (stride 4). The fourth form has no weights of its
own: the scores at stride 8 are enlarged along the picture's edges by a guided filter.
Source of that: He, Sun, "Fast guided filter", 2015.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch
from decoder_heads import HEADS, SEED, learn

from deeplab_cv.classes import default_colour
from deeplab_cv.engines.candidates import engine_module
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.frames.frame import Labels, Scores, picture_frame
from deeplab_cv.frames.pixels import Image, resize, to_bgr, to_grey
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.golden import golden_blob
from deeplab_cv.networks.network import Graph, graph_for
from deeplab_cv.networks.opening import open_network
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.styles import paint
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.network_engines import NetworkEngines
from deeplab_cv.segmentation.stream import Stream
from deeplab_cv.tools.arithmetic import gmac
from deeplab_cv.tools.data.layouts import find_records
from deeplab_cv.tools.data.records import read_pair
from deeplab_cv.tools.evaluating.accuracy import accuracy, confusion_matrix
from deeplab_cv.tools.evaluating.boundary import boundary_scores

GUIDED = "guided"
COLUMNS = ("person", "dog", "sheep")
ENGINES = ("openvino:cpu", "onnxruntime:cpu")
ROUNDS = 31
HD = Size(1280, 720)
TILE_WIDTH = 280
TIMED_PICTURES = 20

GUIDE_RADIUS, GUIDE_EPSILON = 1, 1e-3
"""The filter's box in places of the scores, and from what variance of brightness, 0..1, on there is an edge in it."""


def guided_labels(scores: Scores, image: Image, size: Size) -> Labels:
    """Labels at a frame's size by scores that follow the picture's edges: uint8 (H, W).

    scores: float32 (classes, h, w); image: uint8 BGR of that size. Each class that wins somewhere at the scores' own
    stride is written as a line of the picture's brightness, a I + b, fitted in every box of scores; a and b are
    interpolated, and the line is evaluated at every pixel.
    """
    winners = np.unique(scores.argmax(axis=0))
    brightness = np.float32(to_grey(image)) / 255
    guide = resize(brightness, Size.of(scores[0]), cv2.INTER_AREA)
    mean_guide = box(guide)
    variance = box(guide * guide) - mean_guide * mean_guide + GUIDE_EPSILON
    labels: Labels = np.full(size.hw, winners[0], np.uint8)
    greatest = np.full(size.hw, -np.inf, np.float32)
    for label in winners if len(winners) > 1 else ():
        values = scores[label]
        mean_values = box(values)
        slope = (box(guide * values) - mean_guide * mean_values) / variance
        offset = mean_values - slope * mean_guide
        value = cv2.resize(box(slope), size) * brightness + cv2.resize(box(offset), size)
        labels[value > greatest] = label
        greatest = np.maximum(greatest, value)
    return labels


def box(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mean of each place's box."""
    side = 2 * GUIDE_RADIUS + 1
    return np.asarray(cv2.boxFilter(values, -1, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def plain_labels(scores: Scores, _: Image, size: Size) -> Labels:
    """As the program makes them."""
    return labels_at(scores, size, align_corners=False)


def labellings(form: str) -> dict[str, Callable[[Scores, Image, Size], Labels]]:
    """What makes labels of a form's scores, by the name of the row in the table."""
    return {form: plain_labels, **({GUIDED: guided_labels} if form == "stride8" else {})}


def measure(out: Path, data: Path, form: str) -> None:
    """OUT/FORM.json: accuracy on val and the time from scores to labels at 720p, for each labelling of this form."""
    network = open_network(out / f"{form}.onnx")
    classes = network.card.classes
    engines = NetworkEngines(network, EngineOptions(backend="openvino:cpu", threads=1))
    labels_by = labellings(form)
    confusions = {row: np.zeros((len(classes),) * 2, np.int64) for row in labels_by}
    boundaries: dict[str, list[npt.NDArray[np.float64]]] = {row: [] for row in labels_by}
    labels_ms: dict[str, list[float]] = {row: [] for row in labels_by}
    for index, record in enumerate(find_records(data, ("val",), classes, out)):
        picture, mask = read_pair(record, len(classes))
        image = to_bgr(picture)
        scores = scores_of(engines, image)
        size = Size.of(image)
        for row, labelled in labels_by.items():
            labels = labelled(scores, image, size)
            confusions[row] += confusion_matrix(mask, labels, len(classes))
            boundaries[row].append(boundary_scores(mask, labels, len(classes)))
            if index < TIMED_PICTURES:
                labels_ms[row].append(milliseconds(partial(labelled, scores, resize(image, HD), HD)))
    engines.close()
    for row, confusion in confusions.items():
        figures = accuracy(confusion)
        iou = dict(zip(classes, figures.iou, strict=True))
        content = {
            "miou": figures.miou,
            **{name: iou[name] for name in COLUMNS},
            "boundary_f": float(np.nanmean(np.nanmean(np.stack(boundaries[row]), axis=0))),
            "labels_ms": statistics.median(labels_ms[row]),
        }
        (out / f"{row}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(row, content, flush=True)


def scores_of(engines: NetworkEngines, image: Image) -> Scores:
    """The network's scores of a picture."""
    return Stream(engines).score(picture_frame(image)).scores


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time: another program on the machine does not count."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def times(out: Path) -> dict[str, dict[str, float]]:
    """GMAC and median milliseconds of one thread at the 16:9 shape, of each form in turn, by engine."""
    graphs = {form: graph_for(open_network(out / f"{form}.onnx"), HD) for form in HEADS}
    result = {form: {"gmac": gmac(onnx.load(graph.file))} for form, graph in graphs.items()}
    for backend in ENGINES:
        works = {form: one_inference(graph, backend) for form, graph in graphs.items()}
        measured_ms: dict[str, list[float]] = {form: [] for form in works}
        for _ in range(ROUNDS):
            for form, work in works.items():
                measured_ms[form].append(milliseconds(work))
        for form, values in measured_ms.items():
            result[form][backend] = statistics.median(values[1:])
    return result


def one_inference(graph: Graph, backend: str) -> Callable[[], object]:
    """One inference on one thread, input made beforehand."""
    name, _, device = backend.partition(":")
    engine = engine_module(name).load(graph, device, 1, 1)
    blob = golden_blob(SEED, graph.input_size, graph.card.input)

    def infer() -> Scores:
        engine.submit(blob)
        scores: Scores = engine.result().scores
        return scores

    return infer


def print_table(out: Path, data: Path) -> None:
    """Learn, measure and time what OUT lacks, then print the table in Markdown."""
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    learn(out, data)
    for form in HEADS:
        if not all((out / f"{row}.json").exists() for row in labellings(form)):
            measure(out, data, form)
    timed = times(out)
    heads = ["mIoU", *COLUMNS, "boundary F", "GMAC", *(f"{engine.partition(':')[0]} ms" for engine in ENGINES)]
    print("| form | " + " | ".join([*heads, "labels at 720p ms"]) + " |")
    print("|---" * (len(heads) + 2) + "|")
    for row in (*HEADS, GUIDED):
        content = json.loads((out / f"{row}.json").read_text(encoding="utf-8"))
        time_of = timed["stride8" if row == GUIDED else row]
        cells = [f"{content[name]:.3f}" for name in ("miou", *COLUMNS, "boundary_f")]
        cells += [f"{time_of['gmac']:.2f}", *(f"{time_of[engine]:.1f}" for engine in ENGINES)]
        print(f"| {row} | " + " | ".join([*cells, f"{content['labels_ms']:.1f}"]) + " |")


def draw(out: Path, target: Path, parts: Sequence[str]) -> None:
    """The picture, stride 16, stride 8, guided, stride 4 from left to right, one row for each PICTURE@X,Y,W,H."""
    tiles: dict[str, list[Image]] = {part: [] for part in parts}
    for form in HEADS:
        network = open_network(out / f"{form}.onnx")
        look = Look(
            "blend",
            alpha=0.6,
            colours={label: default_colour(name) for label, name in enumerate(network.card.classes) if label},
        )
        engines = NetworkEngines(network, EngineOptions(backend="openvino:cpu", threads=1))
        for part, row in tiles.items():
            file, _, numbers = part.partition("@")
            x, y, width, height = (int(number) for number in numbers.split(","))
            image = np.asarray(cv2.imread(file), np.uint8)
            scores = scores_of(engines, image)
            labels = [labelled(scores, image, Size.of(image)) for labelled in labellings(form).values()]
            whole = [*([] if row else [image]), *(paint(image, each, look) for each in labels)]
            size = Size(TILE_WIDTH, round(TILE_WIDTH * height / width))
            row += [resize(each[y : y + height, x : x + width], size) for each in whole]
        engines.close()
    cv2.imwrite(str(target), np.vstack([np.hstack(row) for row in tiles.values()]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("table", "picture"))
    parser.add_argument("out", type=Path)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--data", type=Path, help="folder with the lists train and val")
    args = parser.parse_intermixed_args()
    if args.what == "table":
        print_table(args.out, args.data)
    else:
        draw(args.out, Path(args.files[0]), args.files[1:])


if __name__ == "__main__":
    main()
