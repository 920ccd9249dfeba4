"""What the first run of a job decides for the others."""

import pytest

from deeplab_cv.batch.facts import NAME, Facts, read_facts, write_facts
from deeplab_cv.batch.places import FolderPlace
from deeplab_cv.errors import SinkError
from deeplab_cv.segmentation.network_engines import Pinned

FACTS = Facts({"pace": {}}, "0123456789abcdef", 2, Pinned("opencv:cpu", "graph"), "opencv:cpu", 2)


@pytest.fixture
def place(tmp_path):
    place = FolderPlace(tmp_path)
    place.prepare()
    return place


def test_what_is_decided_is_read_again(place):
    assert read_facts(place) is None

    write_facts(place, FACTS)

    assert read_facts(place) == FACTS


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"mine": 1}', '{"pinned": 3}', "\0\0\0"])
def test_a_note_of_somebody_else_or_a_damaged_one_is_one_line(place, text):
    place.write(NAME, text.encode())

    with pytest.raises(SinkError, match="no note of a batch job"):
        read_facts(place)
