"""The table of `bone_muscle_ct`."""

from functools import cache, partial

from training.cohorts.bone_muscle_data import BoneMuscleCohort
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.recipes import bone_muscle_ct as recipe
from training.reproducing.shipped import UNSEEN, Figures, Parts, Shipped, named, rows

SIMULATOR = SIMULATOR_VERSION


def parts(shipped: Shipped) -> Parts:
    """People of the home and of the held-out hospital, some of the latter by their whole CT, and CTs as scanned."""
    request = shipped.request
    tier, learned = recipe.TIERS[request.tier], recipe.shipped(shipped.bundle, device=request.device)

    @cache
    def people(split: str) -> BoneMuscleCohort:
        return recipe.draw(request, tier, split, shipped.count(f"{split}_rows"))

    def judge(split: str) -> Figures:
        told = recipe.judged(request, tier, learned, people(split))
        return rows(split, people(split)) | named(split, told)

    def whole() -> Figures:
        return recipe.judged_whole(request, tier, learned, people("external"), shipped.count("whole_people"))

    def segmentation() -> Figures:
        count = shipped.count("segmentation_people")
        return recipe.judged_segmentation(request, learned.networks.segmentation, count)

    return {split: partial(judge, split) for split in UNSEEN} | {"whole": whole, "segmentation": segmentation}
