"""The whole program: words in, files out, one line where something is wrong."""

import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from deeplab_cv.cli import main
from tests.tiny_networks import network as network
from tests.tiny_networks import tiny_network
from tests.waiting import HANGS_S

ROOT = Path(__file__).parent.parent
FRAMES = 24


@pytest.fixture
def clip(tmp_path):
    """A grey clip with a red square, 30000/1001 frames a second."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(30000, 1001))
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for index in range(FRAMES):
            image = np.full((96, 160, 3), 128, np.uint8)
            image[32:64, 2 * index + 32 : 2 * index + 64] = (0, 0, 255)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1001, 30000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def picture(tmp_path):
    """Half red, half blue."""
    path = tmp_path / "half.png"
    image = np.zeros((128, 128, 3), np.uint8)
    image[:, :64], image[:, 64:] = (0, 0, 255), (255, 0, 0)
    cv2.imwrite(str(path), image)
    return path


def run(network, *words):
    return main(["--model", str(network), "--backend", "opencv", "--headless", *map(str, words)])


def frames_of(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def test_a_clip_comes_out_painted_with_its_frames_and_times(network, clip, tmp_path):
    out = tmp_path / "out.mp4"

    assert run(network, "--video", clip, "--out", out, "--style", "mask") == 0

    before, after = frames_of(clip), frames_of(out)
    assert [time for time, _ in after] == [time for time, _ in before]
    middle = after[10][1][44:52, 64:72].reshape(-1, 3).mean(axis=0)
    assert middle == pytest.approx((0, 0, 255), abs=25)
    assert after[10][1][:20].mean() < 10


def test_masks_hold_the_class_numbers_at_frame_size(network, clip, tmp_path):
    assert run(network, "--video", clip, "--masks", tmp_path / "masks") == 0

    masks = sorted((tmp_path / "masks").iterdir())
    mask = np.asarray(Image.open(masks[10]))
    assert len(masks) == FRAMES
    assert mask.shape == (96, 160)
    assert mask[48, 68] == 15
    assert mask[5, 5] == 0


def test_statistics_have_a_row_for_each_frame(network, clip, tmp_path):
    assert run(network, "--video", clip, "--stats", tmp_path / "area.csv") == 0

    rows = (tmp_path / "area.csv").read_text().strip().splitlines()
    assert len(rows) == FRAMES + 1
    assert "person" in rows[0]


def test_a_picture_comes_out_painted(network, picture, tmp_path):
    out = tmp_path / "seg.png"

    assert run(network, "--image", picture, "--out", out, "--style", "mask") == 0

    painted = cv2.imread(str(out))
    assert painted[64, 20].tolist() == [0, 0, 255]
    assert painted[64, 108].tolist() == [255, 0, 0]


def test_every_engine_gives_the_same_mask(network, picture, tmp_path):
    masks = []
    for engine in ("opencv", "onnxruntime", "openvino"):
        folder = tmp_path / engine
        assert (
            main([*f"--model {network} --image {picture} --headless --backend {engine} --masks {folder}".split()]) == 0
        )
        masks.append(np.asarray(Image.open(next(folder.iterdir()))))

    assert (masks[0] == masks[1]).mean() >= 0.999
    assert (masks[0] == masks[2]).mean() >= 0.999


def damaged(folder, kind, clip):
    path = folder / f"{kind}.mp4"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("this is no video\n" * 50)
    elif kind == "truncated":
        path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    return path


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "truncated"])
def test_a_video_that_cannot_be_read_is_one_line_and_leaves_nothing(network, clip, tmp_path, capsys, kind):
    out = tmp_path / "out.mp4"
    video = damaged(tmp_path, kind, clip)

    code = run(network, "--video", video, "--out", out)

    lines = capsys.readouterr().err.strip().splitlines()
    assert code == 1
    assert len([line for line in lines if line.startswith("error: ")]) == 1
    assert video.name in lines[-1]
    assert not out.exists()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (20000, 30), (30, 20000)])
def test_a_picture_of_any_shape_is_segmented(network, tmp_path, width, height):
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), np.full((height, width, 3), (0, 0, 255), np.uint8))

    assert run(network, "--image", path, "--out", tmp_path / "seg.png", "--style", "mask") == 0

    painted = cv2.imread(str(tmp_path / "seg.png"))
    assert painted.shape == (height, width, 3)
    assert (painted == (0, 0, 255)).all()


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        ("--video gone.mp4 --out out.mp4", 1, "gone.mp4"),
        ("--image CLIP.txt --out out.png", 1, "CLIP.txt"),
        ("--video CLIP --out CLIP", 2, "CLIP"),
        ("--video CLIP --out gone/out.mp4", 1, "gone"),
        ("--video CLIP --out out.xyz", 2, "out.xyz"),
        ("--video CLIP --out out.mp4 --paint unicorn", 2, "unicorn"),
        ("--video CLIP --out out.mp4 --alpha 7", 2, "--alpha"),
        ("--video CLIP --out out.mp4 --backend abacus", 2, "abacus"),
        ("--video CLIP --out out.mp4 --backend onnxruntime:cuda", 1, "cuda"),
        ("--video CLIP --out out.mp4 --backend opencv:cuda", 1, "cuda"),
        ("--video CLIP --out out.mp4 --model half.onnx", 1, "half.onnx"),
        ("--video CLIP --out out.mp4 --model other.onnx", 1, "other.onnx"),
        ("--video CLIP", 2, "--out"),
        ("--out out.mp4", 2, "--demo"),
        ("--video CLIP --demo --out out.mp4", 2, "several sources do not fit into one output"),
        ("--camera 99 --retry 0 --out out.mp4", 1, "99"),
    ],
)
def test_wrong_use_is_one_line_with_an_exit_code_and_leaves_nothing(
    network, clip, tmp_path, monkeypatch, capfd, words, code, part
):
    monkeypatch.chdir(tmp_path)
    half = tmp_path / "half.onnx"
    half.write_bytes(network.read_bytes()[:200])
    other = tiny_network(tmp_path, "other")
    other.write_bytes(other.read_bytes() + b"x")
    (tmp_path / "CLIP.txt").write_text("no picture")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    named = ["--model", str(network)] if "--model" not in words else []

    returned = main(
        [
            *named,
            "--headless",
            *words.replace("CLIP.txt", "no.txt").replace("CLIP", "clip.mp4").replace("no.txt", "CLIP.txt").split(),
        ]
    )

    error = capfd.readouterr().err.strip()
    assert returned == code
    assert error.startswith("error: ")
    assert "\n" not in error
    assert part.replace("CLIP", "clip.mp4").replace("clip.mp4.txt", "CLIP.txt") in error
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_an_existing_output_survives_a_failed_run(network, clip, tmp_path):
    out = tmp_path / "out.mp4"
    out.write_bytes(b"precious")
    truncated = damaged(tmp_path, "truncated", clip)

    assert run(network, "--video", truncated, "--out", out) == 1

    assert out.read_bytes() == b"precious"


@pytest.mark.parametrize("bytes_written", [1, 100_000], ids=["at the first bytes", "further on"])
def test_ctrl_c_while_frames_flow_makes_the_live_output_whole_and_leaves_nothing_else(network, tmp_path, bytes_written):
    folder = tmp_path / "out"
    folder.mkdir()
    words = [sys.executable, str(ROOT / "app.py"), "--model", str(network), "--pattern", "--headless"]
    process = subprocess.Popen(
        [*words, "--backend", "opencv", "--out", str(folder / "out.mp4")], stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        while sum(path.stat().st_size for path in folder.glob(".out.*")) < bytes_written:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=HANGS_S)
    finally:
        process.kill()

    assert process.returncode == 130
    assert "Traceback" not in error
    assert [path.name for path in folder.iterdir()] == ["out.mp4"]
    assert frames_of(folder / "out.mp4")
