import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import registry
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.pipeline import load
from models.cap_mortality_cxr.reader import load_reader
from screening.errors import WeightsMismatch
from screening.findings import Findings
from screening.header import Header
from screening.images import Radiograph
from screening.types import ClinicalContext, Patient
from training.phantoms.chest.phantom import make_phantom

BUNDLE = registry.bundle("cap_mortality_cxr")


def changed(folder: Path, **sections: Any) -> Path:
    shutil.copytree(BUNDLE, folder / "bundle")
    path = folder / "bundle" / "configs" / "opportune.json"
    values = json.loads(path.read_text())
    for name, section in sections.items():
        if section is None:
            values.pop(name)
        else:
            values[name] = {**values.get(name, {}), **section}
    path.write_text(json.dumps(values))
    return folder / "bundle"


def node_says(bundle: Path, pixels: np.ndarray) -> float:
    model = load(bundle, device="cpu", threads=1, settings=None)
    image = Radiograph(pixels=pixels, spacing=None, sop_instance_uid="1.2.3", header=Header({}))
    found = model.predict(image, Patient(age_years=70, sex="F"), ClinicalContext())
    assert isinstance(found, Findings)
    return float(found.groups[0].measurements[0].value) / 100


@pytest.mark.parametrize("again", [{}, {"recalibration": {"risk": {"method": "intercept", "intercept": 1.0,
                                                                   "slope": 1.0}}}])  # fmt: skip
def test_what_is_judged_is_what_the_node_says(again: dict[str, Any], tmp_path: Path) -> None:
    bundle = changed(tmp_path, calibration=again)
    pixels = make_phantom(11, longest_side=200).pixels
    reader = load_reader(bundle)
    square, _ = preprocess.prepare(pixels, reader.size)
    risk = reader.recalibrated("risk", reader.probabilities(square[None]))[0]
    assert risk == pytest.approx(node_says(bundle, pixels), abs=6e-5)
    if again:
        before = reader.probabilities(square[None])[0]
        assert np.log(risk / (1 - risk)) == pytest.approx(np.log(before / (1 - before)) + 1)


def test_a_bundle_without_the_section_has_no_combination(tmp_path: Path) -> None:
    assert load_reader(changed(tmp_path, combined=None)).combination is None
    assert load_reader(BUNDLE).combination is not None


def test_another_preprocessing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMismatch, match="preprocessing"):
        load_reader(changed(tmp_path, preprocessing={"version": "0"}))


def test_a_lacking_section_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMismatch, match="gate"):
        load_reader(changed(tmp_path, gate=None))
