"""A spine of boxes on a sacrum, as the network would see it."""

import numpy as np
import torch

from models.bone_muscle_ct.labelling import BODY, SACRUM
from models.bone_muscle_ct.segmentation import HU, LEVELS, TISSUES, Probabilities, Triple

SPACING: Triple = (3.0, 3.0, 3.0)
PITCH = 12  # voxels from body to body
SHAPE = (PITCH * len(LEVELS) + 4, 32, 32)
ARCH, PSOAS = TISSUES.index("arch"), TISSUES.index("psoas")


def spine(*, first: int = 0, last: int = len(LEVELS) - 1, without: int | None = None) -> Probabilities:
    """Bodies `first`..`last` of LEVELS with T10 at the top, an arch behind each; the last level is the sacrum."""
    classes = torch.zeros(len(TISSUES), *SHAPE)
    classes[0] = 1
    for level in range(first, last + 1):
        bottom = (len(LEVELS) - 1 - level) * PITCH + 2
        low = level == len(LEVELS) - 1
        for depth, tissue in ((slice(8, 18), SACRUM if low else BODY), (slice(18, 26), SACRUM if low else ARCH)):
            if level != without:
                put(classes, tissue, (slice(bottom, bottom + 9), depth, slice(10, 22)))
    put(classes, PSOAS, (slice(2, SHAPE[0] - 2), slice(8, 18), slice(24, 30)))
    return Probabilities(classes=classes, spacing=SPACING)


def put(classes: torch.Tensor, tissue: int, box: tuple[slice, slice, slice]) -> None:
    """Make a box of one tissue."""
    classes[(slice(None), *box)] = 0
    classes[(tissue, *box)] = 1


def hounsfield(found: Probabilities, *, trabecular: float = 150.0, muscle: float = 40.0) -> HU:
    """float32 HU: bone, psoas, fat around."""
    best = found.classes.argmax(0).numpy()
    hu = np.full(best.shape, -100.0, np.float32)
    hu[(best > 0) & (best < PSOAS)] = trabecular
    hu[best >= PSOAS] = muscle
    return hu
