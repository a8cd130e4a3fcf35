"""Files of a site: of the modality that is asked for, or named with what they are."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from training.cohorts.site_images import WrongModality, read_site_radiograph, read_site_volume
from training.simulate import SIMULATORS


@pytest.fixture(scope="module")
def radiograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("child")
    SIMULATORS["pediatric_age_cxr"](folder, 1, 3, lambda: None)
    return next(folder.glob("*/*.dcm"))


def test_a_radiograph_is_read(radiograph: Path) -> None:
    image = read_site_radiograph(radiograph)
    assert image.pixels.ndim == 2
    assert np.ptp(image.pixels) > 0


def test_a_radiograph_is_no_volume(radiograph: Path) -> None:
    with pytest.raises(WrongModality, match=r"must have Modality CT, got DX"):
        read_site_volume([radiograph.parent])


@pytest.mark.parametrize(("stated", "said"), [("MR", "got MR"), ("", "got not stated"), ("Doe^Jane", "got not stated")])
def test_another_modality_is_named_and_free_text_is_not(
    radiograph: Path, tmp_path: Path, stated: str, said: str
) -> None:
    data = pydicom.dcmread(radiograph)
    with pydicom.config.disable_value_validation():
        data.Modality = stated
        data.save_as(tmp_path / "other.dcm")
    with pytest.raises(WrongModality, match=said):
        read_site_radiograph(tmp_path / "other.dcm")
