"""Which pixels of a child's radiograph show which part of the chest. Parts overlap, as they do in a projection."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from training.phantoms.chest.organs import APEX, great_vessels, heart
from training.phantoms.chest.skeleton import spine
from training.phantoms.child.bones import child_skeleton
from training.phantoms.child.outline import mediastinum
from training.phantoms.child.phantom import ChildPhantom

Mask = npt.NDArray[np.bool_]

NAMES = ("spine", "mediastinum", "heart", "bone", "lung")
DEPTH = 10.0  # body units that a part must be thick to be seen; assumption
MINERAL = 3.0  # likewise of bone; assumption


def regions(phantom: ChildPhantom) -> Mapping[str, Mask]:
    """Masks (rows, columns) of the phantom's picture, without the few degrees by which the child is rolled.

    "mediastinum": great vessels and thymus. "bone": ribs, shoulders, arms and jaw, not the spine. "lung": the lung
    fields that neither heart nor mediastinum cover.
    """
    shape, canvas = phantom.child.shape, phantom.canvas
    chest = (canvas.y > -APEX * shape.lung_height) & (canvas.y < (1.1 - APEX) * shape.lung_height)
    column = spine(shape, canvas) > 0.5 * MINERAL
    core = heart(shape, canvas) > DEPTH
    vessels, _ = great_vessels(shape, canvas)
    between = ((vessels > 0.5 * vessels.max()) | (mediastinum(phantom.child, canvas) > DEPTH)) & chest & ~core
    bones = child_skeleton(phantom.child, canvas, np.random.default_rng(phantom.seed)) > MINERAL
    return {
        "spine": column,
        "mediastinum": between,
        "heart": core,
        "bone": bones & ~column,
        "lung": (phantom.mask > 0.5) & ~core & ~between,
    }
