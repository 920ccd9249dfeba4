#!/usr/bin/env python3
"""Entry: hands over to deeplab_cv.cli."""

from deeplab_cv.cli import entry

if __name__ == "__main__":
    entry()
