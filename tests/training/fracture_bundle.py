"""A bundle of the fracture model whose networks have learnt nothing."""

from dataclasses import replace
from pathlib import Path

import torch

from models import ood
from models.breslow import Baseline
from models.hrnet import KeypointHRNet
from models.spine_fracture_xr.calibration import Calibration
from models.spine_fracture_xr.clinical import ARMS, CoxModel
from models.spine_fracture_xr.network import FEATURES, PARTNERS, FractureNet
from training.bundle import write_bundle
from training.fitting.spine_hazard import TIERS
from training.recipes.spine_fracture_texts import content
from training.recipes.spine_fracture_xr import Keypoints, Parts
from training.request import TrainingRequest


def write_untrained(folder: Path) -> Path:
    """Write it, and return its folder: canvas of 48 pixels, keypoints at 64; Cox model 1 has 0.05 for each year."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    training, validation = (torch.rand(60, FEATURES, generator=generator) for _ in range(2))
    cox = {
        arm: CoxModel(
            items=items, means=(60.0, *[0.0] * (len(items) - 1)), coefficients=(0.05, *[0.0] * (len(items) - 1))
        )
        for arm, items in ARMS.items()
    }
    parts = Parts(
        tier=replace(TIERS["tiny"], shown=48), net=FractureNet(width=0.25).eval(), cox=cox,
        blends=dict.fromkeys(PARTNERS, (0.7, 0.3)),
        keypoints=Keypoints(network=KeypointHRNet(5, 8).eval(), width=8, size=64),
        calibration=Calibration(
            slope=1.0, quantiles=(-1.0, 0.0, 1.0),
            baseline=Baseline(times=(0.5, 2.0, 4.0), cumulative_hazard=(0.01, 0.03, 0.06), follow_up=6.0),
        ),
        constants=ood.fit_ood(training, validation),
    )  # fmt: skip
    write_bundle(folder, content(TrainingRequest(tier="tiny", out=folder.parent), parts, {"train_rows": 0.0}))
    return folder
