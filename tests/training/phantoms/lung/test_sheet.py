from pathlib import Path

import numpy as np
from PIL import Image

from training.phantoms.lung import sheet
from training.phantoms.lung.person import draw_person


def test_every_tile_shows_something(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    sheet.contact_sheet(path, spacing=(8.0, 6.0, 6.0))
    picture = np.asarray(Image.open(path))
    rows, columns = sheet.TILE
    assert picture.shape == (len(sheet.ROWS) * rows, sheet.COLUMNS * columns)
    tiles = picture.reshape(len(sheet.ROWS), rows, sheet.COLUMNS, columns)
    assert (tiles.std((1, 3)) > 15).all()


def test_patients_are_found_by_their_disease() -> None:
    seed = sheet.find(5, 0.3, 0.5, honeycomb=True, external=True)
    person = draw_person(seed, external=True)
    assert seed >= 5
    assert 0.3 < person.extent < 0.5
    assert person.shares[2] > 0.15


def test_a_window_is_clipped() -> None:
    grey = sheet.windowed(np.array([-2000.0, -600.0, 900.0], np.float32), sheet.LUNG)
    assert grey.tolist() == [0, 127, 255]
