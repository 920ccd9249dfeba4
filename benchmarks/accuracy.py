"""Makes the tables of models/README.md and docs/accuracy-time.png: how right is every network, and how fast?

    python benchmarks/accuracy.py measure OUT --data DATA NETWORK...   every list; the first also squeezed into a square
    python benchmarks/accuracy.py videos OUT CLIP... --network NETWORK flips of labels, plain and smoothed
    python benchmarks/accuracy.py times OUT NETWORK...                 in turn on each engine, the first at all shapes
    python benchmarks/accuracy.py tables OUT [--plot FILE]             the tables in Markdown, and the plot

NETWORK is an .onnx file with a card; its int8 form is measured with it. What lies in OUT already is not measured again.
A network that is proven at several sizes is measured at each, the smaller ones as NAME_320 and so on. Networks whose
names differ in a number only are joined by a line in the plot.
"""

import argparse
import json
import math
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from deeplab_cv.engines.candidates import engine_module
from deeplab_cv.engines.engine import Engine
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.networks.card import read_card, write_card
from deeplab_cv.networks.golden import golden_blob
from deeplab_cv.networks.network import Graph, fitting_sizes, fixed_file, graph_at, nearest_size
from deeplab_cv.networks.opening import open_network

ROOT = Path(__file__).resolve().parents[1]

ENGINE = "openvino:cpu"
"""The engine that accuracy is measured on; app.py verify proves that the others give the same labels."""

ENGINES = ("openvino:cpu", "onnxruntime:cpu", "opencv:cpu")
LISTS = {
    "val": (),
    "val_coco": (),
    "val_webcam": ("--only", "person"),
    "val_video": ("--sequences",),
}
"""The lists, and how `app.py evaluate` is to take each: the masks of some hold people, or one object, alone."""

COLUMNS = ("person", "dog", "sheep")
WIDE = (Size(512, 512), Size(448, 448))
"""Squares as wide as our 16:9 and 4:3 shapes: what squeezing costs where no detail is to be lost."""

HD = Size(1280, 720)

ROUNDS = 9


def measure(out: Path, data: Path, files: Sequence[Path], jobs: int) -> None:
    """Run `app.py evaluate` for every network, form, list and way of squeezing; one JSON file each."""
    runs = []
    for place, file in enumerate(each_size(files, out)):
        card = read_card(file)
        square = next((str(size) for size in card.input_sizes if size.width == size.height), "")
        forms = ["", *("_int8" for variant in card.variants if variant.precision == "int8")]
        for form in forms:
            for name in LISTS:
                runs.append((f"{card.name}{form}.{name}", file, form, name, ""))
        if square and place == 0 and len(card.input_sizes) > 1:
            runs.append((f"{card.name}.val.squeezed", file, "", "val", square))
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda run: _evaluate(out, data, *run), runs))


def each_size(files: Sequence[Path], out: Path) -> Iterator[Path]:
    """Every file, and for each smaller size it is proven at a copy in `out` whose card names that size alone."""
    for file in files:
        yield file
        card = read_card(file)
        by_aspect = dict.fromkeys(tuple(fitting_sizes(card.input_sizes, size)) for size in card.input_sizes)
        _, *smaller = zip(*by_aspect, strict=True)
        for sizes in smaller:
            small = out / f"{file.stem}_{round(math.prod(sizes[0]) ** 0.5)}.onnx"
            shutil.copy(file, small)
            if card.golden is not None:
                shutil.copy(file.with_name(card.golden.file), out)
            update = {"name": small.stem, "file": small.name, "shapes": [size.hw for size in sizes], "variants": ()}
            write_card(card.model_copy(update=update), small)
            yield small


def _evaluate(out: Path, data: Path, title: str, file: Path, form: str, name: str, shape: str) -> None:
    target = out / f"{title}.json"
    if target.exists():
        return
    words = [str(file), "--data", str(data), "--lists", name, "--backend", ENGINE + form, "--threads", "1"]
    words += LISTS[name]
    words += ["--html", str(target.with_suffix(".html"))] if name == "val" and not shape else []
    _app("evaluate", *words, *(["--shape", shape] if shape else []), "--json", str(target))
    print(target, flush=True)


def videos(out: Path, clips: Sequence[Path], file: Path) -> None:
    """Measure the flicker of each clip; one JSON file each."""
    for clip in clips:
        target = out / f"{clip.stem}.video.json"
        if not target.exists():
            _app("evaluate", str(file), "--video", str(clip), "--backend", ENGINE, "--json", str(target))
            print(target, flush=True)


def _app(*words: str) -> None:
    subprocess.run([sys.executable, str(ROOT / "app.py"), *words], check=True, stdout=subprocess.DEVNULL)


def times(out: Path, files: Sequence[Path]) -> None:
    """Time every graph in turn on each engine, so that a busy machine is equally unfair to all; OUT/times.json."""
    graphs = {
        title: graph for place, file in enumerate(each_size(files, out)) for title, graph in _graphs(file, place == 0)
    }
    result: dict[str, dict[str, float]] = {}
    for backend in ENGINES:
        engines = {title: engine for title, graph in graphs.items() if (engine := _loaded(graph, backend)) is not None}
        blobs = {title: golden_blob(1, graphs[title].input_size, graphs[title].card.input) for title in engines}
        measured_ms: dict[str, list[float]] = {title: [] for title in engines}
        for _ in range(ROUNDS):
            for title, engine in engines.items():
                start = time.perf_counter()
                engine.submit(blobs[title])
                engine.result()
                measured_ms[title].append((time.perf_counter() - start) * 1000)
        result[backend] = {title: statistics.median(values[1:]) for title, values in measured_ms.items()}
        for engine in engines.values():
            engine.close()
        print(backend, result[backend], flush=True)
    (out / "times.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _graphs(file: Path, everywhere: bool) -> Iterator[tuple[str, Graph]]:
    """Each form of a network at its shape for 16:9, or at all of them and the wide squares, as `NAME WxH`."""
    network = open_network(file)
    card = network.card
    sizes = (nearest_size(card.input_sizes, HD),)
    if everywhere and len(card.input_sizes) > 1:
        sizes = (*card.input_sizes, *WIDE)
    for size in sizes:
        plain = graph_at(network, size)
        yield f"{card.name} {size}", plain
        for variant in card.variants:
            named = file.with_name(variant.file)
            fixed = fixed_file(named, variant.sha256, size, named=named)
            yield (
                f"{card.name}_{variant.precision} {size}",
                Graph(
                    fixed,
                    variant.sha256,
                    size,
                    card,
                    named=named,
                    precision=variant.precision,
                    verified=True,
                    golden=None,
                    engines=variant.engines,
                ),
            )


def _loaded(graph: Graph, backend: str) -> Engine | None:
    name, _, device = backend.partition(":")
    if graph.engines and name not in graph.engines:
        return None
    try:
        engine: Engine = engine_module(name).load(graph, device, 0, 1)
    except EngineError as error:
        print(f"{graph.card.name} on {backend}: {error}", file=sys.stderr)
        return None
    return engine


def print_tables(out: Path, plot: Path | None) -> None:
    """What was measured, as Markdown."""
    figures = {
        path.stem: content["pictures"]
        for path in sorted(chain(out.glob("*.val*.json")))
        if "pictures" in (content := json.loads(path.read_text(encoding="utf-8")))
    }
    names = sorted({title.partition(".")[0] for title in figures}, key=lambda name: -figures[f"{name}.val"]["miou"])
    times_ms = json.loads((out / "times.json").read_text(encoding="utf-8")) if (out / "times.json").exists() else {}
    _print_accuracy(names, figures, times_ms)
    for name in names:
        if f"{name}.val.squeezed" in figures:
            _print_shapes(name, figures[f"{name}.val"], figures[f"{name}.val.squeezed"], times_ms)
            _print_classes(figures[f"{name}.val"])
    _print_sequences(out, names)
    _print_videos(out)
    if plot is not None:
        draw(plot, names, figures, times_ms)


def _print_accuracy(names: Sequence[str], figures: Mapping[str, Any], times_ms: Mapping[str, Any]) -> None:
    engines = [engine for engine in ENGINES if engine in times_ms]
    head = ["network", "mIoU", *COLUMNS, "pixel acc.", "boundary F", "COCO: person", "pixel acc."]
    head += ["webcam: person", "boundary F"]
    print("\n| " + " | ".join([*head, *(f"{engine.partition(':')[0]} ms" for engine in engines)]) + " |")
    print("|---" * (len(head) + len(engines)) + "|")
    for name in names:
        val, coco = figures[f"{name}.val"], figures.get(f"{name}.val_coco")
        cells = [f"`{name}`", f"{val['miou']:.3f}", *(_shown(val["iou"][column], 3) for column in COLUMNS)]
        cells += [f"{val['pixel_accuracy']:.3f}", f"{val['boundary_f']:.3f}"]
        cells += [f"{coco['iou']['person']:.3f}", f"{coco['pixel_accuracy']:.3f}"] if coco else ["", ""]
        webcam = figures.get(f"{name}.val_webcam")
        cells += [f"{webcam['iou']['person']:.3f}", f"{webcam['boundary']['person']:.3f}"] if webcam else ["", ""]
        cells += [_shown(_time_of(name, times_ms[engine])) for engine in engines]
        print("| " + " | ".join(cells) + " |")
    timed = dict.fromkeys(title.partition(" ")[0] for engine in engines for title in times_ms[engine])
    for name in (name for name in timed if name not in names):
        cells = [
            f"`{name}`",
            *[""] * (len(head) - 1),
            *(_shown(_time_of(name, times_ms[engine])) for engine in engines),
        ]
        print("| " + " | ".join(cells) + " |")


def _print_shapes(name: str, own: Mapping[str, Any], square: Mapping[str, Any], times_ms: Mapping[str, Any]) -> None:
    print(
        f"\n| `{name}`, val pictures nearest to | number | mIoU at that shape | squeezed into the square of that area |"
    )
    print("|---|---|---|---|")
    for shape, group in own["groups"].items():
        other = square["groups"][shape]
        print(f"| {shape} | {group['pictures']} | {group['miou']:.3f} | {other['miou']:.3f} |")
    print(f"| all | {own['pictures']} | {own['miou']:.3f} | {square['miou']:.3f} |")
    if not times_ms:
        return
    print(f"\n| `{name}`, ms | " + " | ".join(engine.partition(":")[0] for engine in times_ms) + " |")
    print("|---" * (1 + len(times_ms)) + "|")
    sizes = dict.fromkeys(
        title.partition(" ")[2] for each in times_ms.values() for title in each if _is_of(title, name)
    )
    for size in sizes:
        print(f"| {size} | " + " | ".join(_shown(each.get(f"{name} {size}")) for each in times_ms.values()) + " |")


def _print_classes(val: Mapping[str, Any]) -> None:
    print(f"\n| {val['network']}: class | IoU | boundary F |\n|---|---|---|")
    for name, value in sorted(val["iou"].items(), key=lambda item: -(item[1] or 0)):
        print(f"| {name} | {_shown(value, 3)} | {_shown(val['boundary'][name], 3)} |")


def _print_sequences(out: Path, names: Sequence[str]) -> None:
    print("\n| network | sequence | smooth | IoU | boundary F | error churn | along the motion |")
    print("|---" * 7 + "|")
    for name in names:
        path = out / f"{name}.val_video.json"
        if not path.exists():
            continue
        for sequence in json.loads(path.read_text(encoding="utf-8"))["sequences"]:
            for way in sequence["ways"]:
                iou = ", ".join(f"{kind} {value:.3f}" for kind, value in way["iou"].items())
                rest = (_shown(way[each], 3) for each in ("boundary_f", "error_churn", "followed_churn"))
                print(f"| `{name}` | {sequence['sequence']} | {way['smooth']:g} | {iou} | " + " | ".join(rest) + " |")


def _print_videos(out: Path) -> None:
    print("\n| clip | flips, plain | smoothed | flips among objects' pixels, plain | smoothed |\n|---|---|---|---|---|")
    for path in sorted(out.glob("*.video.json")):
        video = json.loads(path.read_text(encoding="utf-8"))["video"]
        shares = [video[way][kind] for kind in ("flips", "object_flips") for way in ("plain", "smoothed")]
        print(f"| {video['video']} | " + " | ".join(f"{share:.2%}" for share in shares) + " |")


def draw(path: Path, names: Sequence[str], figures: Mapping[str, Any], times_ms: Mapping[str, Any]) -> None:
    """Accuracy against time, one colour an engine, a line through the pixel budgets of one training."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for engine, each in times_ms.items():
        points = [(spot, figures[f"{name}.val"]["miou"], name) for name in names if (spot := _time_of(name, each))]
        dots = axes.scatter([x for x, _, _ in points], [y for _, y, _ in points], label=engine.partition(":")[0])
        for family in {_family(name) for name in names}:
            line = sorted((x, y) for x, y, name in points if _family(name) == family)
            axes.plot([x for x, _ in line], [y for _, y in line], color=dots.get_facecolor()[0], alpha=0.5)
        if engine == ENGINE:
            for x, y, name in points:
                axes.annotate(name, (x, y), xytext=(4, 5), textcoords="offset points", fontsize=8)
    axes.set(xscale="log", xlabel="milliseconds of inference a picture, two cores", ylabel="mIoU on val (600 pictures)")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(path, dpi=100)


def _family(name: str) -> str:
    """A network's name without its pixel budget."""
    return re.sub(r"_\d+", "", name)


def _time_of(name: str, each: Mapping[str, float]) -> float | None:
    """The time at a network's 16:9 shape, or at the only one it has."""
    sizes = [Size.parse(title.partition(" ")[2]) for title in each if _is_of(title, name)]
    if not sizes:
        return None
    return each[f"{name} {nearest_size(sizes, HD)}"]


def _is_of(title: str, name: str) -> bool:
    return title.partition(" ")[0] == name


def _shown(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("measure", "videos", "times", "tables"))
    parser.add_argument("out", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--data", type=Path, help="folder with the lists val, val_coco, val_webcam and val_video")
    parser.add_argument("--network", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--jobs", type=int, default=2, help="measurements at a time (default: 2)")
    args = parser.parse_intermixed_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.what == "measure":
        measure(args.out, args.data, args.files, args.jobs)
    elif args.what == "videos":
        videos(args.out, args.files, args.network)
    elif args.what == "times":
        times(args.out, args.files)
    else:
        print_tables(args.out, args.plot)


if __name__ == "__main__":
    main()
