import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from screening.card import Evidence, ModelCard
from screening.errors import WeightsMismatch

WEIGHTS = b"weights of a tiny model"


def values(**changes: Any) -> dict[str, Any]:
    return {
        "name": "cap_mortality_cxr",
        "version": "0.1.0",
        "title": "30-day mortality in pneumonia",
        "evidence": "simulation",
        "intended_use": "tests",
        "population": "phantoms",
        "limits": ["not for patients"],
        "reference": "a paper",
        "series_base": 9010,
        "input_size": [224, 224],
        "weights_file": "models/model.safetensors",
        "weights_sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "trained_on": "phantoms, seed 1",
    } | changes


def write_bundle(folder: Path, content: Any) -> Path:
    (folder / "configs").mkdir()
    (folder / "models").mkdir()
    (folder / "configs" / "opportune.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "models" / "model.safetensors").write_bytes(WEIGHTS)
    return folder


def test_load(tmp_path: Path) -> None:
    card = ModelCard.load(write_bundle(tmp_path, {"card": values(), "preprocessing": {}}))
    assert card.evidence is Evidence.SIMULATION
    assert card.input_size == (224, 224)
    assert card.limits == ("not for patients",)


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        None,
        "card",
        {"card": None},
        {"card": values(evidence="clinical")},
        {"card": values(name="Upper Case")},
        {"card": values(weights_sha256="abc")},
        {"card": values(version="../../etc")},
        {"card": values(version="")},
        {"card": values(version="1" * 33)},
        {"card": values(weights_file="../model.safetensors")},
        {"card": values(weights_file="/model.safetensors")},
        {"card": values(weights_file="models/model.pt")},
        {"card": values(weights_file="models/\x1b[31m.safetensors")},
        {"card": {key: value for key, value in values().items() if key != "limits"}},
    ],
)
def test_malformed_cards_are_refused_with_their_path(tmp_path: Path, content: Any) -> None:
    with pytest.raises(WeightsMismatch, match=r"model card .*opportune\.json cannot be read"):
        ModelCard.load(write_bundle(tmp_path, content))


def test_what_is_wrong_in_a_card_is_one_line_that_names_it(tmp_path: Path) -> None:
    wrong = values(evidence="clinical")
    del wrong["limits"]
    with pytest.raises(WeightsMismatch) as caught:
        ModelCard.load(write_bundle(tmp_path, {"card": wrong}))
    text = str(caught.value)
    assert "\n" not in text
    assert "evidence: Input should be 'simulation', 'research' or 'site-validated'" in text
    assert "limits: Field required" in text


def test_missing_card(tmp_path: Path) -> None:
    with pytest.raises(WeightsMismatch, match=r"opportune\.json cannot be read"):
        ModelCard.load(tmp_path)


def test_broken_card(tmp_path: Path) -> None:
    (write_bundle(tmp_path, {}) / "configs" / "opportune.json").write_bytes(b"\xff{")
    with pytest.raises(WeightsMismatch, match=r"opportune\.json cannot be read"):
        ModelCard.load(tmp_path)


def test_verify(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path, {"card": values()})
    assert ModelCard.load(bundle).verify(bundle) == bundle / "models" / "model.safetensors"


def test_verify_refuses_other_weights(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path, {"card": values()})
    (bundle / "models" / "model.safetensors").write_bytes(WEIGHTS + b".")
    with pytest.raises(WeightsMismatch, match=r"have SHA-256 .* the card says"):
        ModelCard.load(bundle).verify(bundle)


def test_verify_refuses_missing_weights(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path, {"card": values()})
    (bundle / "models" / "model.safetensors").unlink()
    with pytest.raises(WeightsMismatch, match="weights of cap_mortality_cxr cannot be read"):
        ModelCard.load(bundle).verify(bundle)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ("simulation", "NOT FOR CLINICAL USE"),
        ("research", "NOT FOR DIAGNOSTIC USE"),
        ("site-validated", "UNVERIFIED"),
    ],
)
def test_every_level_has_a_banner(tmp_path: Path, evidence: str, words: str) -> None:
    card = ModelCard.load(write_bundle(tmp_path, {"card": values(evidence=evidence)}))
    assert words in card.banner
    assert card.banner.isupper()
