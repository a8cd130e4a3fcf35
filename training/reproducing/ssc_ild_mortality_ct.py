"""The table of `ssc_ild_mortality_ct`."""

from functools import partial

from models.ssc_ild_mortality_ct.reader import load_reader
from training.phantoms.lung.phantom import SIMULATOR_VERSION
from training.recipes import ssc_ild_mortality_ct as recipe
from training.reproducing.shipped import UNSEEN, Figures, Parts, Shipped, named, rows

SIMULATOR = SIMULATOR_VERSION


def parts(shipped: Shipped) -> Parts:
    """All scans of patients of the home and of the held-out hospital."""
    request = shipped.request
    tier, reader = recipe.TIERS[request.tier], load_reader(shipped.bundle, device=request.device)

    def judge(split: str) -> Figures:
        cohort = recipe.draw(request, tier, split, shipped.count(f"{split}_patients"))
        return rows(split, cohort) | named(split, recipe.judged(reader, cohort, split, request))

    return {split: partial(judge, split) for split in UNSEEN}
