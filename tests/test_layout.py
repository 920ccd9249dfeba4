"""Each module has its test file, in the same room under the same name, and each test file its module."""

from pathlib import Path

ROOT = Path(__file__).parent.parent

TESTED_ELSEWHERE = {
    "engines/trial_process": "the other side of engines/trial, whose tests start it",
    "sinks/sending_process": "the other side of sinks/sending, whose tests start it",
    "engines/options": "two fields with their bounds: test_options.py and test_settings.py read them",
    "page/options": "fields with their bounds: test_server.py reads them",
    "segmentation/options": "fields with their bounds: test_settings.py and test_api.py refuse what lies outside",
    "sources/source": "a protocol",
    "version": "a number: test_cli.py and test_packaging.py read it",
    "sources/connection": "a protocol and what travels through it",
}
"""Modules without a test file of their own, and why."""

OF_SEVERAL_MODULES = {
    "test_app": "the whole program, as a user starts it",
    "test_bootstrap": "bootstrap.py",
    "test_demo_clip": "the clip in samples/",
    "test_docs": "the pages",
    "test_examples": "examples/",
    "test_imports": "who may import what",
    "test_layout": "this page",
    "test_options_by_name": "how functions and dataclasses take their options",
    "test_packaging": "the wheel",
    "test_privacy": "connections and files of every command, by strace",
    "test_python_page": "docs/python.md",
    "test_readme": "README.md",
    "test_skips": "which tests may be skipped",
    "test_reports": "the cases of public reports beside the repository, through the whole program",
    "test_samples": "the sample clips beside the repository, through the whole program",
    "test_signals": "Ctrl-C and its like, through the whole program",
    "commands/test_bad_networks": "one broken file through every command",
    "commands/test_network_cases": "networks that people report, through the app and repair",
    "commands/test_without_torch": "every command where PyTorch is missing",
    "engines/test_every_engine": "what all engines promise alike",
    "networks/test_default_network": "the network in models/",
    "page/test_page": "the page itself, in a browser",
    "sinks/test_browser": "written videos, played by a browser",
    "website/test_camera_in_browser": "the page's camera, in a browser",
    "website/test_in_browser": "the page, in a browser",
    "website/test_offline_in_browser": "the page's service worker, in a browser",
    "website/test_providers_in_browser": "what the page computes with, in a browser",
    "website/test_use_in_browser": "the page's controls, in a browser",
    "website/test_pages": "the page's JavaScript",
}
"""Test files that are of no single module, and what they are of."""


def modules() -> set[str]:
    """Every module of the package as ROOM/NAME, those of Python's own names (`__init__`, `__main__`) apart."""
    package = ROOT / "deeplab_cv"
    files = (path.relative_to(package) for path in package.rglob("*.py"))
    return {file.with_suffix("").as_posix() for file in files if not file.name.startswith("__")}


def files_of_tests() -> set[str]:
    """Every test file as ROOM/test_NAME."""
    folder = ROOT / "tests"
    return {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("test_*.py")}


def file_for(module: str) -> str:
    """Where a module's tests are."""
    room, slash, name = module.rpartition("/")
    return f"{room}{slash}test_{name}"


def test_each_module_has_a_test_file_of_its_name():
    untested = {module for module in modules() if file_for(module) not in files_of_tests()}

    assert untested - TESTED_ELSEWHERE.keys() == set()


def test_each_test_file_is_named_after_a_module():
    strangers = files_of_tests() - {file_for(module) for module in modules()}

    assert strangers - OF_SEVERAL_MODULES.keys() == set()


def test_no_exception_is_out_of_date():
    there = {module for module in modules() if file_for(module) not in files_of_tests()}

    assert TESTED_ELSEWHERE.keys() - there == set()
    assert OF_SEVERAL_MODULES.keys() - files_of_tests() == set()
    assert OF_SEVERAL_MODULES.keys() & {file_for(module) for module in modules()} == set()
