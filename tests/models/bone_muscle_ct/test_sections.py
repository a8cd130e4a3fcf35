"""No more of a volume is painted than somebody looks at."""

import numpy as np
import pytest

from models.bone_muscle_ct.sections import Piece, Sections, boxes_of

SHAPE = (6, 4, 5)


@pytest.fixture
def painted() -> list[int]:
    """Which slices were painted, in this order."""
    return []


@pytest.fixture
def sections(painted: list[int]) -> Sections:
    def paint(k: int) -> np.ndarray:
        painted.append(k)
        return np.full(SHAPE[1:], k, np.uint8)

    return Sections(SHAPE, paint)


def test_a_slice_is_painted_when_it_is_looked_at_and_once(sections: Sections, painted: list[int]) -> None:
    assert painted == []
    assert (sections[2] == 2).all()
    assert sections[2:4, 0, 0].tolist() == [2, 3]
    assert sections[-1].shape == SHAPE[1:]
    assert painted == [2, 3, 5]


def test_as_an_array_it_is_whole(sections: Sections, painted: list[int]) -> None:
    whole = np.asarray(sections)
    assert whole.shape == sections.shape == SHAPE
    assert whole[:, 1, 1].tolist() == painted == [0, 1, 2, 3, 4, 5]
    assert np.unique(sections).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_piece_knows_its_slices_and_lies_where_its_box_does() -> None:
    mask = np.zeros((3, 2, 2), np.bool_)
    mask[1, 0, 1] = True
    piece = Piece(box=(slice(2, 5), slice(1, 3), slice(3, 5)), mask=mask)
    assert piece.slices == [3]
    assert np.argwhere(piece.section(3, (4, 5))).tolist() == [[1, 4]]
    assert not piece.section(2, (4, 5)).any()


def test_each_label_has_its_smallest_box() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:3, 2, 1:4] = 20
    labels[4, 3, 4] = 26
    labels[5, 1, 1] = 26
    assert boxes_of(labels) == {
        20: (slice(1, 3), slice(2, 3), slice(1, 4)),
        26: (slice(4, 6), slice(1, 4), slice(1, 5)),
    }
    assert boxes_of(labels * 0) == {}
