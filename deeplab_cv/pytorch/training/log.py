"""The log of a training as a table (CSV), and the curves in it as a picture."""

import csv
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


class TrainingLog:
    """Appends rows to RUN/log.csv and redraws RUN/log.png.

    Columns: step, minutes, learning_rate, loss (mean since the row before); and, where it was validated, miou,
    pixel_accuracy and the IoU of each class.
    """

    def __init__(self, folder: Path, classes: Sequence[str], resumed_at: int | None) -> None:
        """A log in a folder, begun or gone on with.

        Args:
            folder: where it lies.
            classes: each has a column.
            resumed_at: the step a resumed training goes on from; later rows of a stopped one are dropped.
        """
        self.path = folder / "log.csv"
        self.picture_path = folder / "log.png"
        self.columns = ["step", "minutes", "learning_rate", "loss", "miou", "pixel_accuracy", *classes]
        kept = []
        if resumed_at is not None and self.path.is_file():
            kept = [row for row in self.rows() if int(row["step"]) <= resumed_at]
        with self.path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(kept)

    def rows(self) -> list[dict[str, str]]:
        """All rows, as text."""
        with self.path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def add(self, **figures: float | int) -> None:
        """Append one row; columns that are not given stay empty."""
        row = {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in figures.items()}
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.columns).writerow(row)

    def draw(self) -> None:
        """Redraw the curves of loss and mean IoU over time."""
        rows = self.rows()
        figure = Figure(figsize=(9, 5), layout="constrained")
        FigureCanvasAgg(figure)
        loss_axes = figure.add_subplot()
        loss_axes.set(xlabel="minutes", ylabel="loss")
        self.curve(loss_axes, rows, "loss", "tab:blue")
        iou_axes = loss_axes.twinx()
        iou_axes.set(ylabel="IoU on validation pictures", ylim=(0, 1))
        for name, colour in (("miou", "black"), ("person", "tab:red"), ("dog", "tab:green"), ("sheep", "tab:purple")):
            if name in self.columns:
                self.curve(iou_axes, rows, name, colour)
        figure.legend(loc="outside upper center", ncols=5)
        figure.savefig(self.picture_path, dpi=100)

    @staticmethod
    def curve(axes: Axes, rows: Sequence[dict[str, str]], column: str, colour: str) -> None:
        """Draw one column over the minutes."""
        points = [(float(row["minutes"]), float(row[column])) for row in rows if row[column]]
        axes.plot([x for x, _ in points], [y for _, y in points], label=column, color=colour)
