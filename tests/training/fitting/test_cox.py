import numpy as np
import pytest
import torch

from models.spine_fracture_xr.clinical import ITEMS
from models.spine_fracture_xr.network import PARTNERS, blended
from tests.reference.tables import columns
from training.evaluation.concordance import harrell_c
from training.fitting.cox import fit_blends, fit_cox, newton, partial_likelihood_loss


def efron(risk: np.ndarray, time: np.ndarray, event: np.ndarray) -> float:
    """The definition (Efron 1977), event time by event time."""
    total = 0.0
    for moment in np.unique(time[event]):
        tied = event & (time == moment)
        at_risk, ties = np.exp(risk[time >= moment]).sum(), np.exp(risk[tied]).sum()
        total += risk[tied].sum() - sum(np.log(at_risk - k / tied.sum() * ties) for k in range(tied.sum()))
    return float(-total / event.sum())


def cohort(ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    time = rng.exponential(1.0, 60)
    return rng.normal(size=60), np.ceil(time * 4) if ties else time, rng.random(60) < 0.6


@pytest.mark.parametrize("ties", [False, True])
def test_loss_is_efrons(ties: bool) -> None:
    risk, time, event = cohort(ties)
    found = partial_likelihood_loss(torch.tensor(risk), torch.tensor(time), torch.tensor(event))
    assert float(found) == pytest.approx(efron(risk, time, event), rel=1e-5)
    shifted = partial_likelihood_loss(torch.tensor(risk) + 300, torch.tensor(time), torch.tensor(event))
    assert float(shifted) == pytest.approx(float(found), abs=1e-3)


def test_no_event_no_loss() -> None:
    risk = torch.zeros(4, requires_grad=True)
    loss = partial_likelihood_loss(risk, torch.arange(4.0), torch.zeros(4, dtype=torch.bool))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert risk.grad is not None
    assert risk.grad.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ["rossi", "gbsg2"])
def test_newton_finds_lifelines_optimum(name: str) -> None:
    """`score` is the linear predictor of a Cox fit by lifelines, with ties: its own coefficient is 1."""
    table = columns(name)
    found = newton(table["score"][:, None], table["time"], table["event"] == 1)
    assert found.tolist() == pytest.approx([1.0], abs=2e-4)


def test_newton_is_where_the_loss_is_flat() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, 3)) * [1, 10, 0.1] + [0, 50, 0]
    time = rng.exponential(np.exp(-(x @ [0.5, -0.03, 2.0])))
    event = rng.random(300) < 0.7
    beta = torch.tensor(newton(x, time, event), requires_grad=True)
    loss = partial_likelihood_loss(torch.tensor(x - x.mean(0)) @ beta, torch.tensor(time), torch.tensor(event))
    loss.backward()  # type: ignore[no-untyped-call]
    assert beta.grad is not None
    assert (beta.grad * torch.tensor([1, 10, 0.1])).abs().max() < 1e-4
    assert (beta.detach().numpy() * [1, 10, 0.1]).tolist() == pytest.approx([0.5, -0.3, 0.2], abs=0.25)


def test_an_item_that_never_varies_gets_nothing() -> None:
    rng = np.random.default_rng(6)
    x = np.stack([rng.normal(size=80), np.zeros(80)], 1)
    found = newton(x, rng.exponential(np.exp(-x[:, 0])), np.ones(80, bool))
    assert found[0] > 0.5
    assert found[1] == 0


def test_fit_of_items_with_gaps() -> None:
    rng = np.random.default_rng(7)
    clinical = np.full((400, 7), np.nan)
    clinical[:, 0] = rng.normal(60, 6, 400)
    clinical[:, 1] = rng.random(400) < 0.7
    time = rng.exponential(np.exp(-0.1 * (clinical[:, 0] - 60)))
    clinical[::5, 0] = np.nan
    model = fit_cox(clinical, time, np.ones(400, bool), ITEMS[:3])
    assert model.items == ("age", "female", "bmi")
    assert model.means[0] == pytest.approx(60, abs=1)
    assert model.coefficients[0] == pytest.approx(0.1, abs=0.03)
    assert model.coefficients[2] == 0  # nobody's is known
    with pytest.raises(ValueError, match="need an event"):
        fit_cox(clinical, time, np.zeros(400, bool), ITEMS[:3])


def test_blends_take_back_what_an_arm_says_too_loudly() -> None:
    """A noisy arm is blended down with its partner; one that is worse than nothing is dropped."""
    rng = np.random.default_rng(8)
    clinical, picture, noise = rng.normal(size=(3, 3000))
    time, event = rng.exponential(np.exp(-(clinical + picture))), np.ones(3000, bool)
    hazards: dict[str, np.ndarray] = {}
    for name, partner in PARTNERS.items():
        hazards[partner] = clinical
        hazards[name] = clinical + picture + 2 * noise
    worst = "deepsurv_image_m1"
    hazards[worst] = -picture
    found = fit_blends(hazards, time, event)
    made = blended(hazards, found)
    assert set(made) == set(hazards)
    assert found[worst][0] == 0
    assert found[worst][1] > 0.5
    for name in PARTNERS.keys() - {worst}:
        assert 0 < found[name][0] < 0.5
        c = harrell_c(time, event, made[name]).c
        assert c > harrell_c(time, event, hazards[name]).c + 0.02
        assert c > harrell_c(time, event, clinical).c
