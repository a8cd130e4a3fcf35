"""Long straight dense lines on a chest radiograph: rods of a mended spine, plates. A remark where two are seen.

Thin bright lines are what a one-dimensional opening across them takes away (Soille, Morphological Image Analysis). Two
are asked for, as rods come in pairs and leads, tubes, fissures and the edge of a rib hardly do. Metal that a picture
shows as white as what lies around it, wires, screws and cement are not seen: limits are assumptions, figures are in
docs/quality-control.md.
"""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.framing import Array, robust_scale, shrunk

LONGEST = 256  # pixels
FLAT = 0.06  # of the range: a row or column that varies less lies beyond the field
WIDEST = 9  # pixels across, 15 mm of 430: wider is bone
BRIGHTER = 0.2  # than what lies beside it, of the range
GAP = 7  # pixels along a line that may be as bright as what lies beside it
STRAIGHT = 2.0  # pixels (SD) across a line
SHORTEST = 0.2  # of the longer side: 86 mm of 430
EDGE = 0.05  # of the longer side: marks and the edge of the field lie there
RANGE = (1.0, 99.0)  # percentiles

METAL_NOTE = (
    "Two long straight dense lines are seen, as rods of a mended spine make them: the model has learned from nobody"
    " with such metal."
)


def metal_note(pixels: Array) -> tuple[str, ...]:
    """The remark, if there is one to make. pixels: float32 (rows, columns)."""
    return (METAL_NOTE,) if second_longest(pixels) >= SHORTEST else ()


def second_longest(pixels: Array) -> float:
    """Length of the second longest straight dense line, as a share of the longer side."""
    picture = robust_scale(_field(shrunk(pixels, LONGEST)), *RANGE)
    thin = picture - ndimage.grey_opening(picture, (1, WIDEST)) > BRIGHTER
    margin = round(EDGE * max(picture.shape))
    inner = np.zeros_like(thin)
    inner[margin:-margin, margin:-margin] = thin[margin:-margin, margin:-margin]
    labels, _ = ndimage.label(ndimage.binary_closing(inner, np.ones((GAP, 1))), np.ones((3, 3)))
    found = [_length(labels[box] == k) for k, box in enumerate(ndimage.find_objects(labels), start=1)]
    return float(sorted([0.0, 0.0, *found])[-2] / max(picture.shape))


def _length(line: npt.NDArray[np.bool_]) -> float:
    """Pixels from end to end, 0 for what is not straight."""
    places = np.argwhere(line)
    if len(places) < GAP:
        return 0.0
    across, along = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(places.T)), 0.0))
    return float(along * np.sqrt(12)) if across < STRAIGHT else 0.0  # SD of what is evenly spread over a length


def _field(picture: Array) -> Array:
    """Without the rows and columns at the edge that show nothing."""
    least = FLAT * float(np.ptp(np.percentile(picture, (0.5, 99.5))))
    rows, columns = (np.flatnonzero(np.ptp(np.percentile(picture, (5, 95), axis=k), axis=0) > least) for k in (1, 0))
    if rows.size < LONGEST // 8 or columns.size < LONGEST // 8:
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
