from pathlib import Path

from PIL import Image

from tests.training.reporting.cohorts import bench, make, without
from training.reporting import plots_binary

BENCH = bench(make("cap_mortality_cxr"))
SCORES = {"risk": "DL", "curb65": "CURB-65", "lacking": "none"}


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as picture:
        found = picture.convert("RGB").getcolors(1 << 20)
    assert found is not None
    return {colour for _, colour in found}  # type: ignore[misc]


BLUE, ORANGE = (0, 114, 178), (213, 94, 0)


def test_roc_has_a_curve_per_score(tmp_path: Path) -> None:
    plots_binary.roc(tmp_path / "a.png", BENCH, SCORES, "died")
    assert {BLUE, ORANGE} <= colours(tmp_path / "a.png")
    plots_binary.roc(tmp_path / "b.png", bench(without(make("cap_mortality_cxr"), "curb65")), SCORES, "died")
    assert ORANGE not in colours(tmp_path / "b.png")


def test_calibration_has_line_and_tenths(tmp_path: Path) -> None:
    plots_binary.calibration(tmp_path / "a.png", BENCH, "risk", "DL", "died")
    assert {BLUE, ORANGE} <= colours(tmp_path / "a.png")


def test_decision_curve_of_what_is_there(tmp_path: Path) -> None:
    plots_binary.decisions(tmp_path / "a.png", BENCH, {"risk": "DL", "combined": "both", "lacking": "none"}, "died")
    assert {BLUE, ORANGE} <= colours(tmp_path / "a.png")
