import numpy as np
import pytest

from training.evaluation.resampling import Estimate
from training.reporting.cells import Cell, Form, count, figure, label, p_value, write

DRAWN = np.linspace(0.7, 0.8, 101)


def test_a_figure_with_its_interval() -> None:
    cell = figure(Estimate(value=0.75, drawn=DRAWN), published="0.77", further={"n": 9.0})
    assert str(cell) == "0.750 (0.702 to 0.798)"
    assert cell.plain == {
        "value": 0.75, "low": pytest.approx(0.7025), "high": pytest.approx(0.7975), "published": "0.77",
        "failed_draws": 0.0, "n": 9.0,
    }  # fmt: skip


def test_few_events_are_marked() -> None:
    cell = figure(Estimate(value=0.75, drawn=DRAWN), Form.PERCENT, few=True)
    assert str(cell) == "75.0 % (70.2 to 79.8) [!]"
    assert cell.plain["not_interpretable"] is True


def test_what_does_not_exist_is_said() -> None:
    none = Estimate(value=np.nan, drawn=np.full(5, np.nan))
    assert str(figure(none, published=".6")) == "does not exist"
    assert figure(none, published=".6").plain == {"text": "does not exist", "published": ".6"}
    assert str(p_value(float("nan"))) == "does not exist"


def test_a_value_without_enough_draws_has_no_interval() -> None:
    assert str(figure(Estimate(value=0.75, drawn=np.full(5, np.nan)))) == "0.750"


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [(0.0004, Form.P, "<0.001"), (0.041, Form.P, "0.041"), (12.0, Form.COUNT, "12"), (1.005, Form.TWO, "1.00"),
     (0.5, Form.PERCENT, "50.0 %"), (-0.0, Form.SHARE, "0.000")],
)  # fmt: skip
def test_forms(value: float, form: Form, said: str) -> None:
    assert write(value, form) == said


def test_labels_and_counts() -> None:
    assert str(label("FRAX")) == "FRAX"
    assert str(count(7)) == "7"
    assert Cell().plain == {}
