from pathlib import Path

from training.reporting.drawing import diagonal, legend, plot


def test_a_plot_is_written_and_the_same_again(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        with plot(tmp_path / name, "Title", across="x", up="y") as axes:
            diagonal(axes)
            legend(axes)
    first = (tmp_path / "a.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert first == (tmp_path / "b.png").read_bytes()


def test_named_lines_get_a_legend(tmp_path: Path) -> None:
    with plot(tmp_path / "a.png", "Title", across="x", up="y") as axes:
        axes.plot([0, 1], [0, 1], label="a line")
        legend(axes, "upper left")
        assert axes.get_legend() is not None
