import pytest

from deeplab_cv.cli import main
from deeplab_cv.settings import Settings, by_name, config_text


@pytest.fixture
def shown(capsys):
    """What `config` prints for these words: each setting's name with what stands behind it."""

    def show(*words):
        assert main(["config", *map(str, words)]) == 0
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
