"""Weights that come as a pickle: which file, and what becomes of the card."""

import json
import shutil
from pathlib import Path

import pytest

from models import registry
from screening import manifest
from screening.card import ModelCard
from screening.errors import BundleRefused
from tests.worker.ports import MODEL
from worker.pickled import convert, pickled_weights


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A bundle with model.pt where its card names model.safetensors."""
    folder = shutil.copytree(registry.bundle(MODEL), tmp_path / "own")
    (folder / "models" / "model.safetensors").unlink()
    (folder / "models" / "model.pt").write_bytes(b"pickle")
    _name(folder, manifest.digest(folder / "models" / "model.pt"))
    return folder


def _name(folder: Path, sha256: str) -> None:
    path = folder / "configs" / "opportune.json"
    values = json.loads(path.read_text())
    values["card"]["weights_sha256"] = sha256
    path.write_text(json.dumps(values))


def _unpickle(source: Path, target: Path) -> None:
    assert source.read_bytes() == b"pickle"
    target.write_bytes(b"tensors")


def test_a_pickle_counts_only_where_the_weights_are_missing(own: Path) -> None:
    assert pickled_weights(own) == Path("models/model.pt")
    (own / "models" / "model.safetensors").write_bytes(b"")
    assert pickled_weights(own) is None
    assert pickled_weights(own / "models") is None


def test_the_card_names_what_was_made(own: Path) -> None:
    before = json.loads((own / "configs" / "opportune.json").read_text())
    convert(own / "models" / "model.pt", own, _unpickle)
    card = ModelCard.load(own)
    assert card.verify(own).read_bytes() == b"tensors"
    after = json.loads((own / "configs" / "opportune.json").read_text())
    assert after | {"card": 0} == before | {"card": 0}


def test_another_pickle_than_the_card_names_is_not_opened(own: Path) -> None:
    _name(own, "0" * 64)
    with pytest.raises(BundleRefused, match=r"model\.pt has SHA-256 .*, the card says 0000"):
        convert(own / "models" / "model.pt", own, _never)


@pytest.mark.parametrize("name", [manifest.MANIFEST, manifest.SIGNATURE])
def test_a_bundle_with_a_manifest_is_not_changed(own: Path, name: str) -> None:
    (own / name).write_text("")
    with pytest.raises(BundleRefused, match="a pickle in a bundle with a manifest"):
        convert(own / "models" / "model.pt", own, _never)


def _never(source: Path, target: Path) -> None:
    raise AssertionError("it was opened")
