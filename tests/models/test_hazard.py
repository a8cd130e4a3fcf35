import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.hazard import HazardHead, by_each_bin, masked_bce, probabilities

FLOATS = st.floats(-50, 50, width=32)


@given(st.lists(FLOATS, min_size=4, max_size=4), st.integers(0, 2**16), st.integers(1, 7))
def test_risk_never_falls_with_the_horizon(values: list[float], seed: int, bins: int) -> None:
    torch.manual_seed(seed)
    head = HazardHead(4, bins)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.normal_(0, 3)
        risks = probabilities(head(torch.tensor([values])))
    assert risks.shape == (1, bins)
    assert bool((risks.diff(dim=1) >= 0).all())
    assert bool(((risks >= 0) & (risks <= 1)).all())


def test_it_is_base_plus_summed_positive_hazards() -> None:
    head = HazardHead(1, 3)
    with torch.no_grad():
        head.base.weight.fill_(2.0)
        head.base.bias.fill_(-1.0)
        head.hazards.weight.copy_(torch.tensor([[1.0], [-1.0], [0.5]]))
        head.hazards.bias.zero_()
        found = head(torch.tensor([[2.0], [-2.0]]))
    # x = 2: b = 3, relu(h) = 2, 0, 1; x = -2: b = -5, relu(h) = 0, 2, 0
    assert found.tolist() == [[5.0, 5.0, 6.0], [-5.0, -3.0, -3.0]]
    assert float(probabilities(found)[1, 0]) == pytest.approx(1 / (1 + math.exp(5)))


def test_what_is_known_of_each_patient() -> None:
    time = torch.tensor([2.5, 2.5, 3.0, 3.0, 0.0, 9.0])
    event = torch.tensor([True, False, True, False, False, False])
    happened, known = by_each_bin(time, event, 5)
    assert happened.tolist() == [
        [0, 0, 1, 1, 1],
        [0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert known.tolist() == [
        [1, 1, 1, 1, 1],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1],
        [1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1],
    ]


def test_loss_by_hand() -> None:
    # p = sigmoid(0), sigmoid(1); dead at 1.5 -> y = 0, 1; censored at 1.5 -> y = 0, unknown
    logits = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    found = masked_bce(logits, torch.tensor([1.5, 1.5]), torch.tensor([True, False]))
    p = 1 / (1 + math.exp(-1))
    assert float(found) == pytest.approx((math.log(2) - math.log(p) + math.log(2)) / 3)


def test_what_is_not_known_moves_nothing() -> None:
    logits = torch.zeros(1, 4, requires_grad=True)
    masked_bce(logits, torch.tensor([2.0]), torch.tensor([False])).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad[0] != 0).tolist() == [True, True, False, False]
    nothing = masked_bce(torch.zeros(1, 4), torch.tensor([0.5]), torch.tensor([False]))
    assert float(nothing) == 0.0


@pytest.mark.parametrize(
    ("time", "event"),
    [
        (torch.tensor([1.0, 2.0]), torch.tensor([True])),
        (torch.tensor([-1.0]), torch.tensor([True])),
        (torch.tensor([math.nan]), torch.tensor([False])),
    ],
)
def test_times_that_are_none_are_refused(time: Tensor, event: Tensor) -> None:
    with pytest.raises(ValueError, match="time"):
        by_each_bin(time, event, 3)


def test_bins_are_wanted() -> None:
    with pytest.raises(ValueError, match="bins"):
        HazardHead(4, 0)


def test_it_learns_the_rates_of_two_groups() -> None:
    torch.manual_seed(0)
    group = (torch.arange(4000) % 2).float()
    rate = torch.where(group == 1, 0.5, 0.1)
    death = torch.distributions.Exponential(rate).sample()
    censored = torch.rand(4000) * 10
    time, event = torch.minimum(death, censored), death <= censored
    head = HazardHead(1, 3)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        loss = masked_bce(head(group[:, None]), time, event)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        found = probabilities(head(torch.tensor([[0.0], [1.0]])))
    years = torch.tensor([1.0, 2.0, 3.0])
    wanted = 1 - torch.exp(-torch.tensor([[0.1], [0.5]]) * years)
    # events that come before they would have been censored stay known: a bias towards more events, within this bound
    torch.testing.assert_close(found, wanted, atol=0.1, rtol=0)
    assert bool((found[1] > found[0]).all())
