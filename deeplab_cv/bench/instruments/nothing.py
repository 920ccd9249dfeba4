"""Where painted pictures go when only their making is to be timed."""

from deeplab_cv.frame import Painted


def drawn(painted: Painted) -> object:
    """The painted picture in the form a video file takes: pictures are made only when they are asked for."""
    planes = painted.pixels.planes
    return painted.picture if planes is None else planes


class Nothing:
    """A sink that has every picture painted and throws it away."""

    def write(self, painted: Painted) -> None:
        """Have it painted."""
        drawn(painted)

    def finish(self) -> str:
        """There is nothing to finish."""
        return ""

    def abandon(self) -> str:
        """There is nothing to keep."""
        return ""
