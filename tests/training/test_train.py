from pathlib import Path

import pytest

from screening.errors import ConfigurationError, UnknownModel
from training.recipes import cap_mortality_cxr as recipe
from training.request import TrainingRequest, TrainingResult, silent
from training.train import train, trainable


def test_what_can_be_trained_is_found() -> None:
    assert trainable() == ["cap_mortality_cxr"]


def test_wrong_names_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="no_such_model"):
        train("no_such_model", "tiny", tmp_path)
    with pytest.raises(UnknownModel, match="cap_mortality_texts"):
        train("cap_mortality_texts", "tiny", tmp_path)
    with pytest.raises(ConfigurationError, match="tiny, small, reference"):
        train("cap_mortality_cxr", "huge", tmp_path)


def test_the_recipe_gets_what_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[TrainingRequest] = []
    result = TrainingResult(
        model_name="cap_mortality_cxr", tier="small", seed=4, bundle=tmp_path / "bundle", history=(), metrics={}
    )

    def run(request: TrainingRequest) -> TrainingResult:
        told.append(request)
        return result

    monkeypatch.setattr(recipe, "run", run)
    real = tmp_path / "real"
    came = train("cap_mortality_cxr", "small", tmp_path, seed=4, device="cuda", workers=3, frontal=real)
    assert came is result
    assert told == [
        TrainingRequest(
            tier="small", out=tmp_path, seed=4, device="cuda", workers=3, progress=silent, frontal=real
        )
    ]  # fmt: skip
