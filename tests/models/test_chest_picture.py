"""What is worked out once is what each would have worked out by itself."""

import numpy as np
import pytest

from models import frontal_gate
from models.cap_mortality_cxr import preprocess as adults
from models.chest_picture import ChestPicture
from models.chest_position import position_net, position_of
from models.chest_quality import quality_notes
from models.framing import Array
from models.frontal_gate import SHARED_THRESHOLD, check_view, shared_gate
from models.pediatric_age_cxr import preprocess as children
from training.phantoms.chest.phantom import make_phantom


@pytest.fixture(scope="module")
def pixels() -> Array:
    return make_phantom(2000, longest_side=320).pixels


@pytest.fixture(scope="module")
def picture(pixels: Array) -> ChestPicture:
    return ChestPicture(pixels, shared_gate(), SHARED_THRESHOLD, position_net())


def test_checks_and_remarks_are_those_of_the_picture_alone(picture: ChestPicture, pixels: Array) -> None:
    assert picture.refusal() is None
    assert picture.position == position_of(position_net(), pixels)
    assert picture.notes() == quality_notes(picture.position, pixels)


def test_what_a_check_refuses_is_refused_in_the_same_words(pixels: Array) -> None:
    over = ChestPicture(np.ascontiguousarray(pixels[::-1]), shared_gate(), SHARED_THRESHOLD, position_net())
    assert over.refusal() == check_view(shared_gate(), over.pixels, SHARED_THRESHOLD)
    assert over.refusal() is not None
    blank = ChestPicture(np.zeros((300, 300), np.float32), shared_gate(), SHARED_THRESHOLD, position_net())
    refusal = blank.refusal()
    assert refusal is not None
    assert refusal.code == "image-blank"


def test_networks_get_the_same_picture_with_it_and_without(picture: ChestPicture, pixels: Array) -> None:
    assert adults.PERCENTILES == children.PERCENTILES == frontal_gate.PERCENTILES
    alone, _ = adults.prepare(pixels, 64)
    assert np.array_equal(adults.prepare(pixels, 64, between=picture.between)[0], alone)


@pytest.mark.parametrize("collimated", [0, 40])
def test_a_child_is_shown_the_same_with_a_collimator_and_without_one(pixels: Array, collimated: int) -> None:
    shown = pixels[40:-40, 40:-40].copy()
    shown[:collimated] = shown[:, :collimated] = 0
    picture = ChestPicture(shown, shared_gate(), SHARED_THRESHOLD, position_net())
    alone = children.prepare(shown, (1.0, 1.0), 96)
    together = children.prepare(shown, (1.0, 1.0), 96, between=picture.between)
    assert np.array_equal(together.square, alone.square)
    assert together.placement == alone.placement
    assert (alone.placement.frame.rows, alone.placement.top) == (shown.shape[0] - collimated, collimated)
