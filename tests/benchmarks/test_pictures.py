"""The pictures of the radiologist's guide are made by the shipped software, and the page shows all of them."""

import re
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import pictures
from dicom_node.reports.colours import BANNER
from screening.card import Evidence

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "radiologists-guide.md"


@pytest.mark.slow
def test_they_are_made_of_simulated_patients(tmp_path: Path) -> None:
    made = pictures.write(tmp_path / "guide", seed=5)
    shown = re.findall(r"\]\((guide/.+?\.png)\)", PAGE.read_text(encoding="utf-8"))
    assert sorted(f"guide/{path.name}" for path in made) == sorted(shown)
    for path in made:
        with Image.open(path) as picture:
            assert max(picture.size) == pictures.WIDTH
            corner = picture.convert("RGB").getpixel((5, 5))
            assert corner == pytest.approx(BANNER[Evidence.SIMULATION][0], abs=2), "the banner of the evidence level"


def test_the_pages_pictures_are_there() -> None:
    for name in re.findall(r"\]\((guide/.+?\.png)\)", PAGE.read_text(encoding="utf-8")):
        with Image.open(PAGE.parent / name) as picture:
            assert max(picture.size) == pictures.WIDTH
