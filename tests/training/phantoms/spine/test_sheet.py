"""The contact sheet shows slices and labels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.phantoms.spine import sheet
from training.phantoms.spine.phantom import make_spine_ct


def test_grey_follows_the_window() -> None:
    found = sheet.grey(np.array([[-1000.0, 120.0, 3000.0]], np.float32))
    assert found.shape == (1, 3, 3)
    assert found[0, :, 0].tolist() == [0, 128, 255]


def test_labels_are_coloured_and_the_rest_is_not() -> None:
    plane = np.full((1, 4, 3), 100, np.uint8)
    found = sheet.coloured(plane, np.array([[0, 20, 21, 0]], np.uint8), np.array([[0, 0, 0, 1]], np.uint8))
    assert found[0, 0].tolist() == [100, 100, 100]
    assert len({tuple(pixel) for pixel in found[0]}) == 4


def test_planes_of_a_ct() -> None:
    ct = make_spine_ct(1, spacing=(4.0, 4.0, 4.0))
    l1, axial, labelled, sagittal, tall = sheet.planes(ct)
    assert l1.shape == axial.shape == labelled.shape == (*ct.hu.shape[1:], 3)
    assert sagittal.shape == tall.shape == (ct.hu.shape[0], ct.hu.shape[1], 3)
    assert not np.array_equal(axial, labelled)


def test_sheet_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "COLUMNS", 1)
    monkeypatch.setattr(sheet, "SPACING", (5.0, 4.0, 4.0))
    sheet.contact_sheet(tmp_path / "sheet.png")
    picture = Image.open(tmp_path / "sheet.png")
    assert picture.size == (sheet.SIDE, 5 * sheet.SIDE)
    assert np.asarray(picture).std() > 20
