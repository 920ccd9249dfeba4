"""`app.py batch --ray` on two nodes of loopback, as docs/batch.md and docs/cluster.md tell of it.

    python benchmarks/batch.py make WORK            # pictures and clips
    python benchmarks/batch_ray.py WORK [--pictures 200] [--clips 4] [--turns 2]

`ray start` is called twice, for nodes of one processor each. Then: the job without Ray; with one actor and with two, in
turns, beside a job of one picture, which is what a start costs; a job whose actor is killed, and one whose second node
is (SIGKILL of all its processes). Each must have the outputs of the job without Ray.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from batch import APP, anonymous_mb, hashes_below, new, processes_below, some_files, timed

RAY = str(Path(sys.executable).with_name("ray"))
FORMS = ["--paint-files", "--masks"]
NOTED_FIRST = 20
"""So many files are done when something is killed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for inputs and outputs")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--turns", type=int, default=2)
    args = parser.parse_args()
    # Whoever has a token for another cluster has none for this one.
    os.environ |= {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    pictures = some_files(args.work, "pictures", args.pictures)
    inputs = [str(pictures), str(some_files(args.work, "clips", args.clips))]
    here, there = args.work / "here", args.work / "there"
    seconds, _ = timed([*APP, "batch", *inputs, "--to", new(here), "--part", "0", "--workers", "1", *FORMS])
    print(f"without Ray, one worker: {seconds:.1f} s")
    expected = hashes_below(here)
    with two_nodes() as (address, first, second):
        ray = ["--ray", address, *FORMS]
        for actors in [1, 2] * args.turns:
            words = [*ray, "--workers", str(actors), "--to"]
            one_s = timed([*APP, "batch", str(min(pictures.iterdir())), *words, new(args.work / "one")])[0]
            all_s = timed([*APP, "batch", *inputs, *words, new(there)])[0]
            equal = hashes_below(there) == expected
            print(f"actors: {actors}; {all_s:.1f} s, for one picture {one_s:.1f} s; outputs equal: {equal}")
        # Last of all, the node is not there any more.
        for what, kill in (
            ("an actor", lambda: kill_an_actor([first, second])),
            ("the second node", lambda: kill_node(second)),
        ):
            killed = disturbed([*APP, "batch", *inputs, *ray, "--to", new(there)], there / "done.jsonl", kill)
            lines = len((there / "done.jsonl").read_text().splitlines())
            equal = hashes_below(there) == expected
            print(f"{what} killed: {killed}; outputs equal: {equal}; files noted: {lines}", flush=True)


@contextmanager
def two_nodes() -> Iterator[tuple[str, int, int]]:
    """The address of a cluster, and the processes of its two nodes, which end with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        head = ["--head", "--port", str(port), "--temp-dir", folder, "--include-dashboard", "false"]
        try:
            head_s, _ = timed([RAY, "start", *head, "--num-cpus", "1"])
            (first,) = nodes_in(folder)
            node_s, _ = timed([RAY, "start", "--address", f"127.0.0.1:{port}", "--num-cpus", "1"])
            (second,) = set(nodes_in(folder)) - {first}
            memory_mb = sum(map(anonymous_mb, processes_with(folder)))
            print(f"`ray start` twice: {head_s:.1f} and {node_s:.1f} s, {memory_mb} MB in all", flush=True)
            yield f"127.0.0.1:{port}", first, second
        finally:
            # `ray stop` would stop every Ray of this machine.
            for number in processes_with(folder):
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)


def disturbed(command: list[str], records: Path, kill: Callable[[], bool]) -> bool:
    """Run a job, and in its midst kill something; whether that was there to be killed."""
    job, killed = subprocess.Popen(command, stdout=subprocess.DEVNULL), False
    while job.poll() is None:
        time.sleep(0.1)
        if not killed and records.exists() and records.read_bytes().count(b"\n") >= NOTED_FIRST:
            killed = kill()
    if job.returncode:
        sys.exit(f"the job ended with {job.returncode}")
    return killed


def kill_an_actor(nodes: list[int]) -> bool:
    """Kill one actor of these nodes, once there is one."""
    actors = [number for node in nodes for number in processes_below(node) if is_actor(number)]
    for number in actors[:1]:
        os.kill(number, signal.SIGKILL)
    return bool(actors)


def kill_node(node: int) -> bool:
    """Kill all processes of a node, once an actor is among them."""
    below = processes_below(node)
    if not any(map(is_actor, below)):
        return False
    for number in [node, *below]:
        os.kill(number, signal.SIGKILL)
    return True


def is_actor(number: int) -> bool:
    return command_of(number).startswith(b"ray::MapWorker")


def nodes_in(folder: str) -> list[int]:
    """The processes of Ray's nodes that a folder belongs to."""
    return [number for number in processes_with(folder) if command_of(number).split(b"\0")[0].endswith(b"/raylet")]


def processes_with(folder: str) -> list[int]:
    """The processes whose command names a folder, and all that they have started."""
    numbers = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    named = [number for number in numbers if folder.encode() in command_of(number)]
    return sorted({number for each in named for number in (each, *processes_below(each))})


def command_of(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    main()
