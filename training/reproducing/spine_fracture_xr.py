"""The table of `spine_fracture_xr`."""

from functools import partial

from models.spine_fracture_xr.reader import load_reader
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.recipes import spine_fracture_xr as recipe
from training.reproducing.shipped import UNSEEN, Figures, Parts, Shipped, named, rows

SIMULATOR = SIMULATOR_VERSION


def parts(shipped: Shipped) -> Parts:
    """Pictures whose points are known, then people of the home and of the held-out hospital."""
    request = shipped.request
    tier, reader = recipe.TIERS[request.tier], load_reader(shipped.bundle, device=request.device)

    def keypoints() -> Figures:
        found = recipe.judged_keypoints(
            reader.keypoints, shipped.count("keypoints_pictures"), request, size=reader.keypoint_size,
            device=request.device,
        )  # fmt: skip
        return named("keypoints", found)

    def judge(split: str) -> Figures:
        cohort = recipe.draw(request, tier, split, shipped.count(f"{split}_rows"))
        figures, _ = recipe.judged(reader, cohort, split, request)
        return rows(split, cohort) | named(split, figures)

    return {split: partial(judge, split) for split in UNSEEN} | {"keypoints": keypoints}
