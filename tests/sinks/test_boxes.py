import pytest

from deeplab_cv.sinks.boxes import Index, UnusualFileError, boxes_in, only


def box(kind, content, long=False):
    if long:
        return (1).to_bytes(4, "big") + kind + (len(content) + 16).to_bytes(8, "big") + content
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def reader(data):
    return lambda begin, end: data[begin:end]


def test_boxes_follow_one_another_whether_their_size_is_short_or_long():
    data = box(b"ftyp", b"isom") + box(b"mdat", b"pictures", long=True) + box(b"free", b"")

    found = list(boxes_in(reader(data), 0, len(data)))

    assert [(each.kind, data[each.content : each.end]) for each in found] == [
        (b"ftyp", b"isom"),
        (b"mdat", b"pictures"),
        (b"free", b""),
    ]


@pytest.mark.parametrize("size", [0, 7, 100])
def test_a_box_that_cannot_be_so_large_is_refused(size):
    data = size.to_bytes(4, "big") + b"moov" + bytes(10)

    with pytest.raises(UnusualFileError):
        list(boxes_in(reader(data), 0, len(data)))


def test_only_one_box_of_a_kind_is_expected():
    data = box(b"moov", b"") * 2 + box(b"ftyp", b"")
    boxes = list(boxes_in(reader(data), 0, len(data)))

    assert only(b"ftyp", boxes).begin == 16
    for kind in (b"moov", b"mdat"):
        with pytest.raises(UnusualFileError):
            only(kind, boxes)


def test_numbers_of_a_table_are_read_and_changed_in_their_place():
    table = box(b"stco", bytes(4) + (2).to_bytes(4, "big") + (100).to_bytes(4, "big") + (200).to_bytes(4, "big"))
    index = Index(box(b"moov", box(b"trak", box(b"mdia", table))))
    (track,) = index.tracks()
    found = index.inside(track, b"mdia")[b"stco"]

    rows = index.rows(found, 1)
    index.set_rows(found, rows + 1, ">u4")

    assert rows.tolist() == [[100], [200]]
    assert index.rows(found, 1).tolist() == [[101], [201]]
    with pytest.raises(UnusualFileError):
        index.set_rows(found, rows + (1 << 32), ">u4")


def test_a_box_that_is_missing_on_the_way_is_no_traceback():
    index = Index(box(b"moov", box(b"trak", b"")))

    with pytest.raises(UnusualFileError):
        index.inside(index.tracks()[0], b"mdia")
