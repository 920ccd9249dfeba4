import pytest

from deeplab_cv.classes import VOC_CLASSES
from deeplab_cv.errors import UsageError
from deeplab_cv.networks.uncarded import class_names


def test_voc_stands_for_its_twenty_one_classes():
    assert class_names("voc") == VOC_CLASSES


def test_names_are_the_lines_of_a_file_without_blanks(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("background\n\n  wild boar \nfox\n")

    assert class_names(str(file)) == ("background", "wild boar", "fox")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"background\n", "expected 2 to 255 class names, got 1"),
        (b"a\n" * 256, "expected 2 to 255 class names, got 256"),
        (b"\xff\xfe\x00", "cannot read the class names"),
    ],
)
def test_a_file_that_holds_no_class_names_is_one_line(tmp_path, content, message):
    file = tmp_path / "names.txt"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=message) as error:
        class_names(str(file))

    assert str(file) in str(error.value)
