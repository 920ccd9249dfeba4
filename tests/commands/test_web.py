"""The command that writes the site."""

import socket

import pytest

from deeplab_cv.cli import main
from tests.tiny_networks import tiny_network
from tests.website.conftest import runtime as runtime


def test_the_command_writes_a_site_and_says_how_large_it_is(runtime, tmp_path, capsys):
    assert main(["web", "--out", str(tmp_path / "site"), "--model", str(tiny_network(tmp_path))]) == 0
    printed = capsys.readouterr().out

    assert (tmp_path / "site/index.html").is_file()
    assert "tiny at 128x128" in printed
    assert " MB of them kept by the browser" in printed


def test_a_port_that_is_taken_is_one_line_and_nothing_is_written(tmp_path, capsys):
    pytest.importorskip("uvicorn", reason="requirements-web.txt is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["web", "--out", str(tmp_path / "site"), "--serve", str(port)]) == 2

    assert f"this port cannot be had: --serve {port}" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
