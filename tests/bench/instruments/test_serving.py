import socket
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np

from deeplab_cv.bench.instruments.serving import serve, served
from tests.sources.clips import write_scenes
from tests.waiting import HANGS_S


def test_a_clip_is_served_at_its_own_rate_and_begins_again(tmp_path):
    clip = write_scenes(tmp_path / "clip.mp4", 10)

    with served(clip, seconds=2) as url, av.open(url, timeout=HANGS_S) as container:
        times_s = [float(frame.time) for frame in container.decode(video=0)]

    # B-frames are sent before their time.
    assert 48 <= len(times_s) <= 55
    assert np.allclose(np.diff(times_s), 1 / 25, atol=1e-4)


def test_serving_ends_when_its_client_goes(tmp_path):
    clip = write_scenes(tmp_path / "clip.mp4", 25)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        client = socket.create_connection(listener.getsockname())
        ended = pool.submit(serve, listener, clip, 60)
        client.recv(1000)
        client.close()

        assert ended.result(timeout=HANGS_S) is None
