#!/usr/bin/env python3
"""Entry: hands over to deeplab_cv.__main__."""

from deeplab_cv.__main__ import entry

if __name__ == "__main__":
    entry()
