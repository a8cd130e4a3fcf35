"""The radiomics model: for each year an L2-penalised logistic regression on standardised features."""

import numpy as np

from models.ssc_ild_mortality_ct.radiomics import FURTHEST, RadiomicsModel
from training.evaluation.interval import Floats

PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)  # tried; the one that validates best is taken
ROUNDS = 50


def fit_radiomics(
    names: tuple[str, ...],
    training: tuple[Floats, Floats, Floats],
    validation: tuple[Floats, Floats, Floats],
) -> RadiomicsModel:
    """Fit with each penalty and keep the model with the smallest cross-entropy on the validation scans.

    Parameters
    ----------
    names
        Of the F features.
    training, validation
        Features (N, F), targets (N, years) in 0..1 and their weights (N, years).

    Raises
    ------
    ValueError
        If there are no scans, or the arrays do not belong together.
    """
    table, target, weight = training
    if not len(table) or table.shape[1] != len(names) or target.shape != weight.shape or len(target) != len(table):
        raise ValueError(f"cannot fit {len(names)} features on arrays of {table.shape}, {target.shape}, {weight.shape}")
    mean, sd = table.mean(0), table.std(0)
    sd = np.where(sd > 1e-9 * np.maximum(1, np.abs(mean)), sd, 1.0)  # a feature that never differs says nothing
    standard = np.clip((table - mean) / sd, -FURTHEST, FURTHEST)
    best, least = None, np.inf
    for penalty in PENALTIES:
        fitted = np.stack([_logistic(standard, y, w, penalty) for y, w in zip(target.T, weight.T, strict=True)])
        model = RadiomicsModel(names=names, mean=mean, sd=sd, coefficients=fitted[:, 1:], intercepts=fitted[:, 0])
        loss = cross_entropy(model.logits(validation[0]), *validation[1:])
        if best is None or loss < least:
            best, least = model, loss
    assert best is not None  # noqa: S101 (there are penalties)
    return best


def cross_entropy(logits: Floats, target: Floats, weight: Floats) -> float:
    """Weighted mean over scans and years."""
    each = np.logaddexp(0, logits) - target * logits
    return float((each * weight).sum() / max(weight.sum(), 1e-9))


def _logistic(table: Floats, target: Floats, weight: Floats, penalty: float) -> Floats:
    """(1 + F,) intercept and coefficients by Newton's method; the intercept is not penalised."""
    design = np.c_[np.ones(len(table)), table]
    ridge = np.diag(np.r_[1e-6, np.full(table.shape[1], penalty)])
    beta = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (weight * p * (1 - p))[:, None]) + ridge
        step = np.linalg.solve(information, design.T @ (weight * (target - p)) - ridge @ beta)
        step *= min(1.0, 5 / max(np.abs(step).max(), 1e-12))
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(beta, np.float64)
