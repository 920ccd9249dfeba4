#!/usr/bin/env python3
"""Entry: hands over to deeplab_cv.cli."""

import sys

from deeplab_cv.cli import main

if __name__ == "__main__":
    sys.exit(main())
