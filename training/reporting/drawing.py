"""How plots look, and how they become files: no display is needed, and the same figures give the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Place = Literal["best", "upper left", "upper right", "lower left", "lower right"]
# Okabe and Ito 2008: told apart by colour-blind readers
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#666666"
DPI = 130


@contextmanager
def plot(path: Path, title: str, *, across: str, up: str, size: tuple[float, float] = (5.6, 5.2)) -> Iterator[Axes]:
    """Axes to draw on; the file is written at the end."""
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    yield axes
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def legend(axes: Axes, where: Place = "best") -> None:
    """A legend, if anything has a name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=where, frameon=False, fontsize=9)


def diagonal(axes: Axes, top: float = 1.0) -> None:
    """The line of equals."""
    axes.plot([0, top], [0, top], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
