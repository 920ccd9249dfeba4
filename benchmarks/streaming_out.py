"""Sends a stream to a real receiver, counts there what came, and kills the receiver again and again.

python benchmarks/streaming_out.py rtsp|rtmp [--node-modules FOLDER] [--kills 10] [--plays 8] [--seed 1]

`rtsp` is FFmpeg that listens. `rtmp` is node-media-server (npm install node-media-server, in FOLDER), from which
another FFmpeg reads; both need `ffmpeg` and nothing else of the program: a clip with sound is sent as a file is, at its
own pace, with nothing inferred. First the whole clip is sent, and counted at its end. Then the receiver is killed KILLS
times after it has had pictures for PLAYS seconds, stays away for some seconds and is started again; a row is written
for each. The last lines compare threads, open files and memory with those after the first picture.
"""

import argparse
import json
import logging
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from live_servers import is_listening
from reconnecting import free_port, print_change, state_of_process

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.frames.frame import Frame, Painted, SourceInfo
from deeplab_cv.frames.pixels import Pixels
from deeplab_cv.frames.size import Size
from deeplab_cv.sinks.stream_out import StreamOut

RATE, SECONDS, SIZE = 25, 20, Size(320, 180)
SOUND_RATE, SOUND_SECONDS = 48_000, 600
GUARD_S = 60.0
_COUNTED = re.compile(r"\((video|audio)\): \d+ packets read .*?; (\d+) frames decoded(?: \((\d+) samples\))?")


def picture(number: int) -> np.ndarray:
    made = np.full((*SIZE.hw, 3), 40, np.uint8)
    left = number * 7 % (SIZE.width - 40)
    made[40:120, left : left + 40] = (0, number % 256, 255)
    return made


def write_clip(path: Path) -> None:
    """Sound is taken from here; the pictures are sent from memory."""
    wave = np.sin(2 * np.pi * 440 * np.arange(SOUND_RATE) / SOUND_RATE).astype(np.float32) * 0.3
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=SOUND_RATE)
        for second in range(SOUND_SECONDS):
            frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = SOUND_RATE, Fraction(1, SOUND_RATE), second * SOUND_RATE
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))


class Receiver:
    """FFmpeg, and a server before it where the protocol needs one; what came is counted at FFmpeg's end."""

    def __init__(self, kind: str, node_modules: Path) -> None:
        self.port = free_port()
        self.url = f"{kind}://127.0.0.1:{self.port}/live" + ("/key" if kind == "rtmp" else "")
        self.frames, self.first_at = 0, 0.0
        self._server_words = [
            "node",
            str(node_modules / "node_modules/node-media-server/bin/app.js"),
            *("--bind", "127.0.0.1", "--rtmp-port", str(self.port), "--no-admin"),
            *(word for port in ("http", "https", "rtmps") for word in (f"--{port}-port", str(free_port()))),
        ]
        self._kind = kind
        self._processes: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        """Returns when it takes connections."""
        self.frames, self.first_at = 0, 0.0
        if self._kind == "rtmp":
            self._run(self._server_words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._wait_until_it_listens()
        how = ["-rtsp_flags", "listen"] if self._kind == "rtsp" else ["-rw_timeout", "45000000"]
        words = ["ffmpeg", "-loglevel", "verbose", "-nostdin", "-analyzeduration", "500000", *how, "-i", self.url]
        words += ["-map", "0", "-stats_period", "0.1", "-progress", "pipe:1", "-f", "null", "-"]
        reader = self._run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._said: list[str] = []
        threading.Thread(target=self._count, args=(reader,), daemon=True).start()
        self._listening = threading.Thread(target=self._keep, args=(reader,), daemon=True)
        self._listening.start()
        if self._kind == "rtsp":
            self._wait_until_it_listens()

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()

    def counted(self) -> dict[str, float]:
        """Once the stream has ended: pictures, and seconds of sound, that were decoded."""
        if self._kind == "rtmp":
            # The server goes on without a stream, and whoever plays from it does not end.
            self._wait_until_no_more_come()
            self._interrupt(self._processes[-1])
        self._processes[-1].wait(GUARD_S)
        self._listening.join(GUARD_S)
        found = {
            kind: (int(frames), int(samples or 0)) for kind, frames, samples in _COUNTED.findall("".join(self._said))
        }
        return {"pictures": found["video"][0], "sound_s": round(found["audio"][1] / 44_100, 2)}

    def _interrupt(self, reader: "subprocess.Popen[str]") -> None:
        """FFmpeg leaves a read that waits for a picture at the second time that it is asked to end."""
        for _ in range(2):
            reader.send_signal(signal.SIGINT)
            time.sleep(1)

    def _wait_until_no_more_come(self) -> None:
        seen = -1
        while seen != self.frames:
            seen = self.frames
            time.sleep(5)

    def _run(self, words: list[str], **pipes: int) -> "subprocess.Popen[str]":
        self._processes.append(subprocess.Popen(words, text=True, **pipes))
        return self._processes[-1]

    def _count(self, reader: "subprocess.Popen[str]") -> None:
        assert reader.stdout is not None
        for line in reader.stdout:
            if line.startswith("frame=") and int(line[6:]):
                self.frames = int(line[6:])
                self.first_at = self.first_at or time.monotonic()

    def _keep(self, reader: "subprocess.Popen[str]") -> None:
        assert reader.stderr is not None
        self._said.extend(reader.stderr)

    def _wait_until_it_listens(self) -> None:
        while not is_listening(self.port):
            if any(process.poll() is not None for process in self._processes):
                sys.exit("the receiver does not start")
            time.sleep(0.02)


class Sending:
    """Writes a clip's pictures into a sink, in a thread of its own, as a run does."""

    def __init__(self, sink: StreamOut, frames: int | None = None) -> None:
        self.written = 0
        self._sink, self._frames = sink, frames
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while not self._stop.is_set() and self.written != self._frames:
            pixels = Pixels(image=picture(self.written))
            frame = Frame(pixels, self.written, self.written, Fraction(1, RATE), time.monotonic())
            self._sink.write(Painted(frame, np.zeros(SIZE.hw, np.uint8), pixels, VOC_CLASSES))
            self.written += 1

    def end(self) -> float:
        """Seconds until nothing of it runs any more."""
        if self._frames is None:
            self._stop.set()
            self._sink.hurry()
        self._thread.join()
        began = time.monotonic()
        print(self._sink.finish() if self._frames is not None else self._sink.abandon(), flush=True)
        return time.monotonic() - began


def info(clip: Path) -> SourceInfo:
    return SourceInfo(
        clip.name,
        SIZE,
        frame_rate=Fraction(RATE),
        frame_count=None,
        live=False,
        time_base=Fraction(1, RATE),
        path=clip,
        tracks=True,
    )


def wait_for_pictures(receiver: Receiver) -> float:
    began = time.monotonic()
    while not receiver.first_at:
        if time.monotonic() - began > GUARD_S:
            sys.exit(f"no picture for {GUARD_S:.0f} s")
        time.sleep(0.005)
    return receiver.first_at


def kill_and_wait(receiver: Receiver, plays_s: float, away_s: float) -> dict[str, float]:
    time.sleep(plays_s)
    had = receiver.frames
    receiver.kill()
    time.sleep(away_s)
    receiver.start()
    listening_at = time.monotonic()
    back_at = wait_for_pictures(receiver)
    return {
        "pictures_before": had,
        "away_s": round(away_s, 1),
        "back_after_s": round(back_at - listening_at, 2),
        **{name: round(value, 1) for name, value in state_of_process().items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["rtsp", "rtmp"])
    parser.add_argument("--node-modules", type=Path, default=Path())
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--plays", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chance = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip)
        receiver = Receiver(wanted.kind, wanted.node_modules)
        receiver.start()
        Sending(StreamOut(receiver.url, info(clip)), RATE * SECONDS).end()
        print(
            f"{RATE * SECONDS} pictures and {SECONDS} s of sound were sent; received: {receiver.counted()}", flush=True
        )
        receiver.kill()
        receiver.start()
        sending = Sending(StreamOut(receiver.url, info(clip)))
        wait_for_pictures(receiver)
        first = state_of_process()
        for _ in range(wanted.kills):
            row = kill_and_wait(receiver, wanted.plays, chance.uniform(1, 6))
            print(json.dumps(row), flush=True)
        last = state_of_process()
        print(f"ended in {sending.end():.2f} s")
        receiver.kill()
    print_change(first, last)


if __name__ == "__main__":
    main()
