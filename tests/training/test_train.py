import json
from pathlib import Path

import numpy as np
import pytest

from models.cap_mortality_cxr.pipeline import load
from screening.errors import ConfigurationError, UnknownModel
from screening.findings import Findings, NotEvaluable
from screening.header import Header
from screening.images import Radiograph
from screening.types import ClinicalContext, Patient
from training.fitting import cap_mortality_cxr as fitting
from training.phantoms.chest.phantom import make_phantom
from training.recipes import cap_mortality_cxr as recipe
from training.train import train, trainable


def test_what_can_be_trained_is_found() -> None:
    assert trainable() == ["cap_mortality_cxr"]


def test_wrong_names_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="no_such_model"):
        train("no_such_model", "tiny", tmp_path)
    with pytest.raises(ConfigurationError, match="tiny, small, reference"):
        train("cap_mortality_cxr", "huge", tmp_path)


@pytest.mark.slow
def test_a_training_leaves_a_bundle_that_the_pipeline_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = fitting.Tier(
        train=60, validation=60, test=60, external=60, size=64, stored=64, stages=((64, 240),), batch=12
    )
    monkeypatch.setitem(fitting.TIERS, "tiny", short)
    monkeypatch.setitem(recipe.GATE_STEPS, "tiny", 20)
    monkeypatch.setitem(recipe.GATE_REFUSED, "tiny", 6)
    stages: set[str] = set()
    result = train("cap_mortality_cxr", "tiny", tmp_path, seed=3, progress=lambda stage, *_: stages.add(stage))
    assert {"train", "gate", "phantoms:train", "phantoms:test"} <= stages
    assert result.bundle == tmp_path / "bundle"
    assert json.loads((result.bundle / "docs" / "results.json").read_text()) == dict(result.metrics)
    assert 0 <= result.metrics["test_auc_low"] <= result.metrics["test_auc"] <= result.metrics["test_auc_high"] <= 1
    assert result.metrics["test_oracle_auc"] > 0.6
    model = load(result.bundle, device="cpu", threads=1, settings=None)
    assert model.card.input_size == (64, 64)
    assert "seed 3" in model.card.trained_on
    image = Radiograph(
        pixels=make_phantom(1, longest_side=200).pixels, spacing=None, sop_instance_uid="1.2", header=Header({})
    )
    outcome = model.predict(image, Patient(age_years=50.0, sex="F"), ClinicalContext())
    assert isinstance(outcome, Findings | NotEvaluable)
    assert np.isfinite(list(result.metrics.values())).all()
