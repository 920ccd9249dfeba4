"""Which names files get, so that no outputs of two of them meet."""

from pathlib import Path, PurePath

import pytest

from deeplab_cv.batch.naming import Found, Names, kind_of_file, named


def outputs_of(item):
    """As a job with all forms: a video's masks are a folder."""
    name = PurePath(item.name)
    masks = name.with_suffix(".png" if item.kind == "picture" else "")
    return [f"painted/{name}", f"masks/{masks}", f"stats/{name.with_suffix('.parquet')}"]


def without_masks(item):
    return [path for path in outputs_of(item) if not path.startswith("masks/")]


def names(*files, before=None, own=(), outputs=outputs_of):
    """The names of files, each of them called as it lies below the folder that was named."""
    found = [Found(f"in/{file}", file) for file in files]
    wanted = Names(before={f"in/{file}": name for file, name in (before or {}).items()}, own=own, outputs_of=outputs)
    return [PurePath(item.name).as_posix() for item in named(found, wanted)]


def test_two_files_of_one_name_get_two():
    found = [Found(f"{folder}/{name}", name) for folder, name in (("a", "dog.jpg"), ("b", "dog.jpg"), ("c", "Dog.png"))]

    assert [item.name for item in named(found, Names())] == ["dog.jpg", "dog-2.jpg", "Dog-3.png"]


def test_a_file_keeps_the_name_that_it_had_before():
    found = [Found("a/dog.jpg", "dog.jpg"), Found("b/dog.jpg", "dog.jpg")]

    assert [item.name for item in named(found, Names(before={"b/dog.jpg": "dog.jpg"}))] == ["dog-2.jpg", "dog.jpg"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["clip.mp4", "clip/000009.jpg"], ["clip-2.mp4", "clip/000009.jpg"]),
        (["clip/000009.jpg", "clip.mp4"], ["clip/000009.jpg", "clip-2.mp4"]),
        (["Clip.mp4", "clip/deep/000009.jpg"], ["Clip-2.mp4", "clip/deep/000009.jpg"]),
        (["clip/a.mp4", "clip/a/b.mp4", "clip.mp4"], ["clip/a-2.mp4", "clip/a/b.mp4", "clip-2.mp4"]),
        (["clip.mp4", "clip/1.jpg", "clip-2/1.jpg"], ["clip-3.mp4", "clip/1.jpg", "clip-2/1.jpg"]),
        (["dog.png", "dog.png/1.jpg"], ["dog-2.png", "dog.png/1.jpg"]),
        (["v.2.mp4", "v.2/1.jpg"], ["v.2-2.mp4", "v.2/1.jpg"]),
        (["clip.mp4", "clips/1.jpg"], ["clip.mp4", "clips/1.jpg"]),
    ],
)
def test_a_file_gives_way_to_a_folder_that_its_outputs_would_be(files, expected):
    assert names(*files) == expected


def test_without_masks_a_video_and_a_folder_do_not_meet():
    assert names("clip.mp4", "clip/1.jpg", outputs=without_masks) == ["clip.mp4", "clip/1.jpg"]


def test_a_folder_that_comes_later_gives_way_to_a_video_that_has_its_name():
    files = ["clip/1.jpg", "clip/2.jpg", "clip.mp4"]

    first = names(*files, before={"clip.mp4": "clip.mp4"})
    second = names(*files, before=dict(zip(files, first, strict=True)))

    assert first == second == ["clip-2/1.jpg", "clip-2/2.jpg", "clip.mp4"]


def test_a_video_that_comes_later_gives_way_to_a_folder():
    assert names("clip.mp4", "clip/1.jpg", before={"clip/1.jpg": "clip/1.jpg"}) == ["clip-2.mp4", "clip/1.jpg"]


def test_a_folder_passes_over_names_of_other_videos():
    before = {"clip.mp4": "clip.mp4", "clip-2.mp4": "clip-2.mp4"}

    assert names("clip/1.jpg", "clip.mp4", "clip-2.mp4", before=before) == ["clip-3/1.jpg", "clip.mp4", "clip-2.mp4"]


@pytest.mark.parametrize(
    ("own", "file", "expected"),
    [
        (["masks/clip"], "clip/1.jpg", "clip-2/1.jpg"),
        (["masks/clip/1.png"], "clip.mp4", "clip-2.mp4"),
        (["masks/clip"], "clip.mp4", "clip.mp4"),
    ],
    ids=["a folder beside a video's", "a video beside a folder's", "the same again"],
)
def test_what_was_made_of_files_that_are_not_named_now_stays(own, file, expected):
    assert names(file, own=own) == [expected]


def test_of_names_from_before_that_meet_one_is_given_anew():
    before = {"clip/1.jpg": "clip/1.jpg", "clip.mp4": "clip.mp4"}

    assert names("clip/1.jpg", "clip.mp4", before=before) == ["clip/1.jpg", "clip-2.mp4"]


def test_a_link_that_led_nowhere_before_has_no_name_from_then():
    assert names("dog.jpg", before={"dog.jpg": ""}) == ["dog.jpg"]


def test_a_step_up_does_not_leave_the_job_s_folder():
    assert names(str(Path("..", "..", "dog.jpg"))) == ["dog.jpg"]


@pytest.mark.parametrize(
    ("name", "kind"), [("a.JPEG", "picture"), ("a.mp4", "video"), ("a", "video"), ("a.b/c.png", "picture")]
)
def test_the_extension_says_what_a_file_is(name, kind):
    assert kind_of_file(name) == kind
