"""MediaPipe's selfie networks measured on people, as `app.py evaluate --only person` measures ours.

    python benchmarks/mediapipe_accuracy.py OUT --data DATA [--lists val_webcam] [--python .venv-mediapipe/bin/python]

MediaPipe asks for another NumPy than the program, so it has an environment of its own (benchmarks/peers/README.md), in
which this script runs itself for the masks. Both of its networks are measured: general (256x256, model_selection=0)
and landscape (256x144, model_selection=1); a pixel above one half is a person, as in the peer. OUT holds
the pictures and MediaPipe's masks; DATA the lists as tar shards.
"""

import argparse
import subprocess
import sys
from pathlib import Path

NETWORKS = ("general, 256x256", "landscape, 256x144")
"""By MediaPipe's number."""

PERSON = 15


def write_masks(pictures: Path, masks: Path, number: int) -> None:
    """In MediaPipe's environment: a mask of 0 and 255 for each PNG of a folder."""
    import cv2
    import mediapipe

    with mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=number) as segmenter:
        for file in sorted(pictures.glob("*.png")):
            picture = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
            mask = segmenter.process(picture).segmentation_mask
            cv2.imwrite(str(masks / file.name), (mask > 0.5).astype("uint8") * 255)


def main() -> None:
    """Print a row for each network and list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, help="folder of tar shards")
    parser.add_argument("--lists", default="val_webcam", help="lists with people, comma separated")
    parser.add_argument("--python", default=".venv-mediapipe/bin/python", help="the interpreter that has MediaPipe")
    parser.add_argument("--masks", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.masks is not None:
        write_masks(args.out / "pictures", args.out / f"masks{args.masks}", args.masks)
        return
    sys.path.insert(0, str(Path(__file__).parents[1]))
    print("| MediaPipe's network | list | pictures | person IoU | boundary F | pixel accuracy |")
    print("|---" * 6 + "|")
    for name in args.lists.split(","):
        _measure(args.out / name, args.data, name, args.python)


def _measure(out: Path, data: Path, name: str, python: str) -> None:
    import cv2
    import numpy as np

    from deeplab_cv.classes import VOC_CLASSES
    from deeplab_cv.frames.pixels import to_bgr
    from deeplab_cv.tools.data.layouts import find_records
    from deeplab_cv.tools.data.records import read_pair
    from deeplab_cv.tools.evaluating.accuracy import accuracy, confusion_matrix
    from deeplab_cv.tools.evaluating.boundary import boundary_scores
    from deeplab_cv.tools.evaluating.counted import against_rest, counted

    table = against_rest([PERSON])
    truth = {}
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    for record in find_records(data, [name], VOC_CLASSES, out):
        picture, mask = read_pair(record, len(VOC_CLASSES))
        cv2.imwrite(str(out / "pictures" / f"{record.name}.png"), to_bgr(picture))
        truth[record.name] = counted(mask, table)
    for number, words in enumerate(NETWORKS):
        masks = out / f"masks{number}"
        masks.mkdir(exist_ok=True)
        subprocess.run([python, __file__, str(out), "--masks", str(number)], check=True, stderr=subprocess.DEVNULL)
        confusion = np.zeros((len(VOC_CLASSES), len(VOC_CLASSES)), np.int64)
        boundary = []
        for picture_name, mask in truth.items():
            found = cv2.imread(str(masks / f"{picture_name}.png"), cv2.IMREAD_GRAYSCALE)
            labels = np.where(np.asarray(found) > 0, PERSON, 0).astype(np.uint8)
            confusion += confusion_matrix(mask, labels, len(VOC_CLASSES))
            boundary.append(boundary_scores(mask, labels, len(VOC_CLASSES))[PERSON])
        figures = accuracy(confusion)
        print(
            f"| {words} | {name} | {len(truth)} | {figures.iou[PERSON]:.3f} | {np.nanmean(boundary):.3f} | "
            f"{figures.pixel_accuracy:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
