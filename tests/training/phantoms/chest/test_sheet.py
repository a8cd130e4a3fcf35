from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.phantoms.chest import sheet


def test_a_sheet_shows_every_view_and_is_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "SIDE", 96)
    for name in ("a.png", "b.png"):
        sheet.contact_sheet(tmp_path / name)
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    rows, columns = len(sheet.ROWS), sheet.FRONTAL + 1
    assert picture.shape == (rows * 96, columns * 96)
    tiles = picture.reshape(rows, 96, columns, 96).swapaxes(1, 2).reshape(-1, 96, 96)
    assert min(tile.std() for tile in tiles) > 20
    assert len({tile.tobytes() for tile in tiles}) == rows * columns
    np.testing.assert_array_equal(picture, np.asarray(Image.open(tmp_path / "b.png")))
