"""What speaks for an older child and what for a younger one, as a map over the picture."""

import numpy as np
import torch
from torch.nn import functional

from models.framing import Array
from models.pediatric_age_cxr.preprocess import Placement
from screening.findings import Heatmap

ENDS = ("younger", "older")
FLATTEST = 0.01  # months; places that differ by less are told alike; assumption
LEAST_CELLS = 1.5  # of the network's map along a side of the picture; below, there is nothing to compare; assumption


def heat_of(contributions: Array, placement: Placement, sop_instance_uid: str) -> Heatmap | None:
    """The map over the analysed part of the picture, or None where the picture is too small for one.

    Only differences from place to place mean anything: the mean over the picture is taken off, and the largest
    magnitude becomes 1.

    Parameters
    ----------
    contributions
        float32 (cells, cells), months: what raises the age is positive.
    placement
        Where the picture lies in the network's square.
    sop_instance_uid
        Of the picture.
    """
    frame, size = placement.frame, placement.size
    (rows, columns), (down, right) = frame.inner, frame.offset
    if min(rows, columns) * contributions.shape[0] < LEAST_CELLS * size:
        return None
    cells = torch.from_numpy(np.ascontiguousarray(contributions))[None, None]
    square = functional.interpolate(cells, size=(size, size), mode="bicubic", align_corners=False)[0, 0].numpy()
    top, left = placement.margin + down, placement.margin + right
    part = square[top : top + rows, left : left + columns]
    apart = part - part.mean()
    most = np.abs(apart).max()
    box = (placement.left, placement.top, placement.left + frame.columns, placement.top + frame.rows)
    return Heatmap(
        values=np.asarray(apart / most if most > FLATTEST else 0 * apart, np.float32).clip(-1, 1),
        box=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
        sop_instance_uid=sop_instance_uid,
        ends=ENDS,
    )
