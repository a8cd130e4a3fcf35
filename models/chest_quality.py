"""What a result of a frontal chest says of the picture's faults. What goes unseen stands in the limits of the card."""

from models.chest_position import Position, position_notes
from models.framing import Array
from models.straight_metal import metal_note


def quality_notes(position: Position, pixels: Array) -> tuple[str, ...]:
    """Remarks on a picture that passed the checks. pixels: float32 (rows, columns)."""
    return (*position_notes(position), *metal_note(pixels))
