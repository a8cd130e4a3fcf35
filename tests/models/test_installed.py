"""The bundle in force for each model, as people are told of it."""

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models import installed, registry
from models.installed import LISTED, PLAINLY, RELEASED, SIGNED, UNSIGNED, WRONG
from screening import manifest
from screening.card import Evidence
from screening.errors import UnknownModel
from screening.settings import ModelSettings, Settings
from screening.signatures import Signatures

NAME = "pediatric_age_cxr"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A site's own bundle: a copy of the shipped one."""
    return Path(shutil.copytree(registry.bundle(NAME), tmp_path / "own"))


def _settings(folder: Path, bundle: Path | None = None, keys: tuple[str, ...] = ()) -> Settings:
    models = {NAME: ModelSettings(enabled=True, bundle=bundle)}
    return Settings(home=folder, models=models, signatures=Signatures(trusted_keys=keys))


def test_each_shipped_bundle_is_that_of_the_release(tmp_path: Path) -> None:
    found = installed.installed(Settings(home=tmp_path))
    assert [item.name for item in found] == registry.names()
    for item in found:
        assert (item.integrity.state, item.integrity.good, item.shipped) == (RELEASED, True, True)
        assert item.card is not None
        assert item.card.evidence is Evidence.SIMULATION
        assert set(item.about) == {"question", "input", "output", "not for"}
        assert item.evaluation is not None


def test_every_level_of_evidence_is_told_plainly() -> None:
    assert set(PLAINLY) == set(Evidence)
    assert "simulator" in PLAINLY[Evidence.SIMULATION]
    assert "Not for clinical use" in PLAINLY[Evidence.SIMULATION]


def test_when_it_runs_is_the_sites_word_or_the_models(tmp_path: Path) -> None:
    found = {item.name: item.when for item in installed.installed(Settings(home=tmp_path))}
    assert (found[NAME], found["ssc_ild_mortality_ct"]) == ("always", "indication")
    settings = Settings(home=tmp_path, models={NAME: ModelSettings(when="manual")})
    assert installed.one(settings, NAME).when == "manual"


def test_an_own_bundle_with_and_without_list_and_signature(tmp_path: Path, own: Path) -> None:
    assert installed.one(_settings(tmp_path, own), NAME).integrity.state == UNSIGNED
    (own / manifest.MANIFEST).write_text(manifest.text_of(manifest.digests(own)))
    assert installed.one(_settings(tmp_path, own), NAME).integrity.state == LISTED
    key = Ed25519PrivateKey.generate()
    manifest.sign(own, key)
    trusted = manifest.public_key(key)
    assert installed.one(_settings(tmp_path, own, (trusted,)), NAME).integrity.state == SIGNED
    stranger = installed.one(_settings(tmp_path, own), NAME).integrity
    assert (stranger.state, stranger.good) == (WRONG, False)
    assert "by no key" in stranger.detail


def test_a_bundle_that_was_changed_is_seen_at_the_next_look(tmp_path: Path, own: Path) -> None:
    settings = _settings(tmp_path, own)
    assert installed.one(settings, NAME).integrity.good
    weights = own / "models" / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"x")
    found = installed.one(settings, NAME)
    assert found.integrity.state == WRONG
    assert "SHA-256" in found.integrity.detail
    assert found.card is not None


def test_a_card_that_cannot_be_read_is_told_and_no_error(tmp_path: Path, own: Path) -> None:
    (own / "configs" / "opportune.json").write_text("{")
    found = installed.one(_settings(tmp_path, own), NAME)
    assert found.card is None
    assert "cannot be read" in found.integrity.detail


def test_the_evidence_of_what_is_on_the_node_but_not_in_force(tmp_path: Path, own: Path) -> None:
    settings = _settings(tmp_path)
    assert installed.evidence_of(settings)[NAME, "0.1.0"] is Evidence.SIMULATION
    card = own / "configs" / "opportune.json"
    text = card.read_text().replace('"simulation"', '"research"').replace('"version": "0.1.0"', '"version": "2.0"', 1)
    card.write_text(text)
    shutil.copytree(own, settings.bundles / "imported")
    found = installed.evidence_of(settings)
    assert (found[NAME, "2.0"], found[NAME, "0.1.0"]) == (Evidence.RESEARCH, Evidence.SIMULATION)


def test_there_is_no_such_model(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel):
        installed.one(Settings(home=tmp_path), "no_such_model")
