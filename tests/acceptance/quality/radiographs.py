"""What can be wrong with a radiograph, and what each of the three models makes of it."""

from collections.abc import Mapping

import numpy as np

from tests.acceptance.quality.defects import Change, Defect
from tests.acceptance.quality.pictures import drawn

CAP, CHILD, SPINE = "cap_mortality_cxr", "pediatric_age_cxr", "spine_fracture_xr"
SEEDS: Mapping[str, int] = {CAP: 5, CHILD: 5, SPINE: 6}
"""Of the study that is spoiled."""

TURNS: Mapping[str, Change] = {
    "grey scale inverted, its tag right": drawn(lambda image: 1 - image),
    "upside down": drawn(lambda image: image[::-1]),
    "turned by 90 degrees": drawn(np.rot90),
    "turned by 180 degrees": drawn(lambda image: image[::-1, ::-1]),
}

ROWS: tuple[Defect, ...] = (
    *(Defect(model, name, change, "not-a-frontal-chest") for model in (CAP, CHILD) for name, change in TURNS.items()),
)
