import io

import pytest

from deeplab_cv.machine.messages import receive, send


def test_messages_come_out_as_they_went_in():
    stream = io.BytesIO()
    messages = ["a line", (1, 2.5, b"\0\1"), {"a": [None]}]
    for message in messages:
        send(stream, message)
    stream.seek(0)

    assert [receive(stream) for _ in range(4)] == [*messages, None]


@pytest.mark.parametrize("cut", [3, 12])
def test_half_a_message_is_the_end(cut):
    stream = io.BytesIO()
    send(stream, "a line of some length")

    assert receive(io.BytesIO(stream.getvalue()[:cut])) is None
