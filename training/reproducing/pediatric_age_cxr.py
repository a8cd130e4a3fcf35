"""The table of `pediatric_age_cxr`."""

from functools import partial

import numpy as np

from training.cohorts.pediatric_age_cxr import ages
from training.phantoms.child.phantom import SIMULATOR_VERSION
from training.recipes import pediatric_age_cxr as recipe
from training.reproducing.shipped import UNSEEN, Figures, Parts, Shipped, named, rows

SIMULATOR = SIMULATOR_VERSION


def parts(shipped: Shipped) -> Parts:
    """Children of the home and of the held-out hospital; of those who taught the network only the ages are drawn."""
    request = shipped.request
    tier, learned = recipe.TIERS[request.tier], recipe.shipped(shipped.bundle, device=request.device)

    def judge(split: str) -> Figures:
        median = float(np.median(ages("train", shipped.count("train_rows"), seed=request.seed)))
        cohort = recipe.draw(request, tier, split, shipped.count(f"{split}_rows"))
        told = recipe.judged(learned, cohort, median, tier.size, device=request.device)
        return rows(split, cohort) | named(split, told)

    return {split: partial(judge, split) for split in UNSEEN}
