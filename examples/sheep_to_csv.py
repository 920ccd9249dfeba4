"""The sheep's share of each frame of a video as CSV: python examples/sheep_to_csv.py farm.mp4 sheep.csv"""

import csv
import sys
from pathlib import Path

from deeplab_cv import Segmenter

with Segmenter() as segmenter, Path(sys.argv[2]).open("w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["time_s", "sheep"])
    rows.writerows((f"{result.time_s:.3f}", f"{result.share('sheep'):.4f}") for result in segmenter.stream(sys.argv[1]))
