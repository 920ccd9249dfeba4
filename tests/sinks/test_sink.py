from pathlib import Path

import pytest

from deeplab_cv.sinks.sink import Written, in_words

OUT = Path("out.mp4")


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (Written(OUT, 289, "sound copied"), "out.mp4: 289 frames, sound copied"),
        (Written(OUT, 10, whole=False), "out.mp4: the first 10 frames"),
        (Written(OUT, 1), "out.mp4: written"),
        (Written(OUT, 1, whole=False), "out.mp4: the first frame"),
        (Written("rtmp://host/live/...", 9, "1 reconnect"), "rtmp://host/live/...: 9 frames, 1 reconnect"),
        (Written("udp://host:1", 0, "nothing was sent (refused)"), "udp://host:1: nothing was sent (refused)"),
        (Written(OUT, 0), "out.mp4: not written, no frame came"),
    ],
)
def test_what_was_written_is_said_in_one_line(written, line):
    assert in_words(written) == line
