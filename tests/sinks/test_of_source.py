import pytest

from deeplab_cv.errors import UsageError
from deeplab_cv.sinks.of_source import outputs_of, refuse_shared_outputs
from deeplab_cv.sinks.options import OutputOptions


def test_each_source_has_outputs_of_its_own_name():
    output = OutputOptions(out="out-{source}.mp4", masks="{source}/masks-{source}/", stats="area.csv")

    own = outputs_of(output, "camera-0")

    assert (own.out, own.masks, own.stats) == ("out-camera-0.mp4", "camera-0/masks-camera-0/", "area.csv")
    assert outputs_of(OutputOptions(), "camera-0") == OutputOptions()


@pytest.mark.parametrize(
    ("outputs", "line"),
    [
        ({"out": "out.mp4"}, "--out out.mp4; {source} in its name stands for each source: --out 'out-{source}.mp4'"),
        ({"out": "a b/out.webm"}, "--out 'a b/out-{source}.webm'"),
        ({"masks": "masks/"}, "--masks 'masks/{source}'"),
        ({"stats": "{sources}.csv"}, "--stats '{sources}-{source}.csv'"),
        ({"out": "-"}, "--out 'out-{source}.mp4'"),
        ({"out": "out-{source}.mp4", "stats": "area.csv"}, "--stats area.csv"),
    ],
)
def test_one_output_for_several_sources_is_refused_with_a_name_that_would_do(outputs, line):
    with pytest.raises(UsageError) as refused:
        refuse_shared_outputs(OutputOptions(**outputs))

    assert line in str(refused.value)


def test_the_password_of_a_stream_out_is_not_in_the_line():
    with pytest.raises(UsageError) as refused:
        refuse_shared_outputs(OutputOptions(out="rtmp://me:secret@house/live"))

    assert "secret" not in str(refused.value)


def test_a_virtual_camera_is_for_one_source():
    with pytest.raises(UsageError, match="--virtual-camera"):
        refuse_shared_outputs(OutputOptions(virtual_camera=True))


def test_outputs_that_name_the_source_go_with_several():
    refuse_shared_outputs(OutputOptions(out="{source}.mp4", masks="m/{source}", stats="s-{source}.csv", headless=True))
