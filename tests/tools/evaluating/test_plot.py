import cv2
import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the plot needs matplotlib (requirements-train.txt)")

from matplotlib.figure import Figure

from deeplab_cv.tools.evaluating.plot import plot_png


@pytest.fixture
def drawn(monkeypatch):
    """The figure that was saved last."""
    figures = []
    save = Figure.savefig

    def keep(figure, *args, **options):
        figures.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


def test_it_is_a_whole_png(evaluated):
    picture = cv2.imdecode(np.frombuffer(plot_png(evaluated()), np.uint8), cv2.IMREAD_COLOR)

    assert picture.shape[1] > picture.shape[0] > 300


def test_only_classes_that_were_met_are_drawn_with_what_they_are_taken_for(evaluated, drawn):
    evaluation = evaluated()

    plot_png(evaluation)

    bars, matrix = drawn[0].axes[:2]
    met = ["background", "dog", "person"]
    assert [label.get_text() for label in bars.get_yticklabels()] == met
    assert [label.get_text() for label in matrix.get_xticklabels()] == met
    shares = np.asarray(matrix.images[0].get_array())
    np.testing.assert_allclose(shares.sum(axis=1), 100)
    assert shares[1, 2] > 30
    assert [bar.get_width() for bar in bars.patches] == pytest.approx(
        [value for value in evaluation.accuracy.iou if not np.isnan(value)]
    )
