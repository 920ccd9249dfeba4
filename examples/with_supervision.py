"""Paint with supervision (pip install supervision): python examples/with_supervision.py dog.jpg painted.png"""

import sys

import cv2
import supervision as sv

from deeplab_cv import Segmenter

with Segmenter() as segmenter:
    result = segmenter(sys.argv[1])
painted = sv.MaskAnnotator().annotate(result.frame.copy(), result.to_supervision())
cv2.imwrite(sys.argv[2], painted)
