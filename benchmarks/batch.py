"""What docs/batch.md says of `app.py batch`, measured: rates, memory, kills, parts.

    python benchmarks/batch.py make WORK                # 2,000 pictures and 20 clips out of samples/demo.mp4
    python benchmarks/batch.py rate WORK                # beside --image FOLDER in one process and a loop of single runs
    python benchmarks/batch.py kill WORK --kills 10     # kill -9 of the whole tree at random moments
    python benchmarks/batch.py parts WORK               # two minutes in four parts beside one run

Rates are measured in turns, since other programs may be at work: what counts is the ratio, and the processor's time.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import av
import cv2

ROOT = Path(__file__).parent.parent
APP = [sys.executable, str(ROOT / "app.py")]
SIZE = (640, 360)
PICTURES, CLIPS, CLIP_FRAMES = 2000, 20, 75


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "rate", "kill", "parts"])
    parser.add_argument("work", type=Path, help="folder for inputs and outputs")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="how many of the pictures are taken")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    globals()[f"run_{args.what}"](args)


def run_make(args: argparse.Namespace) -> None:
    """Frames of the demo clip, each cut out elsewhere, as JPEG; and clips of three seconds, one of two minutes."""
    pictures, clips = args.work / "pictures", args.work / "clips"
    pictures.mkdir(parents=True, exist_ok=True)
    clips.mkdir(exist_ok=True)
    with av.open(str(ROOT / "samples" / "demo.mp4")) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    chance = random.Random(args.seed)
    for number in range(PICTURES):
        frame = frames[number % len(frames)]
        left, top = (chance.randrange(max(1, frame.shape[1 - axis] // 4)) for axis in (0, 1))
        cv2.imwrite(str(pictures / f"{number:04d}.jpg"), cv2.resize(frame[top:, left:], SIZE))
    for number in range(CLIPS):
        begin = chance.randrange(len(frames))
        _write_clip(clips / f"{number:02d}.mp4", [frames[(begin + i) % len(frames)] for i in range(CLIP_FRAMES)])
    _write_clip(args.work / "two-minutes.mp4", (frames[i % len(frames)] for i in range(3000)))


def _write_clip(path: Path, frames) -> None:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "superfast", "g": "50"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        sound = container.add_stream("aac", rate=16000, layout="mono")
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(cv2.resize(frame, SIZE), format="bgr24")
            picture.pts = number
            container.mux(video.encode(picture))
            tone = (3000 * cv2.getGaussianKernel(640, 100).T * (number % 7)).astype("int16")
            heard = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            heard.sample_rate = 16000
            container.mux(sound.encode(heard))
        container.mux(video.encode())
        container.mux(sound.encode())


def run_rate(args: argparse.Namespace) -> None:
    """Masks of the same pictures in one process and in a batch, in turns; then of clips, and single runs in a loop."""
    some = some_files(args.work, "pictures", args.pictures)
    out = args.work / "rate"
    for turn in range(2):
        _say(
            "one process, --image",
            timed([*APP, "--image", str(some), "--masks", new(out / "one"), "--headless"]),
            args,
        )
        memory, figures = _watched([*APP, "batch", str(some), "--to", new(out / "batch"), "--masks"])
        _say("batch, pictures", figures, args)
        print(f"  memory of the workers in MB, at a fifth of the time and at the end: {memory}")
        if turn == 0:
            single = [str(path) for path in sorted(some.iterdir())[:5]]
            seconds = [timed([*APP, "--image", path, "--masks", new(out / "x"), "--headless"])[0] for path in single]
            print(f"a loop of single runs: {len(seconds) / sum(seconds):.2f} pictures/s, its start paid each time")
    clips = sorted((args.work / "clips").iterdir())
    figures = [timed([*APP, "--video", str(clip), "--out", str(out / "x.mp4"), "--headless"]) for clip in clips[:6]]
    seconds, processor = (sum(each) for each in zip(*figures, strict=True))
    print(f"a loop over clips: {6 / seconds:.2f} clips/s, {processor / 6:.2f} s of processor each")
    seconds, processor = timed([*APP, "batch", str(args.work / "clips"), "--to", new(out / "clips")])
    print(f"batch, clips: {CLIPS / seconds:.2f} clips/s, {processor / CLIPS:.2f} s of processor each")


def _say(what: str, figures: tuple[float, float], args: argparse.Namespace) -> None:
    seconds, processor = figures
    ms = 1000 * processor / args.pictures
    floor = os.cpu_count() * args.pictures / processor
    print(
        f"{what}: {args.pictures / seconds:.1f}/s, {ms:.1f} ms of processor each, which is {floor:.1f}/s on all cores"
    )


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds on the clock, and of the processor with all children."""
    before, begin = _processor_s(), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begin, _processor_s() - before


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watched(command: list[str]) -> tuple[tuple[int, int], tuple[float, float]]:
    """The memory of all children early and late, and what `_timed` gives."""
    samples: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            samples.append(sum(anonymous_mb(number) for number in processes_below(os.getpid())))

    thread = threading.Thread(target=watch)
    thread.start()
    figures = timed(command)
    over.set()
    thread.join()
    return (samples[len(samples) // 5], samples[-2]), figures


def processes_below(parent: int) -> list[int]:
    """The numbers of all processes that a process has started, and theirs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found += [int(folder.name), *processes_below(int(folder.name))]
        except (OSError, ValueError):
            continue
    return found


def anonymous_mb(number: int) -> int:
    """The memory that a process has for itself, in MB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024


def some_files(work: Path, kind: str, count: int) -> Path:
    """A folder with the first so many of the pictures or the clips."""
    folder = Path(new(work / f"some-{kind}"))
    folder.mkdir()
    for path in sorted((work / kind).iterdir())[:count]:
        (folder / path.name).hardlink_to(path)
    return folder


def new(folder: Path) -> str:
    """A folder that is not there (any more)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return str(folder)


def run_kill(args: argparse.Namespace) -> None:
    """The same job undisturbed and killed again and again: equal outputs, and each file noted once."""
    inputs = [str(some_files(args.work, "pictures", args.pictures)), str(args.work / "clips")]
    words = ["--paint-files", "--masks", "--to"]
    begin = time.monotonic()
    subprocess.run([*APP, "batch", *inputs, *words, new(args.work / "undisturbed")], check=True)
    lasts = time.monotonic() - begin
    command = [*APP, "batch", *inputs, *words, new(args.work / "killed")]
    chance, killed = random.Random(args.seed), 0
    while killed < args.kills:
        process = subprocess.Popen(
            command, start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            process.wait(chance.uniform(0.3, 2 * lasts / args.kills))
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
    subprocess.run(command, check=True)
    one, other = hashes_below(args.work / "undisturbed"), hashes_below(args.work / "killed")
    lines = (args.work / "killed" / "done.jsonl").read_text().splitlines()
    noted = Counter(json.loads(line)["input"] for line in lines)
    twice = sum(count > 1 for count in noted.values())
    print(f"{killed} kills: {len(one)} outputs, equal: {one == other}; files noted more than once: {twice}")


def hashes_below(folder: Path) -> dict[str, str]:
    """Each output below a job's folder with its hash."""
    files = [path for form in ("painted", "masks", "stats") for path in (folder / form).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run_parts(args: argparse.Namespace) -> None:
    """The two-minute clip in four parts and in one: frames, times, sound, labels; and how long each took."""
    clip = str(args.work / "two-minutes.mp4")
    for smooth in ("0", "0.6"):
        folders = {}
        for name, part in (("one", "0"), ("parts", "30")):
            words = ["--masks", "--paint-files", "--smooth", smooth, "--part", part]
            folders[name] = args.work / f"two-minutes-{name}-{smooth}"
            seconds, _ = timed([*APP, "batch", clip, "--to", new(folders[name]), *words])
            print(f"--smooth {smooth}, {name}: {seconds:.1f} s")
        painted = [_streams(folder / "painted" / "two-minutes.mp4") for folder in folders.values()]
        masks = [sorted((folder / "masks" / "two-minutes").iterdir()) for folder in folders.values()]
        same = [(cv2.imread(str(a), 0) == cv2.imread(str(b), 0)).mean() for a, b in zip(*masks, strict=True)]
        equal = painted[0] == painted[1]
        print(f"  {len(same)} frames, times and sound equal: {equal}, labels equal: {sum(same) / len(same):.6f}")


def _streams(path: Path) -> dict[str, tuple[list[int], str]]:
    found = {}
    with av.open(str(path)) as container:
        for stream in container.streams:
            container.seek(0)
            packets = [packet for packet in container.demux(stream) if packet.size]
            data = b"".join(map(bytes, packets)) if stream.type == "audio" else b""
            found[stream.type] = (sorted(packet.pts for packet in packets), hashlib.sha256(data).hexdigest())
    return found


if __name__ == "__main__":
    main()
