"""How far a picture's features lie from the training data: Mahalanobis distance in a probabilistic PCA (Tipping 1999).

Lee et al. 2018 use the full covariance; with 1024 features and a few thousand pictures the trailing directions are
pooled into one variance.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

DIRECTIONS = 48
# Of the largest variance: what hardly varies in training (a rectified feature that is nearly always 0) must not make
# one picture of validation, and with it the scale, a thousand times as far as the others
LEAST_VARIANCE = 1e-4
NAMES = ("mean", "directions", "variances", "rest", "scale")


def fit_ood(training: Tensor, validation: Tensor) -> dict[str, Tensor]:
    """Constants from pooled features (N, C); scale is the 99th percentile of the validation distances."""
    mean = training.mean(0)
    _, singular, directions = torch.linalg.svd(training - mean, full_matrices=False)
    variances = singular**2 / (training.shape[0] - 1)
    kept = min(DIRECTIONS, variances.numel() - 1)
    least = max(LEAST_VARIANCE * float(variances[0]), 1e-12)
    constants = {
        "mean": mean,
        "directions": directions[:kept].contiguous(),
        "variances": variances[:kept].clamp(min=least),
        "rest": variances[kept:].mean().clamp(min=least),
        "scale": torch.tensor(1.0),
    }
    distances = torch.stack([distance(constants, row) for row in validation])
    return constants | {"scale": torch.quantile(distances, 0.99)}


def distance(constants: Mapping[str, Tensor], features: Tensor) -> Tensor:
    """Distance of one picture's features (C,); 1 is the 99th percentile of validation."""
    centred = features - constants["mean"]
    along = constants["directions"] @ centred
    rest = (centred.square().sum() - along.square().sum()).clamp(min=0)
    squared = (along.square() / constants["variances"]).sum() + rest / constants["rest"]
    return squared.sqrt() / constants["scale"]
