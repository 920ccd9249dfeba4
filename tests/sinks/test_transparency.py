from pathlib import Path

from deeplab_cv.sinks.transparency import say_checkerboard


def test_the_line_names_the_file_and_what_would_be_transparent(caplog):
    caplog.set_level("INFO")

    say_checkerboard(Path("somewhere/out.mp4"), "a .webm is transparent")

    assert caplog.messages == [
        "out.mp4: the cut-outs lie on a checkerboard, which is part of the picture; a .webm is transparent"
    ]
