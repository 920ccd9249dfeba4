"""The page's own files, checked by TypeScript and run by Node beside the program's functions."""

import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.frame import Area
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.folders import models_folder
from deeplab_cv.networks.card import InputFacts
from deeplab_cv.networks.network import fitting_sizes
from deeplab_cv.networks.opening import open_network
from deeplab_cv.segmentation.labels import labels_at
from deeplab_cv.segmentation.opacity import opacity_of
from deeplab_cv.segmentation.preprocess import blob_of
from deeplab_cv.website.runtime import PINNED
from deeplab_cv.website.site import PAGES
from tests.overlay.scenes import scored_as
from tests.website.conftest import NPM_MISSING

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason=f"{NPM_MISSING}: apt install npm")


def node(script: str, *inputs: bytes) -> bytes:
    """What a module script writes to `out(bytes)`; the inputs are `inputs[0]`, `inputs[1]`, ..."""
    lengths = json.dumps([len(each) for each in inputs])
    whole = f"""
        import {{ readFileSync, writeSync }} from "node:fs";
        const all = readFileSync(0);
        let at = 0;
        const next = (length) => all.buffer.slice(all.byteOffset + at, all.byteOffset + (at += length));
        const inputs = {lengths}.map(next);
        const out = (array) => writeSync(1, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        {script}"""
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", whole], input=b"".join(inputs), capture_output=True, cwd=PAGES, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_the_page_is_short():
    assert sum(len(path.read_text().splitlines()) for path in PAGES.glob("*.js")) < 1500


def test_the_page_has_no_inline_script_or_style_and_its_policy_allows_none():
    page = (PAGES / "index.html").read_text()

    assert page.count("<script") == page.count('<script type="module" src=') == 1
    assert "<style" not in page and "style=" not in page and "onclick" not in page
    assert "default-src 'none'" in page and "unsafe-inline" not in page and "connect-src 'self'" in page


def test_both_languages_say_the_same_and_nothing_is_left_unsaid():
    words = json.loads((PAGES / "words.json").read_text(encoding="utf-8"))
    scripts = "".join(path.read_text() for path in PAGES.glob("*.js"))
    page = (PAGES / "index.html").read_text()
    said = set(re.findall(r'say\("(\w+)"', scripts)) | set(re.findall(r'data-word="(\w+)"', page))
    named = set(re.findall(r'"(\w+)"', scripts)) | set(re.findall(r'data-word="(\w+)"', page))

    assert words["en"]["words"].keys() == words["zh"]["words"].keys()
    assert said <= words["en"]["words"].keys() <= said | named
    assert set(words["zh"]["classes"]) == set(VOC_CLASSES)


@needs_node
def test_typescript_finds_no_fault(tmp_path):
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(PINNED / name, tmp_path / name)
    fetched = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=tmp_path, capture_output=True, check=False)
    if fetched.returncode:
        pytest.skip(NPM_MISSING)
    options = {
        "allowJs": True,
        "checkJs": True,
        "noEmit": True,
        "strict": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022", "dom", "dom.iterable"],
        "types": [],
    }
    (tmp_path / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "include": [f"{PAGES}/*.js", f"{PAGES}/*.ts"]})
    )
    checked = subprocess.run(["npx", "tsc", "-p", "."], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@needs_node
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(2, 21),
    scores_hw=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    align_corners=st.booleans(),
    letterboxed=st.booleans(),
)
def test_labels_are_the_program_s_bit_for_bit(seed, classes, scores_hw, size, align_corners, letterboxed):
    random = np.random.default_rng(seed)
    # Few distinct values make ties, and smooth ones make long edges.
    scores = (random.integers(-4, 5, (classes, *scores_hw)) + 1e-3 * random.random((classes, *scores_hw))).astype("<f4")
    area = Area(0.125, 0.25, 0.75, 0.5) if letterboxed else Area(0, 0, 1, 1)
    expected = labels_at(scores, Size(*size), align_corners=align_corners, area=area)
    shape = {"classes": classes, "height": scores_hw[0], "width": scores_hw[1]}
    area_given = {"left": area.left, "top": area.top, "width": area.width, "height": area.height}
    script = f"""
        const {{ labelsAt }} = await import("./labels.js");
        const scores = {{ data: new Float32Array(inputs[0]), ...{json.dumps(shape)} }};
        const size = {{ width: {size[0]}, height: {size[1]} }};
        out(labelsAt(scores, size, {json.dumps({"alignCorners": align_corners})}, {json.dumps(area_given)}));
    """

    assert node(script, scores.tobytes()) == expected.tobytes()


@needs_node
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    cells=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    size=st.tuples(st.integers(1, 90), st.integers(1, 900)),
    sureness=st.sampled_from([0.02, 0.5, 20]),
    align_corners=st.booleans(),
    letterboxed=st.booleans(),
)
def test_cut_outs_are_as_opaque_as_the_program_s(seed, cells, size, sureness, align_corners, letterboxed):
    scores = (sureness * np.random.default_rng(seed).standard_normal((4, *cells))).astype("<f4")
    area = Area(0.125, 0.25, 0.75, 0.5) if letterboxed else Area(0, 0, 1, 1)
    labels = labels_at(scores, Size(*size), align_corners=align_corners, area=area)
    like = scored_as(np.zeros((*labels.shape, 3), np.uint8), labels)
    expected = opacity_of(replace(like, scores=scores, area=area, align_corners=align_corners), labels, (1, 3))
    shape = {"classes": 4, "height": cells[0], "width": cells[1]}
    area_given = {"left": area.left, "top": area.top, "width": area.width, "height": area.height}
    script = f"""
        const {{ opacityOf }} = await import("./painting.js");
        const scores = {{ data: new Float32Array(inputs[0]), ...{json.dumps(shape)} }};
        const size = {{ width: {size[0]}, height: {size[1]} }};
        const look = {{ colours: {{ 1: [255, 0, 0], 3: [0, 255, 0] }} }};
        const facts = {json.dumps({"alignCorners": align_corners})};
        out(opacityOf(scores, new Uint8Array(inputs[1]), size, look, facts, {json.dumps(area_given)}));
    """
    opacity = np.frombuffer(node(script, scores.tobytes(), labels.tobytes()), np.uint8).reshape(labels.shape)

    assert np.abs(opacity.astype(int) - expected).max() <= 1


@needs_node
@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("normalised", [False, True])
def test_the_tensor_is_the_program_s_but_for_rounding(fit, order, normalised):
    facts = InputFacts(
        order=order,
        fit=fit,
        mean=(123.0, 116.0, 103.0) if normalised else None,
        std=(58.0, 57.0, 56.0) if normalised else None,
    )
    random = np.random.default_rng(3)
    picture = random.integers(0, 256, (90, 160, 3), np.uint8)
    expected = blob_of(picture, Size(64, 48), facts)
    rgba = np.dstack([picture[..., ::-1], np.full((90, 160), 255, np.uint8)])
    script = f"""
        const {{ blobOf }} = await import("./blob.js");
        const facts = {facts.model_dump_json()};
        const size = {{ width: 160, height: 90 }};
        out(blobOf(new Uint8ClampedArray(inputs[0]), size, {{ width: 64, height: 48 }}, facts));
    """
    blob = np.frombuffer(node(script, rgba.tobytes()), "<f4").reshape(expected.shape)
    one_level = 1 / 56 if normalised else 1

    assert np.abs(blob - expected).max() <= one_level * 1.001
    assert np.abs(blob - expected).mean() <= 0.1 * one_level


@needs_node
def test_the_page_takes_the_sizes_that_the_program_takes(site):
    card = open_network(models_folder() / "deeplabv3_lite.onnx").card
    sizes = [Size(1280, 720), Size(640, 480), Size(400, 400), Size(720, 1280), Size(3000, 500), Size(1, 1)]
    script = f"""
        const {{ fittingSizes }} = await import("./engine.js");
        const facts = JSON.parse(new TextDecoder().decode(inputs[0]));
        const fitting = {json.dumps([size._asdict() for size in sizes])}.map((size) => fittingSizes(facts, size));
        out(new TextEncoder().encode(JSON.stringify(fitting)));
    """
    found = json.loads(node(script, (site / "site.json").read_bytes()))

    for size, fitting in zip(sizes, found, strict=True):
        assert [Size(each["width"], each["height"]) for each in fitting] == fitting_sizes(card.input_sizes, size)


@needs_node
@pytest.mark.parametrize(("ms", "width"), [(10, 512), (28, 512), (40, 432), (60, 336), (400, 336)])
def test_a_camera_gets_the_largest_size_that_is_fast_enough(ms, width):
    script = f"""
        const {{ liveSize }} = await import("./engine.js");
        const sizes = [[512, 288], [432, 240], [336, 192]].map(([width, height]) => ({{ width, height }}));
        out(new Int32Array([liveSize(sizes, sizes[2], {ms}).width]));
    """

    assert np.frombuffer(node(script), "<i4") == [width]
