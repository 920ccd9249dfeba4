"""Pictures in a real job, leafed through by a script."""

import threading

import numpy as np
import pytest
from PIL import Image

from deeplab_cv.controls.controls import Controls
from deeplab_cv.jobs.job import Job, run_job
from deeplab_cv.overlay.view import View
from deeplab_cv.sources.pictures import PictureSource
from deeplab_cv.sources.wrappers import Mirrored
from tests.controls.scripts import Steps
from tests.jobs.conftest import make_stream as make_stream
from tests.jobs.numbers import Notebook


class Titles(Steps):
    """Remembers what stood above each picture, whether it was painted, and its left column."""

    def __init__(self, controls, *actions):
        super().__init__(controls, *actions)
        self.titles, self.overlays, self.lefts = [], [], []

    def attend(self, pipeline):
        if self.indexes and self.waits:
            self.titles.append(self._controls.status(pipeline).title)
            self.overlays.append(self._controls.view.overlay)
            self.lefts.append(int(self._controls.shown.scored.frame.image[0, 0, 0]))
        super().attend(pipeline)


@pytest.fixture
def paths(tmp_path):
    found = [tmp_path / f"{name}.png" for name in ("ant", "bee", "cat")]
    for number, path in enumerate(found, 1):
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[:, :32] = 10 * number
        Image.fromarray(picture).save(path)
    return found


@pytest.fixture
def leaf(make_stream, tmp_path):
    def run_script(paths, *actions, tutorial=False):
        source = Mirrored(PictureSource(paths, forgiving=True), on=False)
        controls = Controls(
            View(paused=True, overlay=not tutorial),
            pictures=True,
            tutorial=tutorial,
            folder=tmp_path,
            make_recorder=lambda path: Notebook(),
            network_file=None,
            source_name=source.info.name,
            names=source.info.names,
            mirror=source.exchange,
        )
        titles = Titles(controls, *actions, "quit")
        run_job(Job(source, make_stream(), [], controls.view, titles), stop=threading.Event())
        return titles

    return run_script


def test_pictures_are_painted_at_once_and_leafed_through_both_ways(leaf, paths):
    seen = leaf(paths, "later", "later", "earlier", "later", "earlier", "earlier")

    names = ["1 of 3: ant.png", "2 of 3: bee.png", "3 of 3: cat.png"]
    assert seen.titles == [names[place] for place in (0, 1, 2, 1, 2, 1, 0)]
    assert seen.lefts == [10, 20, 30, 20, 30, 20, 10]
    assert all(seen.overlays)


def test_before_the_first_and_behind_the_last_picture_a_line_says_so(leaf, paths):
    seen = leaf(paths, "earlier", "later", "step", "pause", "earlier")

    assert [title[0] for title in seen.titles] == ["1", "1", "2", "3", "3", "2"]
    assert seen.messages[1] == "this is the first picture"
    assert seen.messages[4] == "this is the last picture"


def test_a_single_picture_stays_and_is_named_alone(leaf, paths):
    seen = leaf(paths[:1], "later", "earlier")

    assert seen.titles == ["ant.png"] * 3


def test_a_picture_that_cannot_be_read_is_passed_over_and_keeps_its_number(leaf, paths):
    paths[1].write_bytes(b"no picture")

    seen = leaf(paths, "later", "earlier", "later", "later")

    assert seen.titles == [f"{place} of 3: {name}.png" for place, name in ((1, "ant"), (3, "cat")) * 2 + ((3, "cat"),)]


def test_the_mirror_turns_the_picture_that_is_on_the_screen(leaf, paths):
    seen = leaf(paths, "later", "mirror", "mirror", "later")

    assert seen.lefts == [10, 20, 0, 20, 30]


def test_in_the_tutorial_pictures_wait_for_segment_and_restart_goes_on_and_begins_again(leaf, paths):
    seen = leaf(paths[:2], "segment", "restart", "segment", "restart", "later", "earlier", tutorial=True)

    assert [title[0] for title in seen.titles] == ["1", "1", "2", "2", "1", "2", "1"]
    assert seen.overlays == [False, True, False, True, False, False, False]
