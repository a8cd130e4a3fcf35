from pathlib import Path

import numpy as np
from PIL import Image

from training.phantoms.child.sheet import AGES, COLUMNS, SIDE, contact_sheet


def test_a_sheet_shows_every_age_and_is_the_same_each_time(tmp_path: Path) -> None:
    contact_sheet(tmp_path / "a.png")
    contact_sheet(tmp_path / "b.png")
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    assert picture.shape == (len(AGES) * SIDE, COLUMNS * SIDE)
    tiles = picture.reshape(len(AGES), SIDE, COLUMNS, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
    assert min(tile.std() for tile in tiles) > 20
    assert len({tile.tobytes() for tile in tiles}) == len(AGES) * COLUMNS
    np.testing.assert_array_equal(picture, np.asarray(Image.open(tmp_path / "b.png")))
