import dataclasses
import datetime
import json
import platform
from pathlib import Path

from deeplab_cv import __version__
from deeplab_cv.bench.instruments.machine import machine_facts, settings_facts, versions
from deeplab_cv.engines.options import EngineOptions
from deeplab_cv.networks.options import NetworkOptions
from tests.bench.plans import plan_of


def test_the_machine_is_described_as_json_can_hold_it():
    facts = json.loads(json.dumps(machine_facts()))

    assert facts["cores"] >= 1
    assert facts["processor"]
    assert facts["memory_gb"] is None or facts["memory_gb"] > 0.1
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(facts["at"])
    assert age < datetime.timedelta(hours=1)


def test_versions_are_those_of_program_python_and_what_is_installed():
    found = versions()

    assert found["deeplab-cv"] == __version__
    assert found["python"] == platform.python_version()
    assert found["numpy"][0].isdigit()


def test_settings_are_those_that_are_no_defaults_and_the_measurements_own():
    plan = dataclasses.replace(
        plan_of(Path("/somewhere/walk.mp4"), EngineOptions(threads=2)), network=NetworkOptions(model="net.onnx")
    )

    assert settings_facts(plan) == {
        "clip": "walk.mp4",
        "heights": [720],
        "rounds": 3,
        "memory_frames": 1000,
        "model": "net.onnx",
        "threads": 2,
    }
