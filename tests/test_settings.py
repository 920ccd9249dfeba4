import argparse
from pathlib import Path

import pytest

from deeplab_cv.errors import SettingsError
from deeplab_cv.machine import folders
from deeplab_cv.settings import Settings, add_settings_arguments, config_text, load_settings


def load(words, file=None):
    parser = argparse.ArgumentParser()
    add_settings_arguments(parser)
    return load_settings(parser.parse_args(words), file)


def written(folder, text):
    path = folder / "settings.yaml"
    path.write_text(text)
    return path


def test_config_yaml_lists_every_setting_with_its_default():
    file = folders.config_file()

    assert file is not None
    assert file.read_text() == config_text()
    assert load([], file).settings == Settings()


def test_the_command_line_wins_over_the_file(tmp_path):
    file = written(tmp_path, "alpha: 0.2\ncrf: 30\n")

    loaded = load(["--alpha", "0.9"], file)

    assert (loaded.settings.picture.alpha, loaded.settings.output.crf) == (0.9, 30)
    assert loaded.origins["alpha"] == "command line"
    assert loaded.origins["crf"] == str(file)
    assert loaded.origins["style"] == "default"


def test_a_named_file_takes_the_place_of_config_yaml(tmp_path):
    file = written(tmp_path, "alpha: 0.2\n")

    assert load(["--config", str(file)], Path("config.yaml")).settings.picture.alpha == 0.2


def test_a_switch_of_the_file_can_be_taken_back_on_the_command_line(tmp_path):
    file = written(tmp_path, "mirror: true\n")

    assert load([], file).settings.source.mirror
    assert not load(["--no-mirror"], file).settings.source.mirror


@pytest.mark.parametrize(
    ("text", "key", "part"),
    [
        ("colour: red", "colour", "unknown setting"),
        ("stlye: mask", "stlye", "did you mean style?"),
        ("source: 0", "source", "unknown setting"),
        ("alpha: 2", "alpha", "less than or equal to 1"),
        ("every: two", "every", "valid integer"),
        ("style: shiny", "style", "'blend'"),
        ("paint: {person: rot}", "paint", "a colour is written red, #ff0000 or 255,0,0"),
        ("mean: [1, 2]", "mean", "three numbers"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file_key_and_what_is_allowed(tmp_path, text, key, part):
    file = written(tmp_path, text)

    with pytest.raises(SettingsError) as error:
        load([], file)

    assert str(file) in str(error.value)
    assert key in str(error.value)
    assert part in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "flag"), [(["--alpha", "x"], "--alpha"), (["--crf", "99"], "--crf"), (["--size", "12"], "--size")]
)
def test_a_wrong_flag_is_named(words, flag):
    with pytest.raises(SettingsError, match=flag):
        load(words)


@pytest.mark.parametrize("text", ["- a\n- b\n", "alpha: [", "\t:"])
def test_a_file_that_is_no_list_of_settings_is_one_line(tmp_path, text):
    with pytest.raises(SettingsError) as error:
        load([], written(tmp_path, text))

    assert "\n" not in str(error.value)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.yaml"):
        load(["--config", str(tmp_path / "gone.yaml")])


def test_classes_are_painted_in_given_or_usual_colours():
    paint = load(["--paint", "person cat=#ff8800 dog=1,2,3"]).settings.picture.paint

    assert paint == {"person": (255, 0, 0), "cat": (255, 136, 0), "dog": (1, 2, 3)}


def test_a_value_of_millions_of_words_is_neither_built_nor_printed(tmp_path):
    nested = "\n".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]" for level in range(1, 10))

    with pytest.raises(SettingsError, match="aliases") as error:
        load([], written(tmp_path, f"l0: &l0 [a]\n{nested}\nvideo: *l9\n"))

    assert len(str(error.value)) < 300


def test_a_long_wrong_value_is_shown_by_its_beginning(tmp_path):
    with pytest.raises(SettingsError, match="wrong value") as error:
        load([], written(tmp_path, f"style: {'x' * 90_000}\n"))

    assert len(str(error.value)) < 500


def test_a_source_s_flag_is_given_once_for_each_source(tmp_path):
    file = written(tmp_path, "camera: [0, /dev/video2]\nvideo: in.mp4\n")

    flags = load(["--camera", "0", "--pattern", "--camera", "1", "--pattern"], file).settings.source
    named_in_file = load([], file).settings.source

    assert (flags.camera, flags.video, flags.pattern) == (("0", "1"), None, 2)
    assert (named_in_file.camera, named_in_file.video) == (("0", "/dev/video2"), ("in.mp4",))


def test_the_test_pattern_of_the_file_can_be_taken_back(tmp_path):
    file = written(tmp_path, "pattern: true\n")

    assert [load(words, file).settings.source.pattern for words in ([], ["--no-pattern"])] == [1, 0]


def test_the_help_of_a_flag_without_a_value_names_no_range_for_one():
    parser = argparse.ArgumentParser()
    add_settings_arguments(parser)
    helps = {action.dest: action.help for action in parser._actions}

    assert "16 at once" in helps["pattern"] and "0..16" not in helps["pattern"]
    assert helps["alpha"].startswith("opacity") and "0..1" in helps["alpha"]
