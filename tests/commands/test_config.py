import pytest

from deeplab_cv.cli import main
from deeplab_cv.settings import Settings, by_name, config_text


@pytest.fixture
def shown(capsys):
    """What `config --all` prints for these words: each setting's name with what stands behind it."""

    def show(*words):
        assert main(["config", "--all", *map(str, words)]) == 0
        lines = capsys.readouterr().out.splitlines()
        return {name: rest.strip() for name, _, rest in (line.partition(" ") for line in lines)}

    return show


def test_every_setting_is_shown_with_its_origin(shown, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("every: 3\n")

    lines = shown("--config", file, "--style", "outline")

    assert lines.keys() == by_name(Settings()).keys()
    assert lines["style"].split() == ["outline", "command", "line"]
    assert lines["every"].split() == ["3", str(file)]
    assert lines["loop"].split() == ["False", "default"]


def test_what_is_not_set_is_a_dash_and_classes_have_their_colours(shown):
    lines = shown("--paint", "person=#ff8800 dog=1,2,3")

    assert lines["crf"].split()[0] == "-"
    assert lines["paint"].startswith("person=#ff8800 dog=#010203 ")


def test_the_default_is_the_file_that_comes_with_the_program(capsys):
    assert main(["config", "--default", "--alpha", "0.1"]) == 0

    assert capsys.readouterr().out == config_text()


def test_what_it_prints_as_default_can_be_read_again(shown, tmp_path, capsys):
    main(["config", "--default"])
    file = tmp_path / "config.yaml"
    file.write_text(capsys.readouterr().out)

    lines = shown("--config", file).values()
    assert {line.split()[-1] for line in lines if not line.startswith("-")} == {str(file)}


def test_a_wrong_setting_is_one_line_and_no_table(capsys):
    assert main(["config", "--alpha", "7"]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1


def printed(words, capsys):
    assert main(["config", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_only_what_differs_is_printed_with_where_it_came_from(tmp_path, capsys):
    file = tmp_path / "mine.yaml"
    file.write_text("alpha: 0.25\nstyle: blend\n")

    lines = printed(["--config", str(file), "--every", "3"], capsys)

    assert [line.split() for line in lines] == [["every", "3", "command", "line"], ["alpha", "0.25", str(file)]]


def test_where_nothing_differs_one_line_says_so(capsys):
    (line,) = printed([], capsys)

    assert "config --all" in line


@pytest.mark.parametrize("url", ["rtsp://me:secret@host/1", "srt://host:1?passphrase=secret", "rtsp:me:secret@host/1"])
def test_no_secret_of_a_url_is_printed(url, capsys):
    (line,) = printed(["--video", url], capsys)

    assert "secret" not in line
    assert "host" in line


def test_what_opens_the_page_is_not_shown(shown):
    lines = shown("--serve-token", "controls-it", "--serve-view-token", "watches-it")

    assert "controls-it" not in str(lines) and "watches-it" not in str(lines)
    assert lines["serve_token"].split() == ["...", "command", "line"]
    assert shown()["serve_token"].split() == ["-", "default"]
