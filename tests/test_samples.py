"""Real clips through the whole program: frames, times, sound, orientation and colours stay what they were."""

from pathlib import Path

import av
import numpy as np
import pytest

from deeplab_cv.cli import main
from deeplab_cv.sources.opening import open_source
from deeplab_cv.sources.options import SourceOptions
from tests.tiny_networks import tiny_network

SAMPLES = Path(__file__).parent.parent.parent / "shared" / "samples"
CLIPS = (
    "dog_person_720p_2997_aac.mp4",
    "people_chaplin_360p_25_mp3.mp4",
    "derived_dog_vfr_360p.mp4",
    "derived_dog_rotate90.mp4",
    "rotation90_3frames.mov",
)


def frames_of(path):
    with open_source(str(path), SourceOptions(), "video") as source:
        while (frame := source.read()) is not None:
            yield frame


def sound_of(path):
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return []
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize("name", CLIPS)
def test_a_real_clip_keeps_its_frames_times_sound_orientation_and_colours(tmp_path, monkeypatch, name):
    clip = SAMPLES / name
    if not clip.exists():
        pytest.skip("the sample clips are not beside the repository")
    network, out = tiny_network(tmp_path), tmp_path / "out.mp4"
    words = f"--model {network} --backend opencv --headless --alpha 0 --crf 18"

    code = main([*words.split(), "--video", str(clip), "--out", str(out)])

    pairs = list(zip(frames_of(clip), frames_of(out), strict=True))
    assert code == 0
    assert [after.time_s for _, after in pairs] == [before.time_s for before, _ in pairs]
    assert {after.size for _, after in pairs} == {before.size for before, _ in pairs}
    differences = [np.abs(before.image.astype(np.int16) - after.image).mean() for before, after in pairs[::20]]
    assert max(differences) < 2
    assert sound_of(out) == sound_of(clip)
