"""Makes samples/demo.mp4: 10 s of people and sheep, 1280x720, 30000/1001 frames a second, with a soft chord.

Needs `pip install av numpy opencv-python scikit-image`. The photographs lie in scikit-image's wheel and are public
domain or CC0 (samples/README.md names them); sky, stars, hill, sheep and sound are drawn here. The same script
with the same package versions gives the same frames.

    python samples/make_demo.py [OUT.mp4]
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from demo_layers import ASTRONAUT_OUTLINE, Image, cut_out, hill, inside, morning_sky, photograph, sheep, stars
from numpy.typing import NDArray

Matrix = NDArray[np.float64]  # 3x3, points of one plane to points of another

WIDTH, HEIGHT, FRAMES, RATE = 1280, 720, 300, Fraction(30000, 1001)
SOUND_RATE = 48000
SKY_WASH, MEADOW_WASH = np.array([1.02, 0.98, 0.94]), np.array([0.62, 1.02, 0.86])  # BGR, for a grey photograph


def placed(centre_xy: tuple[float, float], scale: float, degrees: float, at_xy: tuple[float, float]) -> Matrix:
    """The move that turns and scales around `centre_xy` and brings that point to `at_xy`."""
    move = cv2.getRotationMatrix2D(centre_xy, degrees, scale)
    move[:, 2] += np.subtract(at_xy, centre_xy)
    return np.vstack([move, [0, 0, 1]])


def paint(frame: Image, layer: Image, move: Matrix) -> Image:
    """The frame with the layer laid over it, sampled between pixels so that slow moves do not jump."""
    border = cv2.BORDER_REFLECT if layer.shape[2] == 3 else cv2.BORDER_CONSTANT
    warped = cv2.warpAffine(layer, move[:2], (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=border)
    return warped if layer.shape[2] == 3 else warped[..., :3] + frame * (1 - warped[..., 3:])


def eased(seconds: float, start: float, end: float) -> float:
    """0 before start, 1 after end, and between them a rise without a jolt."""
    share = min(max((seconds - start) / (end - start), 0.0), 1.0)
    return share * share * (3 - 2 * share)


class Scenes:
    """The three scenes of the clip; every layer is drawn once, each frame only moves it."""

    def __init__(self) -> None:
        self.blank = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.stars, self.sky, self.hill = stars(), morning_sky(), hill()
        self.looking, self.grazing = sheep((81, 36), 50), sheep((82, 60), 70)
        person = cut_out(photograph("astronaut.png"), inside(ASTRONAUT_OUTLINE, (512, 512)))
        self.astronaut = cv2.resize(person, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        grey = cv2.copyMakeBorder(photograph("camera.png"), 0, 0, 0, 90, cv2.BORDER_REFLECT)
        meadow = np.clip((np.arange(512) - 230) / 12, 0, 1)[:, None, None]  # the horizon lies at 236
        washed = grey * ((1 - meadow) * SKY_WASH + meadow * MEADOW_WASH)
        self.field = cv2.resize(washed.astype(np.float32), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).clip(0, 255)

    def astronaut_in_the_stars(self, seconds: float) -> Image:
        """From the face out to the whole astronaut while the stars turn slowly."""
        near = 1 - eased(seconds, 0.3, 4.0)
        frame = paint(self.blank, self.stars, placed((850, 500), 1.0 + 0.25 * near, 4 * near - 2, (640, 360)))
        at_xy = (500 + 60 * near, 250 + 90 * near)
        return paint(frame, self.astronaut, placed((450, 330), 0.82 + 0.75 * near, 2 - 6 * near, at_xy))

    def cameraman_on_the_field(self, seconds: float) -> Image:
        """The cameraman at his tripod, the view drifting along his lens."""
        along = eased(seconds, 3.5, 7.0)
        view = placed((480 + 120 * along, 420 + 40 * along), 1.4 - 0.25 * along, 1.5 - 3 * along, (640, 360))
        return paint(self.blank, self.field, view)

    def everybody_on_the_hill(self, seconds: float) -> Image:
        """A hill with the astronaut behind it and the sheep upon it."""
        over = eased(seconds, 6.8, 10.0)
        view = placed((640 + 60 * over, 360), 1.12 - 0.12 * over, 2 * over - 1, (640, 360))
        frame = paint(self.blank, self.sky, view @ placed((850, 500), 1.0, 0, (640 - 60 * over, 300)))
        frame = paint(frame, self.astronaut, view @ placed((450, 330), 0.55, 0, (1030 - 30 * over, 212)))
        frame = paint(frame, self.hill, view @ placed((900, 300), 1.0, 0, (680, 650)))
        rock = 1.2 * np.sin(2 * np.pi * seconds / 3.1)
        frame = paint(frame, self.looking, view @ placed((230, 390), 0.85, -rock, (690 + 25 * over, 500)))
        return paint(frame, self.grazing, view @ placed((230, 390), 1.25, rock, (350 + 20 * over, 655)))

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        """The clip at one moment, scenes dissolving into each other: uint8 (720, 1280, 3), BGR."""
        second, third = eased(seconds, 3.5, 3.9), eased(seconds, 6.6, 7.0)
        weighted = (
            (self.astronaut_in_the_stars, 1 - second),
            (self.cameraman_on_the_field, second - third),
            (self.everybody_on_the_hill, third),
        )
        mixed = sum((weight * scene(seconds) for scene, weight in weighted if weight > 0), self.blank)
        return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def chord() -> NDArray[np.float32]:
    """A quiet pad, one chord a scene, faded at both ends: float32 (2, samples), -1..1."""
    seconds = np.arange(int(FRAMES / RATE * SOUND_RATE)) / SOUND_RATE
    sound = np.zeros((2, seconds.size))
    scenes = ((-1.0, 4.0, (48, 55, 64, 71)), (3.4, 7.2, (45, 57, 60, 67)), (6.6, 12.0, (41, 53, 60, 69)))
    for start, end, notes in scenes:
        swell = np.clip((seconds - start) / 1.2, 0, 1) * np.clip((end - seconds) / 1.2, 0, 1)
        for number, note in enumerate(notes):
            hertz = 440 * 2 ** ((note - 69) / 12)
            for ear, detune in enumerate((-0.4, 0.4)):
                phase = 2 * np.pi * (hertz + detune) * seconds + number
                sound[ear] += 0.035 * swell**2 * (np.sin(phase) + 0.25 * np.sin(2 * phase))
    fade = np.clip(seconds / 1.0, 0, 1) * np.clip((seconds[-1] - seconds) / 1.5, 0, 1)
    return np.asarray(sound * fade, np.float32)


def write(path: Path) -> None:
    """Encodes picture (H.264, BT.709, limited range) and sound (AAC) to an mp4 that plays before it is whole."""
    scenes = Scenes()
    partial = path.with_name(path.stem + ".partial.mp4")
    with av.open(str(partial), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=RATE, options={"crf": "23", "preset": "slow"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        tags = video.codec_context
        tags.colorspace, tags.color_range = Colorspace.ITU709, ColorRange.MPEG
        tags.color_primaries, tags.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        audio = container.add_stream("aac", rate=SOUND_RATE, layout="stereo", bit_rate=96_000)
        for index in range(FRAMES):
            picture = av.VideoFrame.from_ndarray(scenes.frame(float(index / RATE)), format="bgr24")
            picture = picture.reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            picture.pts, picture.time_base = index, 1 / RATE
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(chord(), format="fltp", layout="stereo")
        sound.sample_rate, sound.pts, sound.time_base = SOUND_RATE, 0, Fraction(1, SOUND_RATE)
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    partial.replace(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("demo.mp4"))
