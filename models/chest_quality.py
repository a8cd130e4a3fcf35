"""What every result of a frontal chest says of the picture's faults: those that are suspected, and what goes unseen."""

from models.chest_position import PositionNet, position_notes, position_of
from models.framing import Array
from models.straight_metal import metal_note

UNSEEN_NOTE = (
    "Not every fault is recognised: a picture that is blurred, shows metal, or is of a child where an adult is stated,"
    " or the reverse, may be read all the same."
)


def quality_notes(net: PositionNet, pixels: Array) -> tuple[str, ...]:
    """Remarks on a picture that passed the checks. pixels: float32 (rows, columns)."""
    return (*position_notes(position_of(net, pixels)), *metal_note(pixels), UNSEEN_NOTE)
