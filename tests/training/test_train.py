from pathlib import Path
from typing import Any

import pytest

from screening.errors import ConfigurationError, UnknownModel
from training.recipes import cap_mortality_cxr as recipe
from training.request import TrainingRequest, TrainingResult
from training.train import train, trainable


def test_what_can_be_trained_is_found() -> None:
    assert trainable() == [
        "bone_muscle_ct", "cap_mortality_cxr", "pediatric_age_cxr", "spine_fracture_xr", "ssc_ild_mortality_ct",
    ]  # fmt: skip


def _request(out: Path, **changes: Any) -> TrainingRequest:
    return TrainingRequest(**{"tier": "tiny", "out": out, **changes})


def test_wrong_wishes_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="no_such_model"):
        train("no_such_model", _request(tmp_path))
    with pytest.raises(UnknownModel, match="cap_mortality_texts"):
        train("cap_mortality_texts", _request(tmp_path))
    with pytest.raises(ConfigurationError, match="tiny, small, reference"):
        train("cap_mortality_cxr", _request(tmp_path, tier="huge"))
    with pytest.raises(ConfigurationError, match="not both"):
        train("cap_mortality_cxr", _request(tmp_path, cohort=tmp_path / "cohort.csv", patients=3))


def test_the_recipe_gets_what_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[TrainingRequest] = []
    result = TrainingResult(
        model_name="cap_mortality_cxr", tier="small", seed=4, bundle=tmp_path / "bundle", history=(), metrics={}
    )

    def run(request: TrainingRequest) -> TrainingResult:
        told.append(request)
        return result

    monkeypatch.setattr(recipe, "run", run)
    request = _request(tmp_path, tier="small", seed=4, device="cuda", workers=3, frontal=tmp_path / "real")
    assert train("cap_mortality_cxr", request) is result
    assert told == [request]
