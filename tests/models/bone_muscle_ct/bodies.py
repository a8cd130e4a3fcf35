"""A spine of boxes with known levels, as the network would see it."""

import numpy as np
import torch

from models.bone_muscle_ct.segmentation import CLASSES, LEVELS, Probabilities, Triple

SPACING: Triple = (3.0, 3.0, 3.0)
PITCH = 12  # voxels from body to body
SHAPE = (PITCH * len(LEVELS) + 4, 32, 32)


def spine(
    *, first: int = 0, last: int = len(LEVELS) - 1, named: dict[int, int] | None = None, sure: float = 0.97
) -> Probabilities:
    """Bodies `first`..`last` of LEVELS, T10 at the top, an arch behind each; named: level -> what the network says."""
    classes = torch.full((CLASSES, *SHAPE), (1 - sure) / (CLASSES - 1))
    classes[0] = sure
    body = torch.zeros(SHAPE)
    for level in range(first, last + 1):
        bottom = (len(LEVELS) - 1 - level) * PITCH + 2
        for depth, part in ((slice(8, 18), 1.0), (slice(18, 26), 0.0)):
            box = (slice(bottom, bottom + 9), depth, slice(10, 22))
            classes[(slice(None), *box)] = (1 - sure) / (CLASSES - 1)
            classes[(1 + (named or {}).get(level, level), *box)] = sure
            body[box] = part
    psoas = (slice(2, SHAPE[0] - 2), slice(8, 18), slice(24, 30))
    classes[(slice(None), *psoas)] = (1 - sure) / (CLASSES - 1)
    classes[(1 + len(LEVELS), *psoas)] = sure
    return Probabilities(classes=classes, body=body, spacing=SPACING)


def hounsfield(found: Probabilities, *, trabecular: float = 150.0, muscle: float = 40.0) -> np.ndarray:
    """float32 HU: bone (a shell of 400 around the bodies), psoas, fat around."""
    best = found.classes.argmax(0).numpy()
    hu = np.full(best.shape, -100.0, np.float32)
    bone = (best > 0) & (best <= len(LEVELS))
    hu[bone] = trabecular
    hu[best > len(LEVELS)] = muscle
    return hu
