import dataclasses
import os
from pathlib import Path

import pytest

from deeplab_cv.engines import tensorrt
from deeplab_cv.engines.tensorrt import provider_settings
from deeplab_cv.errors import EngineError
from deeplab_cv.frames.size import Size
from deeplab_cv.machine.sums import note_sums


@pytest.fixture
def version(monkeypatch):
    """Makes TensorRT look as if it were installed, in 10.13 or in the version that is given."""

    def install(number):
        monkeypatch.setattr(tensorrt, "_version_number", lambda: number)

    install(101300)
    return install


def folder_of(settings):
    return Path(settings["trt_engine_cache_path"])


def test_tensorrt_that_is_not_installed_is_said_before_anything_is_built(graph, caplog):
    caplog.set_level("INFO", "deeplab_cv.engines.tensorrt")
    try:
        settings = provider_settings(graph, fp16=False)
    except EngineError as error:
        assert "TensorRT is not installed" in str(error)
        assert caplog.messages == []
    else:
        assert "float32" in settings["trt_engine_cache_path"]
        assert "minutes" in caplog.messages[0]


def test_a_wheel_whose_library_cannot_be_loaded_counts_as_none(graph, tmp_path, monkeypatch):
    library = "libnvinfer_of_nobody.so.10"
    wheel = tmp_path / "tensorrt_libs"
    wheel.mkdir()
    (wheel / "__init__.py").touch()
    (wheel / library).write_bytes(b"no library")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(tensorrt, "_SYSTEM_LIBRARY", library)

    with pytest.raises(EngineError, match=f"TensorRT is not installed: {library} is not found"):
        provider_settings(graph, fp16=False)


@pytest.mark.parametrize(("fp16", "flag", "precision"), [(False, "0", "float32"), (True, "1", "float16")])
def test_engines_are_kept_in_the_users_cache_for_their_precision(graph, version, user_cache, fp16, flag, precision):
    settings = provider_settings(graph, fp16=fp16)

    assert settings["trt_engine_cache_enable"] == settings["trt_timing_cache_enable"] == "1"
    assert settings["trt_fp16_enable"] == flag
    assert folder_of(settings).is_dir()
    assert folder_of(settings).is_relative_to(user_cache)
    assert f"-80x144-{precision}-" in folder_of(settings).name


def test_another_network_shape_precision_or_version_has_a_folder_of_its_own(graph, version):
    graphs = [graph, dataclasses.replace(graph, sha256="f" * 64), dataclasses.replace(graph, input_size=Size(80, 144))]
    folders = {folder_of(provider_settings(each, fp16=fp16)) for each in graphs for fp16 in (False, True)}
    version(101400)
    folders |= {folder_of(provider_settings(graph, fp16=False))}

    assert len(folders) == 7


def test_the_minutes_are_announced_until_an_engine_lies_there(graph, version, caplog):
    caplog.set_level("INFO", "deeplab_cv.engines.tensorrt")

    folder = folder_of(provider_settings(graph, fp16=False))
    assert [message.endswith("144x80: this takes minutes, once") for message in caplog.messages] == [True]
    (folder / "built.engine").touch()
    note_sums(folder)
    provider_settings(graph, fp16=False)

    assert len(caplog.messages) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows runs no shell script")
@pytest.mark.parametrize(
    ("answer", "gpu"), [("echo 'NVIDIA RTX A2000\nNVIDIA T4'", "NVIDIA-RTX-A2000"), ("exit 9", "gpu")]
)
def test_the_folder_names_the_first_gpu_as_its_driver_does(graph, version, tmp_path, monkeypatch, answer, gpu):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{answer}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    assert folder_of(provider_settings(graph, fp16=False)).name.endswith(f"-float32-{gpu}-tensorrt101300")


def test_without_the_drivers_tool_the_folder_says_gpu(graph, version, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "-gpu-tensorrt" in folder_of(provider_settings(graph, fp16=False)).name
