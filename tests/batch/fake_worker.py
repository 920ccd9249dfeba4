"""A worker whose picture decoder does what a file tells it, see `fake_decoder`; run as a program."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from deeplab_cv.batch import worker, worker_process
from tests.batch.fake_decoder import read_as_told

worker.read_picture = read_as_told
worker_process.main()
