import csv
import json
import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import SinkError
from deeplab_cv.sinks.sink import Written
from deeplab_cv.sinks.statistics import StatisticsSink, cut_to_whole_lines
from tests.sinks.clips import painted

PERSON = VOC_CLASSES.index("person")


def frame(index, person_rows=0, name=""):
    labels = np.zeros((10, 20), np.uint8)
    labels[:person_rows] = PERSON
    picture = np.zeros((10, 20, 3), np.uint8)
    return painted(picture, index, 1001 * index, Fraction(1, 30000), labels, name)


def test_csv_has_a_line_for_each_frame_with_pixels_and_share_of_every_class(tmp_path):
    sink = StatisticsSink(tmp_path / "areas.csv")
    for index, rows in enumerate((0, 3)):
        sink.write(frame(index, rows))

    assert sink.finish() == Written(tmp_path / "areas.csv", 2)
    with (tmp_path / "areas.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines[0]) == 3 + 2 * 21
    assert (lines[1]["frame"], lines[1]["time_s"]) == ("1", "0.033367")
    assert (lines[1]["person_pixels"], lines[1]["person_share"]) == ("60", "0.3")
    assert (lines[0]["background_pixels"], lines[0]["background_share"]) == ("200", "1.0")
    for line in lines:
        assert sum(int(line[f"{name}_pixels"]) for name in VOC_CLASSES) == 200


def test_json_lines_hold_the_same(tmp_path):
    sink = StatisticsSink(tmp_path / "areas.jsonl")
    sink.write(frame(0, 5, name="Hündin, 犬.jpg"))
    sink.finish()

    (line,) = [json.loads(text) for text in (tmp_path / "areas.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (line["frame"], line["time_s"], line["name"]) == (0, 0.0, "Hündin, 犬.jpg")
    assert line["pixels"]["person"] == 100 and line["share"]["person"] == 0.5
    assert tuple(line["pixels"]) == tuple(line["share"]) == VOC_CLASSES


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-2+3.jpg", "'-2+3.jpg"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1+1", r"\t=1+1"),
        ("\r=1+1", r"\r=1+1"),
        ("a\n=1+1", r"a\n=1+1"),
    ],
)
def test_no_cell_of_a_csv_is_a_formula(tmp_path, name, cell):
    sink = StatisticsSink(tmp_path / "areas.csv")
    sink.write(replace(frame(0, name=name), class_names=("=background", name, *VOC_CLASSES[2:])))
    sink.finish()

    with (tmp_path / "areas.csv").open(newline="", encoding="utf-8") as file:
        header, line = csv.reader(file)
    assert line[2] == cell
    assert header[5] == f"{cell}_pixels"
    assert not [cell for cell in header + line if cell[:1] in set("=+-@\t\r\n")]


def test_numbers_below_zero_stay_numbers(tmp_path):
    sink = StatisticsSink(tmp_path / "areas.csv")
    sink.write(painted(np.zeros((10, 20, 3), np.uint8), 0, -1, Fraction(1, 4)))
    sink.finish()

    with (tmp_path / "areas.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["time_s"] == "-0.25"


@pytest.mark.parametrize("file", ["areas.csv", "areas.jsonl"])
def test_a_name_that_is_no_text_is_written_out(tmp_path, file):
    sink = StatisticsSink(tmp_path / file)
    sink.write(frame(0, name=os.fsdecode(b"caf\xe9.jpg")))
    sink.finish()

    assert "caf\\udce9.jpg" in (tmp_path / file).read_text(encoding="utf-8").replace("\\\\", "\\")


def test_each_line_is_in_the_file_before_the_next_frame(tmp_path):
    sink = StatisticsSink(tmp_path / "areas.csv")
    for index in range(3):
        sink.write(frame(index))

        (unfinished,) = tmp_path.iterdir()
        assert len(unfinished.read_text().splitlines()) == index + 2
    sink.abandon()


def test_a_stopped_job_keeps_its_lines_under_a_name_that_says_so(tmp_path):
    (tmp_path / "areas.csv").write_text("older")
    sink = StatisticsSink(tmp_path / "areas.csv")
    sink.write(frame(0))

    line = sink.abandon()

    assert line == Written(tmp_path / "areas.partial.csv", 1, whole=False)
    assert (tmp_path / "areas.csv").read_text() == "older"
    assert len((tmp_path / "areas.partial.csv").read_text().splitlines()) == 2


def test_without_a_frame_nothing_is_written(tmp_path):
    assert StatisticsSink(tmp_path / "areas.csv").finish() == Written(tmp_path / "areas.csv", 0)
    assert StatisticsSink(tmp_path / "areas.csv").abandon() is None
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line(small_disk):
    sink = StatisticsSink(small_disk / "areas.jsonl")

    with pytest.raises(SinkError, match="the disk is full"):
        for index in range(1000):
            sink.write(frame(index))
    kept = sink.abandon()

    lines = (small_disk / "areas.partial.jsonl").read_text().splitlines()
    assert kept == Written(small_disk / "areas.partial.jsonl", len(lines), whole=False)
    assert [json.loads(line)["frame"] for line in lines] == list(range(len(lines)))
    assert [path.name for path in small_disk.iterdir()] == ["areas.partial.jsonl"]


@pytest.mark.parametrize("name", ["areas.csv", "areas.jsonl"])
def test_the_long_form_has_a_line_for_each_frame_and_class(tmp_path, name):
    sink = StatisticsSink(tmp_path / name, "long")
    for index, rows in enumerate((0, 3)):
        sink.write(frame(index, rows, name="a, b.jpg"))

    assert sink.finish() == Written(tmp_path / name, 2)
    text = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    lines = [json.loads(line) for line in text] if name.endswith("l") else list(csv.DictReader(text))
    assert list(lines[0]) == ["frame", "time_s", "name", "class", "pixels", "share"]
    assert [(str(line["frame"]), line["class"]) for line in lines] == [
        (str(index), class_name) for index in range(2) for class_name in VOC_CLASSES
    ]
    person = lines[21 + PERSON]
    assert (str(person["time_s"]), person["name"], str(person["pixels"]), str(person["share"])) == (
        *("0.033367", "a, b.jpg"),
        *("60", "0.3"),
    )


@pytest.mark.parametrize("name", ["areas.csv", "areas.jsonl"])
@pytest.mark.parametrize("form", ["wide", "long"])
def test_the_frames_of_a_killed_run_are_counted_in_both_forms(tmp_path, name, form):
    sink = StatisticsSink(tmp_path / name, form)
    for index in range(3):
        sink.write(frame(index))
    sink.finish()
    with (tmp_path / name).open("a") as file:
        file.write("3,0.1")

    assert cut_to_whole_lines(tmp_path / name) == 3


WIDE_NETWORK, NARROW_NETWORK = ("background", "car", "dog", "person"), ("background", "person")


def frame_of(network, index):
    """Half of it is a person, as this network numbers classes."""
    labels = np.zeros((10, 20), np.uint8)
    labels[:5] = network.index("person")
    return replace(painted(np.zeros((10, 20, 3), np.uint8), index, labels=labels), class_names=network)


def test_figures_stay_in_their_class_s_column_when_the_network_is_switched(tmp_path, caplog):
    sink = StatisticsSink(tmp_path / "areas.csv")
    for index, network in enumerate((WIDE_NETWORK, NARROW_NETWORK, WIDE_NETWORK)):
        sink.write(frame_of(network, index))
    sink.finish()

    with (tmp_path / "areas.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file, strict=True))
    assert [line["person_pixels"] for line in lines] == ["100"] * 3
    assert [line["person_share"] for line in lines] == ["0.5"] * 3
    assert [line["car_pixels"] for line in lines] == ["0", "", "0"]
    assert all(None not in line and None not in line.values() for line in lines)
    assert caplog.messages == []


def test_a_class_without_a_column_is_left_out_and_named_once(tmp_path, caplog):
    sink = StatisticsSink(tmp_path / "areas.csv")
    for index, network in enumerate((NARROW_NETWORK, WIDE_NETWORK, NARROW_NETWORK, WIDE_NETWORK)):
        sink.write(frame_of(network, index))
    sink.finish()

    with (tmp_path / "areas.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert header[3:] == ["background_pixels", "background_share", "person_pixels", "person_share"]
    assert [line[3:] for line in lines] == [["100", "0.5", "100", "0.5"]] * 4
    assert caplog.messages == [
        f"{tmp_path / 'areas.csv'}: no column for car, dog of another network; a .jsonl holds them"
    ]


@pytest.mark.parametrize(("name", "form"), [("areas.jsonl", "wide"), ("areas.jsonl", "long"), ("areas.csv", "long")])
def test_other_forms_hold_every_class_of_each_network(tmp_path, caplog, name, form):
    sink = StatisticsSink(tmp_path / name, form)
    for index, network in enumerate((NARROW_NETWORK, WIDE_NETWORK)):
        sink.write(frame_of(network, index))
    sink.finish()

    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text.count("car") > 0
    assert caplog.messages == []
