import io
import re

import av
import numpy as np
import pytest

from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.live_encoding import FRAGMENTED, LiveEncoder

SIZE = Size(64, 48)
COLOURS_BGR = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (30, 160, 90)]


def encoded(encoder, count=8, keys=(), gap_s=1 / 30):
    """Packets of pictures of one colour each."""
    packets = []
    for number in range(count):
        picture = np.full((*encoder.size.hw, 3), COLOURS_BGR[number % len(COLOURS_BGR)], np.uint8)
        packets.append(encoder.encode(Pixels(image=picture), number * gap_s, key=number in keys))
    return packets


def decoded_bgr(packets):
    """The pictures that a decoder gives for H.264 with start codes, one after another as packets come."""
    decoder = av.CodecContext.create("h264", "r")
    pictures = []
    for packet in packets:
        for frame in [each for part in decoder.parse(packet.data) for each in decoder.decode(part)]:
            pictures.append(frame.to_ndarray(format="bgr24"))
    for part in decoder.parse(b""):
        pictures += [frame.to_ndarray(format="bgr24") for frame in decoder.decode(part)]
    return pictures + [frame.to_ndarray(format="bgr24") for frame in decoder.decode(None)]


@pytest.mark.parametrize("size", [Size(640, 360), Size(1280, 720), Size(65, 49)], ids=str)
def test_each_picture_is_one_packet_in_the_picture_s_colours(size):
    packets = encoded(LiveEncoder(size))

    pictures = decoded_bgr(packets)

    assert len(packets) == len(pictures) == 8
    for picture, colour in zip(pictures, COLOURS_BGR * 2, strict=True):
        assert np.abs(picture.astype(int) - colour).max() < 12


def test_decoding_can_begin_at_any_key_frame():
    packets = encoded(LiveEncoder(Size(64, 48)), keys=(5,))

    assert [packet.key for packet in packets] == [True, *[False] * 4, True, False, False]
    assert len(decoded_bgr(packets[5:])) == 3


def test_a_decoder_need_not_wait_for_later_pictures():
    encoder = LiveEncoder(Size(320, 180))
    encoder.encode(Pixels(image=np.zeros((180, 320, 3), np.uint8)), 0.0, key=True)
    probe = av.open(io.BytesIO(encoded(LiveEncoder(Size(320, 180)), 1)[0].data), format="h264")

    assert probe.streams.video[0].codec_context.has_b_frames == 0


def test_head_and_fragments_are_an_mp4_of_the_same_pictures_at_their_times():
    encoder = LiveEncoder(Size(64, 48))
    packets = encoded(encoder, gap_s=0.04)
    file = encoder.head + b"".join(packet.fragment for packet in packets)

    with av.open(io.BytesIO(file)) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]

    # The fragment of each picture comes with the one after it.
    assert packets[0].fragment == b""
    assert times == pytest.approx([0.04 * number for number in range(7)], abs=0.001)


def test_times_rise_where_two_pictures_have_one():
    encoder = LiveEncoder(Size(64, 48))

    times = [packet.time_s for packet in encoded(encoder, 3, gap_s=0.0)]

    assert times == sorted(set(times))


def test_the_codec_has_the_name_that_browsers_know():
    assert re.fullmatch(r"avc1\.[0-9a-f]{6}", LiveEncoder(Size(1280, 720)).codec)


def test_an_encoder_is_closed_with_or_without_pictures():
    used, unused = LiveEncoder(Size(64, 48)), LiveEncoder(Size(64, 48))
    encoded(used, 2)

    used.close()
    unused.close()

    assert used.codec == unused.codec


@pytest.mark.parametrize(
    ("size", "time_s", "can"), [(SIZE, 21_600, True), (SIZE, 21_601, False), (Size(48, 64), 1, False)]
)
def test_who_asks_knows_whether_a_picture_can_follow(size, time_s, can):
    encoder = LiveEncoder(SIZE)
    picture = Pixels(image=np.zeros((*SIZE.hw, 3), np.uint8))
    encoder.encode(picture, 0.0, key=True)

    assert encoder.can_follow(size, time_s) == can
    if can:
        assert encoder.encode(picture, time_s, key=False).time_s == time_s
        assert encoder.encode(picture, 2 * time_s, key=False).fragment


def test_an_mp4_of_fragments_keeps_nothing_for_a_trailer():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options=FRAGMENTED) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame(*SIZE, "yuv420p")))
        container.mux(stream.encode(None))

    assert file.getvalue().count(b"moof") == 3
    assert b"mfra" not in file.getvalue()
