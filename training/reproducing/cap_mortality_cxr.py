"""The table of `cap_mortality_cxr`."""

from functools import partial

from training.phantoms.chest.phantom import SIMULATOR_VERSION
from training.recipes import cap_mortality_cxr as recipe
from training.reproducing.shipped import UNSEEN, Figures, Parts, Shipped, named

SIMULATOR = SIMULATOR_VERSION


def parts(shipped: Shipped) -> Parts:
    """Patients of the home and of the held-out hospital."""
    request = shipped.request
    tier, learned = recipe.TIERS[request.tier], recipe.shipped(shipped.bundle, device=request.device)

    def judge(split: str) -> Figures:
        cohort = recipe.draw(request, tier, split, shipped.count(f"{split}_patients"))
        return named(split, recipe.judged(learned, cohort, tier.size, device=request.device))

    return {split: partial(judge, split) for split in UNSEEN}
