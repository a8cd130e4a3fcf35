"""The Cox model twice: its partial likelihood as a loss for networks, and Newton's fit of a few clinical items.

Ties as Efron 1977 handles them. Times are in any unit; a censored patient leaves after the events of that time.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.spine_fracture_xr.clinical import ITEMS, CoxModel
from models.spine_fracture_xr.network import PARTNERS
from training.evaluation.interval import Bools, Floats

STEPS = 50  # of Newton's method, at most
RIDGE = 1e-6  # keeps an item that hardly varies from a singular matrix; far below any effect


def partial_likelihood_loss(log_hazard: Tensor, time: Tensor, event: Tensor) -> Tensor:
    """Mean negative log partial likelihood of an event; a scalar, 0 where there is no event.

    Parameters
    ----------
    log_hazard, time, event
        (N,) each; event is bool.
    """
    if not bool(event.any()):
        return log_hazard.sum() * 0
    risk = log_hazard.float()
    _, group = torch.unique(time, return_inverse=True)  # groups rise with time
    top = risk.detach().max()
    weight = torch.exp(risk - top)
    groups = int(group.max()) + 1
    zeros = torch.zeros(groups, device=risk.device)
    all_of, events_of = zeros.scatter_add(0, group, weight), zeros.scatter_add(0, group[event], weight[event])
    at_risk = all_of.flip(0).cumsum(0).flip(0)
    ties = torch.bincount(group[event], minlength=groups)
    order = torch.argsort(group[event], stable=True)
    mine = group[event][order]
    place = torch.arange(len(mine), device=risk.device) - (ties.cumsum(0) - ties)[mine]  # 0, 1, ... among ties
    left = at_risk[mine] - place / ties[mine] * events_of[mine]
    return (torch.log(left) + top).mean() - risk[event].mean()


class _Sums(NamedTuple):
    """Of those at risk at each event, ties shared out: weight, weighted mean and second moment of the items."""

    weight: Floats
    first: Floats
    second: Floats


def newton(x: Floats, time: Floats, event: Bools) -> Floats:
    """Coefficients (P,) of the items x (N, P), centred or not, that make the partial likelihood largest.

    An item without variance gets 0.

    Raises
    ------
    ValueError
        No event, or lengths that differ.
    """
    if not (len(x) == time.size == event.size) or not event.any():
        raise ValueError(f"need an event and one row for each time, got {x.shape}, {time.size} times, {event.sum()}")
    spread = x.std(0)
    varies = spread > 1e-9
    scaled = (x - x.mean(0)) / np.where(varies, spread, 1.0)
    beta: Floats = np.zeros(x.shape[1])
    step: Floats = np.zeros(x.shape[1])
    best = -np.inf
    for _ in range(STEPS):
        value, gradient, information = _derivatives(scaled, time, event, beta)
        if value < best - 1e-9:  # too far: half the step
            step = np.asarray(step / 2, np.float64)
            beta = np.asarray(beta - step, np.float64)
            continue
        if value - best < 1e-9:
            break
        best = value
        step = np.asarray(np.linalg.solve(information + RIDGE * np.eye(beta.size), gradient), np.float64)
        beta = np.asarray(beta + step, np.float64)
    return np.asarray(np.where(varies, beta / np.where(varies, spread, 1.0), 0.0), np.float64)


def _derivatives(x: Floats, time: Floats, event: Bools, beta: Floats) -> tuple[float, Floats, Floats]:
    """Log partial likelihood, its gradient, and the negative of its second derivative."""
    eta = x @ beta
    sums = _at_risk(x, time, event, np.exp(eta - eta.max()))
    mean = sums.first / sums.weight[:, None]
    value = float(eta[event].sum() - (np.log(sums.weight) + eta.max()).sum())
    gradient = x[event].sum(0) - mean.sum(0)
    information = (sums.second / sums.weight[:, None, None]).sum(0) - mean.T @ mean
    return value, gradient, information


def _at_risk(x: Floats, time: Floats, event: Bools, weight: Floats) -> _Sums:
    moments, group = np.unique(time, return_inverse=True)
    columns = np.concatenate([weight[:, None], weight[:, None] * x, weight[:, None] * _squares(x)], 1)
    total, tied = (np.zeros((moments.size, columns.shape[1])) for _ in range(2))
    np.add.at(total, group, columns)
    np.add.at(tied, group[event], columns[event])
    later = total[::-1].cumsum(0)[::-1]
    mine = np.sort(group[event])
    ties = np.bincount(mine, minlength=moments.size)
    place = np.arange(mine.size) - (ties.cumsum() - ties)[mine]
    left = later[mine] - (place / ties[mine])[:, None] * tied[mine]
    p = x.shape[1]
    return _Sums(left[:, 0], left[:, 1 : p + 1], left[:, p + 1 :].reshape(-1, p, p))


def _squares(x: Floats) -> Floats:
    return (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)


def fit_cox(clinical: npt.NDArray[np.floating], time: Floats, event: Bools, items: Sequence[str]) -> CoxModel:
    """A Cox model of some items; an item that is not known counts as its mean.

    Parameters
    ----------
    clinical
        (N, 7) in the order of ITEMS, NaN where not known.
    time, event
        (N,) each.
    items
        Which items enter.

    Raises
    ------
    ValueError
        No event.
    """
    columns = np.asarray(clinical, np.float64)[:, [ITEMS.index(item) for item in items]]
    known = ~np.isnan(columns)
    means = np.where(known.any(0), np.where(known, columns, 0).sum(0) / np.maximum(known.sum(0), 1), 0.0)
    found = newton(np.where(known, columns, means), time, event)
    return CoxModel(items=tuple(items), means=tuple(means.tolist()), coefficients=tuple(found.tolist()))


def fit_blends(hazards: Mapping[str, Floats], time: Floats, event: Bools) -> dict[str, tuple[float, float]]:
    """Weights of each arm with the picture and of its partner, neither below 0, for `models...network.blended`.

    Parameters
    ----------
    hazards
        (N,) of each arm, of people whom the encoder did not learn from.
    time, event
        (N,) each.

    Raises
    ------
    ValueError
        No event.
    """
    found = {}
    for name, partner in PARTNERS.items():
        own, other = newton(np.stack([hazards[name], hazards[partner]], 1), time, event).tolist()
        if own < 0:
            own, other = 0.0, float(newton(hazards[partner][:, None], time, event)[0])
        elif other < 0:
            own, other = float(newton(hazards[name][:, None], time, event)[0]), 0.0
        found[name] = (own, other)
    return found
