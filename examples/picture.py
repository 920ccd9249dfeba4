"""Segment one picture: python examples/picture.py dog.jpg segmented.png"""

import sys

from deeplab_cv import Segmenter

with Segmenter() as segmenter:
    result = segmenter(sys.argv[1])
    for name in ("person", "dog", "sheep"):
        print(f"{name}: {result.share(name):.1%} of the picture")
    result.save(sys.argv[2])
