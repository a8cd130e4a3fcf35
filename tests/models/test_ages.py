import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.ages import BINS, AgeHead, age_loss, expectation, interval, target


def test_bins_are_months_to_nineteen_years() -> None:
    assert BINS == 19 * 12 + 1
    assert AgeHead(16)(torch.zeros(2, 16)).shape == (2, BINS)


def test_expectation_of_known_distributions() -> None:
    logits = torch.full((3, BINS), -torch.inf)
    logits[0, 100] = 0.0
    logits[1, [10, 20]] = 0.0
    logits[2] = 0.0
    torch.testing.assert_close(expectation(logits), torch.tensor([100.0, 15.0, 114.0]))


def test_interval_of_known_distributions() -> None:
    logits = torch.full((2, BINS), -torch.inf)
    logits[0, 100] = 0.0  # one month, spread from 99.5 to 100.5
    logits[1, 50:60] = 0.0  # ten months, 49.5 to 59.5
    low, high = interval(logits, 0.8)
    torch.testing.assert_close(low, torch.tensor([99.6, 50.5]))
    torch.testing.assert_close(high, torch.tensor([100.4, 58.5]))


def test_interval_of_a_normal_distribution() -> None:
    low, high = interval(target(torch.tensor([120.0])).log(), 0.8)
    # 1.2816 SD of 2 months to each side, and the month's own width of variance 1/12
    assert float(low) == pytest.approx(120 - 1.2816 * (4 + 1 / 12) ** 0.5, abs=0.05)
    assert float(high) == pytest.approx(120 + 1.2816 * (4 + 1 / 12) ** 0.5, abs=0.05)


@given(st.integers(0, 2**16), st.floats(0.05, 0.45), st.floats(0.5, 0.98), st.floats(0.1, 30))
def test_intervals_nest_and_stay_in_childhood(seed: int, inner: float, outer: float, spread: float) -> None:
    logits = torch.randn(3, BINS, generator=torch.Generator().manual_seed(seed)) * spread
    low, high = interval(logits, inner)
    lower, higher = interval(logits, outer)
    assert bool((lower <= low).all())
    assert bool((low <= high).all())
    assert bool((high <= higher).all())
    assert float(lower.min()) >= 0
    assert float(higher.max()) <= BINS - 1
    assert bool(((expectation(logits) >= 0) & (expectation(logits) <= BINS - 1 + 1e-3)).all())


@pytest.mark.parametrize("coverage", [0.0, 1.0, -0.1])
def test_coverage_is_a_share(coverage: float) -> None:
    with pytest.raises(ValueError, match="coverage"):
        interval(torch.zeros(1, BINS), coverage)


def test_loss_by_hand() -> None:
    months = torch.tensor([100.0])
    exact = target(months).clamp(min=1e-30).log()
    assert float(age_loss(exact, months)) == pytest.approx(0.0, abs=1e-4)
    # the same shape four months later: L1 of 4, and KL of two normals = 4^2 / (2 * 2^2) = 2
    shifted = target(months + 4).clamp(min=1e-30).log()
    assert float(age_loss(shifted, months)) == pytest.approx(4 + 0.1 * 2, abs=1e-3)


def test_a_child_of_no_age_has_a_target_too() -> None:
    found = target(torch.tensor([0.0, 228.0]))
    torch.testing.assert_close(found.sum(1), torch.ones(2))
    assert found.argmax(1).tolist() == [0, 228]


def test_it_learns() -> None:
    torch.manual_seed(0)
    months = torch.rand(256) * 228
    features = torch.stack([torch.cos(months / 228 * 3.14), torch.sin(months / 228 * 3.14)], 1)
    head = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.ReLU(), AgeHead(32))
    optimiser = torch.optim.Adam(head.parameters(), lr=0.01)
    for _ in range(300):
        optimiser.zero_grad()
        age_loss(head(features), months).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        assert float((expectation(head(features)) - months).abs().mean().detach()) < 5
