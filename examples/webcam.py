"""How much of a camera's picture is people, live: python examples/webcam.py [CAMERA, VIDEO OR URL] [FRAMES]"""

import sys
from itertools import islice

from deeplab_cv import Segmenter

source = sys.argv[1] if len(sys.argv) > 1 else "0"
frames = int(sys.argv[2]) if len(sys.argv) > 2 else None
with Segmenter(smooth=0.6) as segmenter:
    for result in islice(segmenter.stream(source), frames):
        print(f"{result.time_s:8.2f} s  person {result.share('person'):6.1%}  {result.inference_ms:.0f} ms")
