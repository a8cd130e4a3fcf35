from pathlib import Path

import numpy as np
from PIL import Image

from training.phantoms.spine.film_sheet import ROWS, SIDE, contact_sheet


def test_a_sheet_shows_every_kind(tmp_path: Path) -> None:
    contact_sheet(tmp_path / "a.png", columns=1)
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    assert picture.shape == (len(ROWS) * SIDE, SIDE)
    tiles = picture.reshape(len(ROWS), SIDE, SIDE)
    assert min(tile.std() for tile in tiles) > 20
    assert len({tile.tobytes() for tile in tiles}) == len(ROWS)
