from deeplab_cv.controls.asked import Asked
from deeplab_cv.controls.keys import PaintClass, UnknownKey


def test_what_is_asked_for_is_taken_once_in_order():
    asked = Asked()
    asked.put("style", "snapshot")
    asked.put("quit")

    assert asked.anything
    assert asked.take(frame_shown=True) == ["style", "snapshot", "quit"]
    assert not asked.anything
    assert asked.take(frame_shown=True) == []


def test_what_speaks_of_the_frame_on_the_screen_waits_for_the_first():
    asked = Asked()
    asked.put("snapshot", "style", PaintClass(1), UnknownKey("z"), "later", "leave")

    assert asked.take(frame_shown=False) == ["style", UnknownKey("z"), "leave"]
    assert asked.take(frame_shown=True) == ["snapshot", PaintClass(1), "later"]
