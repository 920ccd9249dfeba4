"""IoU of each class beside the confusion matrix, as a picture."""

from io import BytesIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from deeplab_cv.tools.evaluate import Evaluation


def plot_png(evaluation: Evaluation) -> bytes:
    """The plot as a PNG file's bytes; classes that are neither in the masks nor in the labels are left out."""
    card, figures = evaluation.network.card, evaluation.accuracy
    iou = np.asarray(figures.iou)
    met = np.flatnonzero(~np.isnan(iou))
    classes, places = [card.classes[label] for label in met], np.arange(len(met))
    size = 3 + 0.28 * len(classes)
    figure = Figure(figsize=(2 * size, size), layout="constrained")
    FigureCanvasAgg(figure)
    bars, matrix = figure.subplots(1, 2)

    bars.barh(places, iou[met], color="tab:blue", label="IoU")
    boundary = np.asarray(evaluation.boundary)[met]
    bars.plot(boundary, places, "|", color="black", markersize=9, markeredgewidth=2, label="boundary F")
    bars.axvline(figures.miou, color="tab:red", linestyle="--", label=f"mIoU {figures.miou:.3f}")
    bars.set(yticks=places, yticklabels=classes, xlim=(0, 1), ylim=(len(classes) - 0.4, -0.6))
    bars.set_title(f"{card.name}, {len(evaluation.picture_miou)} pictures")
    bars.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=3)
    bars.grid(axis="x", alpha=0.3)

    counts = evaluation.confusion[np.ix_(met, met)]
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    image = matrix.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    matrix.set(xticks=places, yticks=places, yticklabels=classes, ylabel="what it is", xlabel="what it is taken for")
    matrix.set_xticks(places, classes, rotation=90)
    for row, column in zip(*np.nonzero(shares >= 2), strict=True):
        share = shares[row, column]
        colour = "white" if share > 60 else "black"
        matrix.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=7, color=colour)
    matrix.set_title("share of each class's pixels, %")
    figure.colorbar(image, ax=matrix, shrink=0.7)
    target = BytesIO()
    figure.savefig(target, format="png", dpi=100)
    return target.getvalue()
