"""The worst pictures as one HTML file that holds its pictures: photograph, truth, labels, and what is wrong."""

import base64
import html

import cv2
import numpy as np

from deeplab_cv.classes import IGNORE, RGB, default_colour
from deeplab_cv.errors import DataError
from deeplab_cv.frames.frame import Labels
from deeplab_cv.frames.pixels import Image, resize, to_bgr
from deeplab_cv.frames.size import Size
from deeplab_cv.overlay.look import Look
from deeplab_cv.overlay.styles import paint
from deeplab_cv.tools.data.records import read_pair
from deeplab_cv.tools.evaluate import Evaluation, JudgedPicture
from deeplab_cv.tools.evaluating.accuracy import Confusion
from deeplab_cv.tools.evaluating.counted import against_rest, counted

MOST_PIXELS_WIDE = 400
UNKNOWN_COLOUR: RGB = (224, 224, 224)
WRONG_COLOUR: RGB = (255, 0, 0)
COLUMNS = ("picture", "mask (grey: unknown)", "labels", "wrong")

STYLE = """body { font: 15px system-ui, sans-serif; margin: 2em; background: #fff; color: #111 }
figure { margin: 0 0 2em }
figure div { display: grid; gap: 4px; grid-template-columns: repeat(4, minmax(0, max-content)) }
figure img { display: block; max-width: 100% } figure span { font-size: 12px; color: #555 }
p span { display: inline-block; margin-right: 1em }
i { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.3em }"""


def worst_page(evaluation: Evaluation) -> bytes:
    """The page of `evaluation.worst`, UTF-8. Raises DataError if a picture has become unreadable since."""
    classes = evaluation.network.card.classes
    colours = {label: default_colour(name) for label, name in enumerate(classes) if label}
    name = html.escape(evaluation.network.card.name)
    legend = "".join(
        f'<span><i style="background:rgb{colour}"></i>{html.escape(classes[label])}</span>'
        for label, colour in colours.items()
    )
    figures = evaluation.accuracy
    summary = (
        f"The worst {len(evaluation.worst)} of {len(evaluation.picture_miou)} pictures, by the mean IoU of the classes "
        f"in each. All pictures together: mIoU {figures.miou:.3f}, pixel accuracy {figures.pixel_accuracy:.3f}."
    )
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{STYLE}</style></head><body>',
        f"<h1>{name}</h1><p>{summary}</p><p>{legend}</p>",
        *(_figure(judged, classes, colours, evaluation.only) for judged in evaluation.worst),
        "</body></html>",
    ]
    return "\n".join(parts).encode()


def _figure(judged: JudgedPicture, classes: tuple[str, ...], colours: dict[int, RGB], only: tuple[int, ...]) -> str:
    picture, mask = read_pair(judged.record, len(classes))
    mask = counted(mask, against_rest(only) if only else None)
    image = to_bgr(picture)
    wrong = ((mask != judged.labels) & (mask != IGNORE)).astype(np.uint8)
    pictures = (
        image,
        paint(image, mask, Look("blend", alpha=0.6, colours={**colours, IGNORE: UNKNOWN_COLOUR})),
        paint(image, judged.labels, Look("blend", alpha=0.6, colours=colours)),
        paint(image, wrong, Look("blend", alpha=0.6, colours={1: WRONG_COLOUR})),
    )
    cells = "".join(
        f'<span><img alt="{title}" src="{_data_url(each)}">{title}</span>'
        for title, each in zip(COLUMNS, pictures, strict=True)
    )
    words = f"{judged.record.name}: mean IoU {judged.miou:.3f}{_confusions(judged.confusion, classes)}"
    return f"<figure><figcaption>{html.escape(words)}</figcaption><div>{cells}</div></figure>"


def _confusions(counts: Confusion, classes: tuple[str, ...]) -> str:
    """The greatest confusions of a picture, in words, with their shares of its known pixels."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    words = []
    for place in np.argsort(-wrong, axis=None)[:3]:
        row, column = np.unravel_index(place, wrong.shape)
        share = wrong[row, column] / counts.sum()
        if share >= 0.005:
            words.append(f"{share:.0%} {classes[row]} taken for {classes[column]}")
    return "; of its pixels " + ", ".join(words) if words else ""


def _data_url(image: Image | Labels) -> str:
    height, width = image.shape[:2]
    if width > MOST_PIXELS_WIDE:
        size = Size(MOST_PIXELS_WIDE, max(1, round(height * MOST_PIXELS_WIDE / width)))
        image = resize(image, size, cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise DataError("cannot encode a picture", Size(width, height), "leave out --html")
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()
