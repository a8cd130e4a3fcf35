import numpy as np
import pytest

from training.evaluation.operating import Rule, compare, match_sensitivity, operating_point, parse_rule, share, youden

SCORE = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
EVENT = np.array([0, 0, 0, 1, 0, 1, 1, 1])


def test_rules_from_text() -> None:
    assert parse_rule("youden") == Rule(kind="youden")
    assert parse_rule("fixed:0.7") == Rule(kind="fixed", value=0.7)
    assert parse_rule("match_sensitivity:CURB65") == Rule(kind="match_sensitivity", comparator="CURB65")


@pytest.mark.parametrize("text", ["", "youden:1", "fixed", "fixed:", "fixed:high", "fixed:nan", "match_sensitivity:"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be youden, fixed:NUMBER or match_sensitivity:COMPARATOR"):
        parse_rule(text)


def test_youden_takes_the_highest_of_equals() -> None:
    assert youden(SCORE, EVENT) == 0.6  # 3/4 + 4/4 - 1, as 0.4 has 4/4 + 3/4 - 1


@pytest.mark.parametrize(("caught", "threshold"), [(1, 0.8), (2, 0.7), (3, 0.6), (4, 0.4)])
def test_the_highest_threshold_that_reaches_the_comparator(caught: int, threshold: float) -> None:
    positive = np.zeros(8)
    positive[np.flatnonzero(EVENT)[:caught]] = 1
    found = match_sensitivity(SCORE, EVENT, positive)
    assert found == threshold
    assert ((found <= SCORE) & (EVENT == 1)).sum() >= caught
    assert ((found < SCORE) & (EVENT == 1)).sum() < caught


def test_a_comparator_that_finds_nobody_is_matched_by_calling_nobody() -> None:
    assert match_sensitivity(SCORE, EVENT, np.zeros(8)) > SCORE.max()


def test_counts_and_shares() -> None:
    point = operating_point(SCORE >= 0.5, EVENT)
    counts = (point.true_positive, point.false_positive, point.false_negative, point.true_negative)
    assert counts == (3, 1, 1, 3)
    assert [(s.count, s.total) for s in (point.sensitivity, point.specificity, point.ppv, point.npv)] == [(3, 4)] * 4


def test_a_share_of_nobody_has_no_value() -> None:
    assert operating_point(np.zeros(8), EVENT).ppv.interval is None


@pytest.mark.parametrize(("count", "total"), [(0, 12), (12, 12), (5, 12)])
def test_wilson_solves_the_score_equation(count: int, total: int) -> None:
    interval = share(count, total).interval
    assert interval is not None
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    for end in {interval.low, interval.high} - {interval.value}:
        assert abs(count / total - end) == pytest.approx(1.959964 * np.sqrt(end * (1 - end) / total), rel=1e-6)


def test_two_tests_differ_where_only_one_is_positive() -> None:
    event = np.array([1] * 10 + [0] * 10)
    first = np.array([1] * 8 + [0] * 2 + [0] * 10)
    second = np.array([0] * 7 + [1] * 3 + [1] * 5 + [0] * 5)
    found = compare(first, second, event)
    assert (found.sensitivity.only_first, found.sensitivity.only_second) == (7, 2)
    assert found.sensitivity.p == pytest.approx(2 * (1 + 9 + 36) / 2**9)
    assert (found.specificity.only_first, found.specificity.only_second) == (0, 5)
    assert found.specificity.p == pytest.approx(2 / 2**5)
    assert compare(first, first, event).sensitivity.p == 1.0
