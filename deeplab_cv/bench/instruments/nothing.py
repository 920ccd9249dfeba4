"""Where painted pictures go when only their making is to be timed."""

from deeplab_cv.frame import Painted


class Nothing:
    """A sink that has every picture painted and throws it away."""

    def write(self, painted: Painted) -> None:
        """Have it painted, which otherwise happens when it is first asked for."""
        painted.pixels.make()

    def finish(self) -> str:
        """There is nothing to finish."""
        return ""

    def abandon(self) -> str:
        """There is nothing to keep."""
        return ""
