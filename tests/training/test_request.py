from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from training.request import TrainingRequest, TrainingResult, silent


def test_a_request_needs_no_real_radiographs_and_does_not_change() -> None:
    request = TrainingRequest(tier="tiny", out=Path("out"), seed=1, device="cpu", workers=2, progress=silent)
    assert request.frontal is None
    with pytest.raises(FrozenInstanceError):
        request.seed = 2  # type: ignore[misc]


@pytest.mark.parametrize("kind", [TrainingRequest, TrainingResult])
def test_everything_is_named(kind: type[TrainingRequest | TrainingResult]) -> None:
    assert all(field.kw_only for field in fields(kind))


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    silent("phantoms:train", 1, 2)
    assert capsys.readouterr() == ("", "")
