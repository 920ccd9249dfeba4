"""Networks of the kinds that people report, which lie beside the repository where it is developed, through the app."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from deeplab_cv.cli import main

CASES = Path(__file__).parents[3] / "shared" / "cases"
NETWORKS = (
    "channels-last-bias-after-turn",
    "half-inside-float-outside",
    "one-class-sigmoid",
    "weights-listed-as-inputs",
)


@pytest.fixture(params=NETWORKS)
def case(request, tmp_path, monkeypatch):
    """One of the networks; the working folder has a picture and the name of a class."""
    file = CASES / f"{request.param}.onnx"
    if not file.exists():
        pytest.skip("the shared cases are not here")
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("person\n", encoding="utf-8")
    picture = np.random.RandomState(0).randint(0, 255, (6, 6, 3)).astype(np.uint8)
    assert cv2.imwrite("picture.png", cv2.resize(picture, (64, 64), interpolation=cv2.INTER_CUBIC))
    return file


def painted(name, *flags):
    """Run a network on the picture; the mask that comes out."""
    words = ["--image", "picture.png", "--masks", name, "--backend", "onnxruntime:cpu", "--headless"]
    assert main([*words, *flags]) == 0
    (mask,) = Path(name).glob("*.png")
    return np.asarray(Image.open(mask))


def said(file):
    """What its user knows of a network: it takes colours 0..255, or -1..1."""
    value = "0,0,0 1,1,1" if file.stem.startswith("channels-last") else "127.5,127.5,127.5 127.5,127.5,127.5"
    mean, std = value.split()
    return ["--classes", "names.txt", "--mean", mean, "--std", std, "--order", "rgb"]


def raw_labels(file):
    """What the network's own output says of the picture, by ONNX Runtime."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="it gives the expected labels")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    picture = cv2.imread("picture.png")[..., ::-1].astype(np.float32)
    last = entry.shape[-1] == 3
    picture = picture if last else picture / 127.5 - 1
    (scores,) = session.run(None, {entry.name: picture[None] if last else picture.transpose(2, 0, 1)[None]})
    scores = scores[0].transpose(2, 0, 1) if last else scores[0]
    return scores[0] > 0.5 if len(scores) == 1 else scores[1] > scores[0]


def test_it_runs_with_its_class_named_and_gives_its_own_labels(case, capfd):
    mask = painted("plain", "--model", str(case), *said(case))

    assert (mask == raw_labels(case)).mean() > 0.99
    assert mask.any()
    assert "[W:onnxruntime" not in capfd.readouterr().err


def test_repaired_it_gives_the_same_labels(case, capfd):
    assert main(["repair", str(case), "--out", "mended.onnx", *said(case)]) == 0
    assert "[W:onnxruntime" not in capfd.readouterr().err

    plain = painted("plain", "--model", str(case), *said(case))
    mended = painted("mended", "--model", "mended.onnx")

    assert (plain == mended).mean() > 0.99


def test_it_is_painted_without_naming_a_class_to_paint(case):
    words = ["--model", str(case), *said(case), "--image", "picture.png", "--out", "painted.png", "--headless"]

    assert main([*words, "--backend", "onnxruntime:cpu"]) == 0

    assert not np.array_equal(cv2.imread("painted.png"), cv2.imread("picture.png"))


@pytest.mark.parametrize("names", ["one-name.txt", "two-names.txt"])
def test_the_shared_lists_of_names_fit_a_network_of_one_class(case, names):
    if not (CASES / names).exists():
        pytest.skip("the shared cases are not here")
    flags = said(case)
    flags[1] = str(CASES / names)

    assert (painted("masks", "--model", str(case), *flags) == painted("usual", "--model", str(case), *said(case))).all()
