"""What the words of a command line stand for."""

import os
from pathlib import Path

import pytest

from deeplab_cv.batch.inputs import find_inputs
from deeplab_cv.batch.naming import Names
from deeplab_cv.errors import MissingSourceError, UsageError


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(*words, without=()):
    return [item.name for item in find_inputs([str(word) for word in words], without, Names()).items]


def test_a_folder_stands_for_all_pictures_and_videos_below_it(tmp_path):
    touch(tmp_path / "b.JPG", tmp_path / "deep" / "er" / "a.mp4", tmp_path / "notes.txt", tmp_path / ".hidden.jpg")

    inputs = find_inputs([str(tmp_path)], (), Names())

    assert [(item.name, item.kind) for item in inputs.items] == [
        ("b.JPG", "picture"),
        (str(Path("deep", "er", "a.mp4")), "video"),
    ]
    assert inputs.others == 1


def test_a_glob_keeps_what_lies_below_its_fixed_part(tmp_path):
    touch(tmp_path / "a" / "x" / "1.jpg", tmp_path / "a" / "y" / "1.jpg", tmp_path / "b.jpg")

    assert names(tmp_path / "a" / "*" / "*.jpg") == [str(Path("x", "1.jpg")), str(Path("y", "1.jpg"))]


def test_two_inputs_of_one_name_get_two(tmp_path):
    touch(tmp_path / "a" / "dog.jpg", tmp_path / "b" / "dog.jpg", tmp_path / "c" / "Dog.png")

    assert names(*(tmp_path / folder for folder in "abc")) == ["dog.jpg", "dog-2.jpg", "Dog-3.png"]


def test_a_file_that_is_named_twice_comes_once(tmp_path):
    touch(tmp_path / "dog.jpg")

    assert names(tmp_path, tmp_path / "dog.jpg", tmp_path / "*.jpg") == ["dog.jpg"]


@pytest.mark.parametrize(
    "text",
    [
        "{0}/a.jpg\n{0}/deep/b.mp4\n",
        "# a list\r\n{0}/a.jpg\r\n\r\n{0}/deep/b.mp4",
        "\ufeff{0}/a.jpg\n{0}/deep/b.mp4\n",
        "a.jpg\ndeep/b.mp4\n",
    ],
    ids=["plain", "Windows and comments", "byte order mark", "beside the list"],
)
def test_a_text_file_is_a_list_of_paths(tmp_path, text):
    touch(tmp_path / "a.jpg", tmp_path / "deep" / "b.mp4")
    (tmp_path / "list.txt").write_text(text.format(tmp_path), encoding="utf-8", newline="")

    assert names(tmp_path / "list.txt") == ["a.jpg", str(Path("deep", "b.mp4"))]


@pytest.mark.parametrize(
    "text",
    [
        "id,path\n1,{0}/a.jpg\n2,{0}/b.jpg\n",
        'FILE,label\n"{0}/a.jpg","x, y"\n{0}/b.jpg,z\n',
        "{0}/a.jpg,1\n{0}/b.jpg,2\n",
    ],
    ids=["a column of some name", "quotes", "no title"],
)
def test_a_csv_has_a_column_of_paths(tmp_path, text):
    (tmp_path / "list.csv").write_text(text.format(tmp_path), encoding="utf-8")

    assert names(tmp_path / "list.csv") == ["a.jpg", "b.jpg"]


def test_a_listed_file_that_is_missing_is_still_an_item(tmp_path):
    (tmp_path / "list.txt").write_text("/nowhere/gone.jpg\n", encoding="utf-8")

    assert names(tmp_path / "list.txt") == ["gone.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_no_text_are_kept(tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        touch(tmp_path / name)
    except OSError:
        pytest.skip("this disk does not allow such a name")
    (tmp_path / "list.txt").write_bytes(os.fsencode(tmp_path / name) + b"\n")

    assert names(tmp_path) == names(tmp_path / "list.txt") == [name]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_a_link_to_a_folder_above_is_not_followed_and_one_to_another_is(tmp_path):
    touch(tmp_path / "in" / "a" / "dog.jpg", tmp_path / "other" / "cat.jpg")
    (tmp_path / "in" / "a" / "again").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "other")

    assert names(tmp_path / "in") == [str(Path("a", "dog.jpg")), str(Path("linked", "cat.jpg"))]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_a_link_that_leads_nowhere_is_told_of(tmp_path):
    touch(tmp_path / "dog.jpg")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")

    assert find_inputs([str(tmp_path)], (), Names()).unreadable == [(str(tmp_path / "gone"), "this link leads nowhere")]


def test_the_job_s_own_folder_is_no_input(tmp_path):
    touch(tmp_path / "a.jpg", tmp_path / "out" / "painted" / "a.jpg")

    assert names(tmp_path, tmp_path / "out" / "painted" / "a.jpg", without=[str(tmp_path / "out")]) == ["a.jpg"]


@pytest.mark.parametrize("word", ["gone.jpg", "gone/", "*.nothing"])
def test_a_word_that_names_nothing_is_one_line(tmp_path, word):
    with pytest.raises(MissingSourceError):
        find_inputs([str(tmp_path / word)], (), Names())


@pytest.mark.parametrize(("file", "text"), [("list.txt", "\n# nothing\n"), ("list.csv", "path\n"), ("sub/a.doc", "x")])
def test_nothing_to_do_is_one_line(tmp_path, file, text):
    (tmp_path / "sub").mkdir()
    (tmp_path / file).write_text(text, encoding="utf-8")

    with pytest.raises(UsageError):
        find_inputs([str(tmp_path / file) if "list" in file else str(tmp_path / "sub")], (), Names())


def test_what_the_job_made_is_no_input_whatever_leads_there(tmp_path):
    touch(tmp_path / "a.jpg", tmp_path / "painted" / "a.jpg", tmp_path / "masks" / "clip" / "0.png")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "back").symlink_to(tmp_path / "painted", target_is_directory=True)
    own = [str(tmp_path / form) for form in ("painted", "masks", "stats")]

    assert names(tmp_path, without=own) == ["a.jpg"]
    assert names(tmp_path / "a.jpg", tmp_path / "*" / "*.jpg", without=own) == ["a.jpg"]
    with pytest.raises(UsageError, match="where the job's own outputs go"):
        names(tmp_path / "painted" / "a.jpg", without=own)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("extension", [".txt", ".csv"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_list_of_any_usual_encoding_is_read(tmp_path, encoding, extension, newline):
    touch(tmp_path / "a.jpg", tmp_path / "h\u00fcnd chen.jpg")
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    text = mark + newline.join(["a.jpg", "", "h\u00fcnd chen.jpg ", "a.jpg", ""])
    (tmp_path / f"list{extension}").write_bytes(text.encode(encoding))

    assert names(tmp_path / f"list{extension}") == ["a.jpg", "h\u00fcnd chen.jpg"]


@pytest.mark.parametrize("name", ["dog.jpg", "two dogs.jpg", "h\u00fcnd.jpg", "100%25.jpg"])
@pytest.mark.parametrize("ask_for", ["a word", "a list", "a list of unquoted URLs"])
def test_a_file_url_is_a_path_of_this_machine(tmp_path, name, ask_for):
    touch(tmp_path / name)
    url = f"file://{tmp_path / name}" if "unquoted" in ask_for else (tmp_path / name).as_uri()
    if "list" in ask_for:
        (tmp_path / "list.csv").write_text(f"url\n{url}\n", encoding="utf-8")
        url = str(tmp_path / "list.csv")

    items = find_inputs([url], (), Names()).items

    assert [(item.input, item.name) for item in items] == [(str(tmp_path / name), name)]
