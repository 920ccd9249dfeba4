from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from deeplab_cv.errors import CardError
from deeplab_cv.networks.card import Variant, card_name, card_path, read_card, without_folders, write_card
from tests.tiny_networks import tiny_network


def test_a_written_card_is_read_back_unchanged(tmp_path):
    file = tiny_network(tmp_path)
    card = read_card(file)

    write_card(card, file)

    assert read_card(file) == card


def test_a_network_changed_by_one_byte_is_refused(tmp_path):
    file = tiny_network(tmp_path)
    file.write_bytes(file.read_bytes() + b"x")

    with pytest.raises(CardError, match="not the one its card describes"):
        read_card(file)


def test_a_card_of_another_file_is_refused(tmp_path):
    tiny_network(tmp_path, "one")
    other = tiny_network(tmp_path, "two")
    card_path(other).write_text(card_path(tmp_path / "one.onnx").read_text())

    with pytest.raises(CardError, match=r"card of one\.onnx"):
        read_card(other)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda text: text + "colour: red\n", "colour"),
        (lambda text: text.replace("stride: 8", "stride: eight"), "stride"),
        (lambda text: text.replace("sha256:", "sha:"), "sha256"),
        (lambda text: text[: len(text) // 2] + "\n[", "YAML"),
        (lambda text: "", "whole file"),
    ],
)
def test_a_wrong_card_is_one_line_that_names_file_and_key(tmp_path, change, part):
    file = tiny_network(tmp_path)
    path = card_path(file)
    path.write_text(change(path.read_text()))

    with pytest.raises(CardError) as error:
        read_card(file)

    assert part in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


_TOLERANCE = "float32: 0.001"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[128, 128]", "[0, 0]", "shapes"),
        ("[128, 128]", "[-64, 64]", "shapes"),
        ("[128, 128]", "[100000, 100000]", "shapes"),
        ("shapes:\n", "shapes:\n" + "- [8, 8]\n" * 64, "shapes"),
        ("stride: 8", "stride: 0", "stride"),
        ("stride: 8", "stride: 100000", "stride"),
        ("stride: 8", "stride: 8\npixel_budget: 999999999", "pixel_budget"),
        ("seed: 0", "seed: -1", "golden.seed"),
        ("seed: 0", "seed: 4294967296", "golden.seed"),
        (_TOLERANCE, "float32: .nan", "golden.tolerance"),
        (_TOLERANCE, "float32: .inf", "golden.tolerance"),
        (_TOLERANCE, "float32: 1.0", "golden.tolerance"),
        (_TOLERANCE, "float32: -0.1", "golden.tolerance"),
        ("tiny.golden.npz", "../tiny.golden.npz", "golden.file"),
        ("tiny.golden.npz", "/tiny.golden.npz", "golden.file"),
        ("tiny.golden.npz", "''", "golden.file"),
        ("name: tiny\n", "name: /tmp/of/the/author\n", "name"),
        ("name: tiny\n", "name: ../../tiny\n", "name"),
        ("name: tiny\n", 'name: "tiny\\0"\n', "name"),
        ("name: tiny\n", f"name: {'tiny' * 1000}\n", "name"),
        ("name: input", "name: input\n  std: [1, 0, 1]", "input.std"),
        ("name: input", "name: input\n  mean: [1, .nan, 1]", "input.mean"),
        ("sha256: ", "sha256: no", "sha256"),
        ("- background", f"- {'background' * 100}", "classes"),
    ],
)
def test_a_value_beyond_its_bounds_is_one_line_that_names_it(tmp_path, old, new, key):
    file = tiny_network(tmp_path)
    text = yaml.safe_dump(yaml.safe_load(card_path(file).read_text()), sort_keys=False)
    assert text.replace("- - 128\n  - 128\n", "- [128, 128]\n").count(old)
    card_path(file).write_text(text.replace("- - 128\n  - 128\n", "- [128, 128]\n").replace(old, new, 1))

    with pytest.raises(CardError, match=rf"the card is wrong: .*, {key}") as error:
        read_card(file)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["../x.onnx", "/x.onnx", "", ".", "C:x.onnx", "a\\b.onnx"])
def test_a_variant_lies_beside_its_network(name):
    with pytest.raises(ValidationError, match="file"):
        Variant(file=name, sha256="0" * 64, precision="int8")


@pytest.mark.parametrize(
    ("stem", "name"), [("my network é", "my network é"), ("12:30", "12_30"), ("a\nb", "a_b"), (".hidden", "_hidden")]
)
def test_a_network_is_named_after_its_file(stem, name):
    assert card_name(Path(f"{stem}.onnx")) == name


def test_a_card_of_an_earlier_version_is_read_and_loses_what_nobody_reads(tmp_path):
    file = tiny_network(tmp_path)
    card_path(file).write_text(card_path(file).read_text() + "pixel_budget: 16384\n")

    write_card(read_card(file), file)

    assert "pixel_budget" not in card_path(file).read_text()


def test_a_cards_shapes_are_height_and_width_and_its_sizes_the_other_way_round(tmp_path):
    card = read_card(tiny_network(tmp_path, shapes=((96, 128), (144, 80))))

    assert card.shapes == ((96, 128), (144, 80))
    assert [str(size) for size in card.input_sizes] == ["128x96", "80x144"]


def test_folders_of_the_machine_do_not_travel_in_a_card() -> None:
    assert without_folders(["app.py", "train", "--data", "/home/me/data", "--seed", "1"]) == (
        "app.py train --data data --seed 1"
    )


def test_a_command_line_on_a_card_has_no_password_of_a_url():
    words = ["app.py", "train", "--data", "rtsp://me:s3cret@cam/1", "--start=https://h/n.onnx?token=s3cret"]

    assert "s3cret" not in without_folders(words)
