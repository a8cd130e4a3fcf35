import numpy as np

from models.chest_position import position_net
from models.chest_quality import UNSEEN_NOTE, quality_notes
from models.straight_metal import METAL_NOTE
from tests.models.test_straight_metal import with_rods
from training.phantoms.chest.phantom import make_phantom


def test_what_goes_unseen_is_always_said_and_what_is_suspected_before_it() -> None:
    net, pixels = position_net(), make_phantom(2000, longest_side=192).pixels
    assert quality_notes(net, pixels) == (UNSEEN_NOTE,)
    notes = quality_notes(net, with_rods(np.full((256, 256), 0.3, np.float32)))
    assert METAL_NOTE in notes
    assert notes[-1] == UNSEEN_NOTE
