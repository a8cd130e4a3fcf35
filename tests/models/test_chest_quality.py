import numpy as np

from models.chest_position import position_net, position_of
from models.chest_quality import quality_notes
from models.straight_metal import METAL_NOTE
from tests.models.test_straight_metal import with_rods
from training.phantoms.chest.phantom import make_phantom


def test_what_is_suspected_is_said_and_nothing_of_a_usual_picture() -> None:
    net, pixels = position_net(), make_phantom(2000, longest_side=192).pixels
    position = position_of(net, pixels)
    assert quality_notes(position, pixels) == ()
    assert METAL_NOTE in quality_notes(position, with_rods(np.full((256, 256), 0.3, np.float32)))
