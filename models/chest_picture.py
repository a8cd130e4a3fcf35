"""A radiograph that shall be a frontal chest: its checks, and what network and checks both need, worked out once."""

from functools import cached_property

from models.chest_position import Position, PositionNet, check_whole, position_of
from models.chest_quality import quality_notes
from models.framing import Array, Scaled, scaled
from models.frontal_gate import PERCENTILES, FrontalNet, Refusal, check_values, check_view


class ChestPicture:
    """One picture, float32 (rows, columns) in 0..1, bone bright; it must not change.

    Parameters
    ----------
    pixels
        The picture.
    gate, threshold
        What tells a frontal chest, and the log odds that it must give.
    position
        What tells how the chest lies.
    """

    def __init__(self, pixels: Array, gate: FrontalNet, threshold: float, position: PositionNet) -> None:
        self.pixels = pixels
        self._gate, self._threshold, self._net = gate, threshold, position

    @cached_property
    def between(self) -> Scaled:
        """The picture between the percentiles that the checks go by."""
        return scaled(self.pixels, *PERCENTILES)

    @cached_property
    def position(self) -> Position:
        """How the chest lies in it."""
        return position_of(self._net, self.pixels, between=self.between)

    def refusal(self) -> Refusal | None:
        """What speaks against its being a whole upright frontal chest, or None."""
        refused = check_values(self.pixels)
        if refused is None:
            refused = check_view(self._gate, self.pixels, self._threshold, between=self.between)
        return check_whole(self.position) if refused is None else refused

    def notes(self) -> tuple[str, ...]:
        """Remarks on a picture that is not refused."""
        return quality_notes(self.position, self.pixels)
