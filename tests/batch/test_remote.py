"""Inputs and outputs that lie elsewhere: in memory, and on a real S3 server that fails now and then."""

import itertools
import tempfile
import threading
import uuid

import pytest

from deeplab_cv.batch import remote
from deeplab_cv.batch.inputs import find_inputs
from deeplab_cv.batch.naming import Names
from deeplab_cv.batch.places import place_of
from deeplab_cv.batch.remote import FileSystem, fetched, is_remote, remote_files, remote_identity, without_protocol
from deeplab_cv.errors import MissingSourceError, SourceError, UsageError
from deeplab_cv.sources.pictures import read_picture
from tests.batch.jobs import GREEN, clip, hashes_below, picture, plan_for, run_job


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    """Where outputs are made before they are uploaded."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    for variable in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(remote, "_FIRST_WAIT_S", 0.001)


@pytest.fixture
def memory():
    """A file system in memory, and a folder of its own in it."""
    fsspec = pytest.importorskip("fsspec", reason="requirements-batch.txt is not installed")
    return fsspec.filesystem("memory"), f"memory://{uuid.uuid4().hex}"


@pytest.mark.parametrize(
    ("text", "elsewhere", "path"),
    [
        ("s3://bucket/a.jpg", True, "s3://bucket/a.jpg"),
        ("gs://bucket", True, "gs://bucket"),
        ("file:///data/a.jpg", False, "/data/a.jpg"),
        ("/data/a.jpg", False, "/data/a.jpg"),
        ("a:b.jpg", False, "a:b.jpg"),
    ],
)
def test_what_has_a_protocol_lies_elsewhere(text, elsewhere, path):
    assert is_remote(text) is elsewhere
    assert without_protocol(text) == path


def test_a_folder_a_glob_and_a_file_elsewhere_stand_for_files(memory):
    system, folder = memory
    for name in ("a.jpg", "deep/b.mp4", "deep/c.jpg", "notes.txt"):
        system.pipe_file(f"{folder}/{name}", b"x")

    def names(url):
        return [item.name for item in find_inputs([url], (), Names()).items]

    assert names(folder) == ["a.jpg", "deep/b.mp4", "deep/c.jpg"]
    assert names(f"{folder}/deep/*.jpg") == ["c.jpg"]
    assert names(f"{folder}/a.jpg") == ["a.jpg"]
    assert find_inputs([folder], (), Names()).others == 1
    assert [file.url for file in remote_files(f"{folder}/a.jpg")] == [f"memory:///{folder[9:]}/a.jpg"]


def test_a_list_elsewhere_names_files(memory):
    system, folder = memory
    system.pipe_file(f"{folder}/list.csv", f"path\n{folder}/a.jpg\n".encode())

    assert [item.input for item in find_inputs([f"{folder}/list.csv"], (), Names()).items] == [f"{folder}/a.jpg"]


def test_a_file_elsewhere_is_at_hand_while_it_is_needed(memory, tmp_path):
    system, folder = memory
    system.pipe_file(f"{folder}/a.jpg", b"xyz")

    with fetched(f"{folder}/a.jpg", tmp_path / "copies") as copy:
        assert (copy.read_bytes(), copy.suffix) == (b"xyz", ".jpg")
    assert not copy.exists()
    assert remote_identity(f"{folder}/a.jpg").size == 3


def test_every_piece_that_comes_or_goes_is_a_sign_of_life(memory, tmp_path):
    _, folder = memory
    large, came, went = tmp_path / "large.mp4", [], []
    large.write_bytes(bytes(9 << 20))
    system = FileSystem(f"{folder}/large.mp4")

    system.upload(large, system.path, lambda: went.append(1))
    with fetched(f"{folder}/large.mp4", tmp_path / "copies", lambda: came.append(1)) as copy:
        assert copy.stat().st_size == 9 << 20

    assert len(went) >= 3 <= len(came)


def test_hidden_files_elsewhere_are_left_out_unless_asked_for(memory):
    system, folder = memory
    for name in ("dog.jpg", "cat.jpg", "._dog.jpg", ".thumbs/dog.jpg", "deep/.hidden/a.jpg", "deep/b.jpg"):
        system.pipe_file(f"{folder}/{name}", b"x")

    def names(url):
        return [file.name for file in remote_files(url)]

    assert names(folder) == ["cat.jpg", "deep/b.jpg", "dog.jpg"]
    assert names(f"{folder}/*.jpg") == ["cat.jpg", "dog.jpg"]
    assert names(f"{folder}/._dog.jpg") == ["._dog.jpg"]
    assert names(f"{folder}/.thumbs") == ["dog.jpg"]
    assert names(f"{folder}/.t*/*.jpg") == [".thumbs/dog.jpg"]


def test_what_is_wrong_with_a_copy_is_said_of_the_file_itself(memory, tmp_path):
    system, folder = memory
    system.pipe_file(f"{folder}/bad.png", b"no picture")

    with pytest.raises(SourceError) as error, fetched(f"{folder}/bad.png", tmp_path) as copy:
        read_picture(copy)

    assert error.value.where == f"{folder}/bad.png" and str(tmp_path) not in str(error.value)


def test_what_is_not_there_is_one_line(memory, tmp_path):
    _, folder = memory

    for question in (remote_files, remote_identity, lambda url: fetched(url, tmp_path).__enter__()):
        with pytest.raises(MissingSourceError):
            question(f"{folder}/gone.jpg")


def test_a_question_is_asked_again_and_not_for_ever(memory):
    system = FileSystem(memory[1])
    answers = iter([OSError("busy"), TimeoutError("slow"), "at last"])

    def answer(_):
        got = next(answers)
        if isinstance(got, Exception):
            raise got
        return got

    assert system.ask(answer) == "at last"
    with pytest.raises(OSError, match="down"):
        system.ask(lambda _: (_ for _ in ()).throw(OSError("down")))


def test_asking_again_is_a_sign_of_life(memory):
    system, beats = FileSystem(memory[1]), []

    with pytest.raises(OSError, match="down"):
        system.ask(lambda _: (_ for _ in ()).throw(OSError("down")), lambda: beats.append(1))

    assert len(beats) == 4


@pytest.mark.parametrize(
    ("missing", "words"),
    [("fsspec", r"requirements-batch\.txt"), ("s3fs", "pip install s3fs")],
)
def test_what_is_not_installed_is_one_line(monkeypatch, missing, words):
    if missing == "s3fs":
        core = pytest.importorskip("fsspec.core", reason="requirements-batch.txt is not installed")
        monkeypatch.setattr(core, "url_to_fs", lambda url: (_ for _ in ()).throw(ImportError("Install s3fs")))
    else:
        monkeypatch.setattr(remote.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))

    with pytest.raises(UsageError, match=words):
        FileSystem("s3://bucket/a.jpg")


def test_a_protocol_that_nobody_knows_is_one_line():
    pytest.importorskip("fsspec", reason="requirements-batch.txt is not installed")

    with pytest.raises(UsageError, match="nobody knows this protocol"):
        place_of("carrier-pigeon://roof")


@pytest.fixture
def failing_server(monkeypatch):
    """An S3 server on this machine of which every seventh answer is an error and every eleventh comes late."""
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
    moto_server = pytest.importorskip("moto.server", reason="moto is not installed")
    serving = pytest.importorskip("werkzeug.serving", reason="moto is not installed")
    application = moto_server.DomainDispatcherApplication(moto_server.create_backend_app)
    number, late = itertools.count(1), threading.Event()

    def now_and_then(environ, start_response):
        count = next(number)
        if count % 11 == 0:
            late.wait(0.3)
        if count % 7 == 0:
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        return application(environ, start_response)

    server = serving.make_server("127.0.0.1", 0, now_and_then, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # One that an earlier test has made goes to a server that is gone.
    s3fs.S3FileSystem.clear_instance_cache()
    yield number
    server.shutdown()
    thread.join()


def test_a_bucket_on_a_server_that_fails_now_and_then_gives_the_outputs_of_a_disk(failing_server, network, tmp_path):
    for number in range(6):
        picture(tmp_path / "in" / f"{number}.png", (40 * number, 0, 255))
    picture(tmp_path / "in" / "deep" / "green.jpg", GREEN)
    clip(tmp_path / "in" / "clip.mp4")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    bucket = f"s3://bucket-{uuid.uuid4().hex}"
    system = FileSystem(bucket)
    system.ask(lambda each: each.mkdir(bucket))
    system.ask(lambda each: each.put(f"{tmp_path}/in/", f"{bucket}/in/", recursive=True))
    run_job(plan_for(network, tmp_path / "disk", forms=("painted", "masks")), [tmp_path / "in"])

    plan = plan_for(network, f"{bucket}/out", forms=("painted", "masks"))
    _, summary = run_job(plan, [f"{bucket}/in"], workers=2)
    again, _ = run_job(plan, [f"{bucket}/in"])

    system.ask(lambda each: each.get(f"{bucket}/out/", f"{tmp_path}/fetched/", recursive=True))
    assert (summary["whole"], summary["failed"]) == (8, 1)
    assert hashes_below(tmp_path / "fetched") == hashes_below(tmp_path / "disk")
    assert again == {}
    assert next(failing_server) > 50
    assert (tmp_path / "fetched" / "done.jsonl").read_text(encoding="utf-8").count("\n") == 9


def test_large_files_come_and_go_in_pieces_that_are_heard_of(failing_server, tmp_path):
    bucket, large = f"s3://bucket-{uuid.uuid4().hex}", tmp_path / "large.mp4"
    large.write_bytes(bytes(range(256)) * (12 << 12))
    system, came, went = FileSystem(f"{bucket}/large.mp4"), [], []
    # From here on s3fs would ask for several ranges at once; of its own accord from 50 MB on.
    system._system.default_block_size = 5 << 20
    system.ask(lambda each: each.mkdir(bucket))

    system.upload(large, system.path, lambda: went.append(1))
    system.download(system.path, tmp_path / "copy.mp4", lambda: came.append(1))

    assert (tmp_path / "copy.mp4").read_bytes() == large.read_bytes()
    assert len(went) >= 3
    assert len(came) >= 100
