import numpy as np
import pytest

from training.evaluation.interval import Z95, flags, floats, probabilities, score_and_event, time_and_event


def test_a_95_percent_interval_is_1_96_errors_wide() -> None:
    assert pytest.approx(1.959964, abs=1e-6) == Z95


@pytest.mark.parametrize(("values", "said"), [
    ([], "must be"), ([[1.0]], "must be"), ([np.nan, 1.0], "1 of 2"), ([np.inf], "finite"),
])  # fmt: skip
def test_what_is_no_column_of_numbers_is_refused(values: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        floats("score", values)


def test_lengths_and_ranges_are_checked() -> None:
    with pytest.raises(ValueError, match=r"\(3,\)"):
        flags("event", [0, 1], 3)
    with pytest.raises(ValueError, match="0 or 1"):
        flags("event", [0, 2])
    with pytest.raises(ValueError, match=r"got -0\.1 to"):
        probabilities("risk", [-0.1, 0.5])
    with pytest.raises(ValueError, match="both outcomes"):
        score_and_event([1.0, 2.0], [0, 0])
    with pytest.raises(ValueError, match="negative"):
        time_and_event([-1.0], [1])


def test_booleans_and_numbers_are_the_same_flags() -> None:
    assert flags("event", [0.0, 1.0]).tolist() == flags("event", [False, True]).tolist() == [False, True]
