"""The same work on two Ray nodes of this machine."""

import os
import socket
import threading
from pathlib import Path

import pytest

from deeplab_cv.batch import on_ray
from deeplab_cv.batch.job import BatchJob
from deeplab_cv.batch.on_ray import parse_resources
from deeplab_cv.batch.run_options import OnRay, RunOptions
from deeplab_cv.errors import UsageError
from tests.batch.fake_decoder import FakeActor
from tests.batch.jobs import GREEN, clip, hashes_below, picture, plan_for, run_job

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def cluster():
    """Two nodes on loopback, each with one processor."""
    pytest.importorskip("ray", reason="requirements-ray.txt is not installed")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patched.setenv("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
        patched.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        yield cluster
        cluster.shutdown()


def on_cluster(cluster, plan, words, actor=on_ray.Actor, each=lambda record: None):
    """Run a job on the cluster; its records by the names of their files, and the summary."""
    wishes = RunOptions(ray=OnRay(cluster.address, {"num_cpus": 1.0}, actor=actor))
    records = {}
    with BatchJob(plan, [str(word) for word in words], wishes) as job:
        for record in job.run(threading.Event()):
            records[Path(record.input).name] = record
            each(record)
        return records, job.summary


def test_two_nodes_give_the_outputs_of_one_machine(cluster, network, tmp_path):
    for number in range(6):
        picture(tmp_path / "in" / f"{number}.png", (40 * number, 0, 255))
    clip(tmp_path / "in" / "clip.mp4")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    forms = ("painted", "masks")
    run_job(plan_for(network, tmp_path / "here", forms=forms, part_s=0), [tmp_path / "in"])

    _, summary = on_cluster(cluster, plan_for(network, tmp_path / "there", forms=forms, part_s=0), [tmp_path / "in"])
    again, _ = run_job(plan_for(network, tmp_path / "there", forms=forms, part_s=0), [tmp_path / "in"])

    assert (summary["whole"], summary["failed"]) == (7, 1)
    assert hashes_below(tmp_path / "there") == hashes_below(tmp_path / "here")
    assert again == {}


def test_a_lost_actor_costs_nothing_and_a_file_that_ends_two_is_set_aside(cluster, network, tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        picture(tmp_path / "in" / name, GREEN)
    once = tmp_path / "in" / "once.png"
    picture(once)
    once.write_bytes(b"crash once" + once.read_bytes())
    (tmp_path / "in" / "always.png").write_bytes(b"crash")

    plan = plan_for(network, tmp_path / "out", part_s=0)
    records, summary = on_cluster(cluster, plan, [tmp_path / "in"], actor=FakeActor)

    assert {name for name, record in records.items() if record.failed} == {"always.png"}
    assert records["always.png"].stage == "worker"
    assert (summary["whole"], summary["failed"]) == (4, 1)


def test_a_node_that_stops_in_the_midst_costs_nothing(cluster, network, tmp_path):
    for number in range(30):
        picture(tmp_path / "in" / f"{number}.png", GREEN)
    another = cluster.add_node(num_cpus=1)
    stopped = []

    def stop_once(_):
        if not stopped:
            stopped.append(1)
            cluster.remove_node(another, allow_graceful=False)

    plan = plan_for(network, tmp_path / "out", part_s=0)
    _, summary = on_cluster(cluster, plan, [tmp_path / "in"], each=stop_once)

    assert (summary["whole"], summary["failed"]) == (30, 0)


@pytest.mark.parametrize(
    ("text", "resources"),
    [
        ("", {"num_cpus": 1.0}),
        ("cpus=4", {"num_cpus": 4.0}),
        ("cpus=2,gpus=0.5", {"num_cpus": 2.0, "num_gpus": 0.5}),
    ],
)
def test_what_an_actor_takes_is_said_in_words(text, resources):
    assert parse_resources(text) == resources


@pytest.mark.parametrize("text", ["gpu", "cpus=many", "memory=3"])
def test_other_resources_are_one_line(text):
    with pytest.raises(UsageError, match="not understood"):
        parse_resources(text)


@pytest.mark.parametrize("address", ["head", "head:", ":6379", "head:port", "head:0", "head:70000", "ray://head"])
def test_what_is_no_address_of_a_cluster_is_one_line(network, tmp_path, address):
    assert_refused(network, tmp_path, address, "no address of a Ray cluster")


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "localhost:{}"])
def test_an_address_where_nobody_listens_is_one_line_at_once(network, tmp_path, form):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert_refused(network, tmp_path, form.format(port), "no Ray cluster answers")


def assert_refused(network, tmp_path, address, words):
    """A job at this address ends with these words before anything is started."""
    pytest.importorskip("ray", reason="requirements-ray.txt is not installed")
    picture(tmp_path / "in" / "a.png")
    wishes = RunOptions(ray=OnRay(address, {"num_cpus": 1.0}))

    with (
        BatchJob(plan_for(network, tmp_path / "out"), [str(tmp_path / "in")], wishes) as job,
        pytest.raises(UsageError, match=words),
    ):
        list(job.run(threading.Event()))


def test_without_ray_it_is_one_line_that_says_how_to_get_it(network, tmp_path, monkeypatch):
    picture(tmp_path / "in" / "a.png")
    monkeypatch.setattr(on_ray.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    wishes = RunOptions(ray=OnRay("", {"num_cpus": 1.0}))

    with (
        BatchJob(plan_for(network, tmp_path / "out"), [str(tmp_path / "in")], wishes) as job,
        pytest.raises(UsageError, match=r"requirements-ray\.txt"),
    ):
        list(job.run(threading.Event()))
