import io
import json
import logging
import sys
from datetime import datetime

import pytest

from deeplab_cv.cli import main
from deeplab_cv.terminal import lines_as_json, logged_lines, print_line, wide_console


def test_lines_as_json_have_time_level_and_message(capsys):
    with lines_as_json(on=True), logged_lines():
        logging.getLogger("deeplab_cv.sources.live").warning('rtsp://me:secret@host/1 is "gone"')
        print_line("error: broken")
    print_line("plain")

    first, second, third = capsys.readouterr().err.splitlines()
    assert {**json.loads(first), "time": ""} == {
        "time": "",
        "level": "warning",
        "message": 'rtsp://host/1 is "gone"',
    }
    assert datetime.fromisoformat(json.loads(first)["time"]).tzinfo is not None
    assert (json.loads(second)["level"], json.loads(second)["message"]) == ("error", "error: broken")
    assert third == "plain"


@pytest.mark.parametrize("words", [["--log", "json"], ["--log=json"]])
def test_errors_of_the_command_line_are_json_where_it_is_asked_for(capsys, words):
    assert main(["--nonsense", *words]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"].startswith("error: unknown flag: --nonsense")


def test_what_a_module_logs_is_a_plain_line_on_stderr(capsys):
    with logged_lines():
        logging.getLogger("deeplab_cv.engines.choice").info("%s is the fastest", "opencv:cpu")

    assert capsys.readouterr() == ("", "opencv:cpu is the fastest\n")


def test_a_line_is_printed_once_where_another_package_has_set_logging_up(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(sys.stderr)])

    with logged_lines():
        logging.getLogger("deeplab_cv.sinks.video").warning("no sound")

    assert capsys.readouterr().err == "no sound\n"


def test_after_the_command_the_logger_is_as_it_was():
    logger = logging.getLogger("deeplab_cv")
    before = (list(logger.handlers), logger.level, logger.propagate)

    with logged_lines():
        pass

    assert (list(logger.handlers), logger.level, logger.propagate) == before


def test_a_line_is_dropped_where_there_is_no_stderr(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)

    print_line("lost")

    monkeypatch.undo()
    assert capsys.readouterr().err == ""


def test_a_line_is_dropped_where_stderr_is_closed(monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)

    print_line("lost")

    assert sys.stderr.closed


def test_what_would_steer_a_terminal_is_written_out(capsys):
    print_line("no such file: a\x1b[2J\nb\u202ec\udce9.mp4")

    assert capsys.readouterr().err == "no such file: a\\x1b[2J\\nb\\u202ec\\udce9.mp4\n"


@pytest.mark.parametrize("columns", ["40", "300"])
def test_a_table_is_as_wide_in_a_narrow_terminal_as_in_a_file(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)

    assert wide_console(110).width == max(110, int(columns))


@pytest.mark.parametrize("typed", ["a" * 5000, "a b " * 2000, f"rtsp://me:{'p' * 5000}@host/1"])
def test_a_line_with_what_is_too_long_can_still_be_read(typed, capsys):
    print_line(f"error: no such file: {typed}; check the name")

    line = capsys.readouterr().err
    assert len(line) < 1000
    assert line.startswith("error: no such file: ")
    assert line.endswith("; check the name\n")
    assert "ppp" not in line
