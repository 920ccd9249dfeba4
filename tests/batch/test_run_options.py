"""How a job may be run."""

import pytest

from deeplab_cv.batch.run_options import RunOptions
from deeplab_cv.errors import UsageError


@pytest.mark.parametrize("workers", [0, -1, "2", 1.5])
def test_there_is_at_least_one_worker(workers):
    with pytest.raises(UsageError, match="there must be a worker"):
        RunOptions(workers=workers)


@pytest.mark.parametrize("patience_s", [0, -1.0, float("nan")])
def test_a_worker_has_some_time(patience_s):
    with pytest.raises(UsageError, match="must have some time"):
        RunOptions(patience_s=patience_s)
