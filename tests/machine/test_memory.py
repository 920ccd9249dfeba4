import platform
import subprocess
import sys

import numpy as np
import pytest

from deeplab_cv.machine import memory
from deeplab_cv.machine.memory import free_memory, own_memory, spoiled_memory, total_memory


def test_memory_got_meanwhile_is_full_of_large_numbers():
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("only glibc fills all the memory it hands out")

    with spoiled_memory():
        fresh = [np.empty(size, np.float32) for size in (5_000, 50_000, 500_000)]

    assert all((values > 1e19).all() for values in fresh)
    assert all(np.isfinite(values.sum()) for values in fresh)


def test_memory_got_afterwards_is_left_alone():
    with spoiled_memory():
        pass

    assert not (np.empty(5_000_000, np.float32) > 1e19).all()


def test_an_error_inside_goes_through_and_ends_the_spoiling():
    with pytest.raises(KeyError), spoiled_memory():
        raise KeyError

    assert not (np.empty(5_000_000, np.float32) > 1e19).all()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_a_process_takes_is_more_once_it_takes_more():
    before = own_memory()
    held = bytearray(200_000_000)
    held[::4096] = b"x" * len(held[::4096])

    assert own_memory() - before > 190_000_000
    assert 0 < free_memory() < 2**60


POOLS = """
import ctypes, threading
from deeplab_cv.machine.memory import share_free_memory
{}
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
begun = threading.Barrier(9)
def take():
    libc.malloc(10_000)
    begun.wait()
    begun.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
begun.wait()
report = libc.fopen(b"/dev/stdout", b"w")
libc.malloc_info(0, ctypes.c_void_p(report))
libc.fclose(ctypes.c_void_p(report))
begun.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has pools")
def test_eight_threads_share_two_pools_of_memory():
    def pools(first):
        program = [sys.executable, "-c", POOLS.format(first)]
        return subprocess.run(program, capture_output=True, text=True, check=True).stdout.count("<heap nr=")

    assert (pools("share_free_memory()"), pools("") > 2) == (2, True)


@pytest.mark.parametrize(
    ("files", "free"),
    [
        (
            {"memory.max": "2000000", "memory.current": "1500000", "memory.stat": "a 9\ninactive_file 300000"},
            800_000,
        ),
        ({"memory.max": "2000000", "memory.current": "2500000", "memory.stat": ""}, 0),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_is_free_in_a_container_is_what_it_may_still_take(tmp_path, monkeypatch, files, free):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "_CGROUPS", ((str(tmp_path), "memory.max", "memory.current", "inactive_file"),))

    assert free_memory() == free
    assert total_memory() == 2_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_container_without_a_limit_has_what_the_machine_has(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("max")
    (tmp_path / "memory.current").write_text("1500000")
    monkeypatch.setattr(memory, "_CGROUPS", ((str(tmp_path), "memory.max", "memory.current", "inactive_file"),))

    assert free_memory() > 1_000_000
