"""A segmentation without faults: what the simulator knows of a CT."""

import numpy as np

from models.bone_muscle_ct.labelling import Body, Segmentation
from models.bone_muscle_ct.segmentation import LEVELS, MUSCLES
from training.phantoms.spine.muscles import LABELS
from training.phantoms.spine.phantom import SpineCT


def true_segmentation(ct: SpineCT) -> Segmentation:
    """Masks and middles of the bodies as they were painted, T11-L5."""
    table = np.zeros(256, np.uint8)
    for name, number in LABELS.items():
        table[number] = 1 + MUSCLES.index(name)
    found = []
    for level in LEVELS:
        if level in ct.truth.keypoints:
            index = ct.grid.index(ct.truth.keypoints[level])
            centre = np.array([(i + 0.5) * s for i, s in zip(index, ct.spacing, strict=True)])
            found.append(Body(level=level, centre=centre, volume=30.0))
    return Segmentation(
        vertebrae=ct.vertebra_labels, bodies=ct.vertebra_labels > 0, muscles=table[ct.muscle_labels],
        levels=tuple(found), doubtful=False, spacing=ct.spacing,
    )  # fmt: skip
