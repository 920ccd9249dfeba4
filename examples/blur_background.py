"""Blur all but people and animals in a video: python examples/blur_background.py in.mp4 out.mp4"""

import sys

from deeplab_cv import Segmenter

with Segmenter(smooth=0.6) as segmenter:
    written = segmenter.video(sys.argv[1], sys.argv[2], style="blur", paint="person dog sheep")
print(f"{written.path}: {written.frames} frames")
