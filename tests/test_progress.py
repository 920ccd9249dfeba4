import io
import logging
import sys

import pytest
from rich.console import Console

from deeplab_cv.progress import JobProgress, ProgressLines, progress_bar, slow_lines
from deeplab_cv.terminal import logged_lines


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def seen_on_a_terminal(monkeypatch):
    """Counts to a number and returns what a terminal of 100 columns was sent."""

    def count(number, frame_count, visible=True):
        screen = Terminal()
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr(sys, "stderr", screen)
        with JobProgress(frame_count, visible=visible) as progress:
            for _ in range(number):
                progress.advance()
            print("a line of the run", file=sys.stderr)
        return screen.getvalue()

    return count


@pytest.mark.parametrize(
    ("frame_count", "shown"),
    [(7, "7/7"), (None, "7/?"), (5, "7/7")],
    ids=["known", "unknown", "the container promised too few"],
)
def test_a_terminal_sees_how_many_frames_of_how_many_are_done(seen_on_a_terminal, frame_count, shown):
    assert shown in seen_on_a_terminal(7, frame_count)


def test_lines_of_the_run_stand_above_the_bar(seen_on_a_terminal):
    assert "a line of the run\n" in seen_on_a_terminal(7, 7).replace("\r", "")


def test_beside_a_window_there_is_no_bar(seen_on_a_terminal):
    assert seen_on_a_terminal(7, 7, visible=False) == "a line of the run\n"


def test_a_file_or_pipe_gets_nothing(capsys):
    with JobProgress(2) as progress:
        progress.advance()

    assert capsys.readouterr() == ("", "")


def test_a_line_lands_above_the_bar(monkeypatch):
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen)

    with logged_lines(), JobProgress(7) as progress:
        progress.advance()
        logging.getLogger("deeplab_cv.start").info("a line of the run")

    assert "a line of the run\n" in screen.getvalue().replace("\r", "")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_sees_what_is_done_and_a_file_gets_nothing(is_terminal):
    screen = io.StringIO()

    with progress_bar(Console(file=screen, force_terminal=is_terminal, width=100)) as progress:
        progress.advance(progress.add_task("judging", total=4))

    assert ("judging" in screen.getvalue() and "25%" in screen.getvalue()) == is_terminal
    assert is_terminal or not screen.getvalue()


def lines_of(advances, total, capsys):
    seconds = iter(range(0, 1000, 4))
    with logged_lines():
        lines = ProgressLines(total, lambda: next(seconds))
        for _ in range(advances):
            lines.advance()
    return capsys.readouterr().err.splitlines()


def test_a_log_file_gets_a_line_every_while(capsys):
    assert lines_of(35, 200, capsys) == [
        "3 of 200 frames, 0.2/s, 0:13:08 left",
        "18 of 200 frames, 0.2/s, 0:12:08 left",
        "33 of 200 frames, 0.2/s, 0:11:08 left",
    ]


@pytest.mark.parametrize("total", [None, 2], ids=["unknown", "the container promised too few"])
def test_without_a_total_that_can_be_believed_a_line_says_what_is_done(total, capsys):
    assert lines_of(3, total, capsys) == ["3 frames, 0.2/s"]


def test_a_step_that_takes_long_says_in_a_pipe_how_far_it_is(capsys):
    now = 0.0
    with logged_lines(), progress_bar(Console(file=io.StringIO()), lambda: now) as progress:
        task = progress.add_task("labelling", total=100)
        for _ in range(35):
            now += 2
            progress.advance(task)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("labelling: 2 %")
    assert second.startswith("labelling: 32 %")


def test_a_step_of_less_than_three_seconds_says_nothing_in_a_pipe(capsys):
    now = 0.0
    with logged_lines(), progress_bar(Console(file=io.StringIO()), lambda: now) as progress:
        task = progress.add_task("labelling", total=100)
        now = 2.9
        progress.update(task, completed=50)
        now = 9.0
        progress.update(task, completed=100)
    assert capsys.readouterr().err == ""


def test_files_are_counted_with_what_is_to_be_said_of_them(caplog):
    caplog.set_level(logging.INFO, logger="deeplab_cv")
    seconds = iter([0.0, 20.0])
    lines = ProgressLines(4, clock=lambda: next(seconds), unit="files")

    lines.advance("1 failed")

    assert caplog.messages == ["1 of 4 files, 0.1/s, 0:01:00 left, 1 failed"]


def test_what_takes_long_is_said_in_lines_three_seconds_apart(caplog):
    caplog.set_level(logging.INFO)
    now = [0.0]
    say = slow_lines(clock=lambda: now[0])
    for now[0], text in ((1.0, "at once"), (3.5, "late"), (5.0, "soon after"), (7.0, "later")):
        say(text)

    assert [record.getMessage() for record in caplog.records] == ["late", "later"]
