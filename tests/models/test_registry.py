import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models import registry
from models.cap_mortality_cxr.curb65 import CONTEXT_ITEMS
from models.spine_fracture_xr import referral
from screening.codes import PNEUMONIA, CodedName
from screening.context_items import ITEMS
from screening.errors import ConfigurationChanged, UnknownModel, WeightsMismatch
from screening.settings import ModelSettings
from screening.types import ClinicalContext

NAME = "cap_mortality_cxr"


def test_a_folder_with_a_bundle_is_a_model() -> None:
    assert "cap_mortality_cxr" in registry.names()
    assert registry.card("cap_mortality_cxr").name == "cap_mortality_cxr"


def test_a_model_may_name_the_patients_that_it_is_for() -> None:
    own = registry.indication("ssc_ild_mortality_ct")
    assert own is not None
    assert "SSc-ILD" in own.words
    assert registry.indication(NAME) is None


def test_a_model_is_told_of_the_context_only_what_it_reads() -> None:
    asked = CodedName(value="X", scheme="99SITE", meaning="Age assessment: is the patient of age?")
    known = ClinicalContext(diagnoses=(PNEUMONIA, asked), items=dict.fromkeys(ITEMS, 1.0))
    told = {name: registry.relevant(name, known) for name in registry.names()}
    assert {name: set(one.items) for name, one in told.items() if one.items} == {
        "cap_mortality_cxr": set(CONTEXT_ITEMS),
        "spine_fracture_xr": set(referral.YES_NO) | {"bmi"},
    }
    assert {name: one.diagnoses for name, one in told.items() if one.diagnoses} == {"pediatric_age_cxr": (asked,)}


@pytest.mark.parametrize(
    "ask", [registry.card, registry.selector, registry.indication, registry.config_digest, registry.load]
)
def test_an_unknown_name_is_said_so(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(UnknownModel, match="cap_mortality_cxr"):
        ask("no_such_model")


def test_the_digest_follows_what_changes_numbers() -> None:
    plain = registry.config_digest(NAME)
    assert plain == registry.config_digest(NAME, ModelSettings(enabled=True, when="manual"))
    assert len({plain, registry.config_digest(NAME, ModelSettings(thresholds=(10.0,))),
                registry.config_digest(NAME, ModelSettings(thresholds=(10.0, 20.0)))}) == 3  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> ModelSettings:
    """The shipped bundle at another place, as a site's own."""
    return ModelSettings(bundle=shutil.copytree(registry.bundle(NAME), tmp_path / "own"))


def change(settings: ModelSettings, section: str, **values: object) -> None:
    assert settings.bundle is not None
    path = settings.bundle / "configs" / "opportune.json"
    configuration = json.loads(path.read_text())
    configuration[section].update(values)
    path.write_text(json.dumps(configuration))


def test_the_digest_follows_the_configuration_file_and_not_its_place(own: ModelSettings) -> None:
    shipped = registry.config_digest(NAME)
    assert registry.config_digest(NAME, own) == shipped
    change(own, "calibration", platt={"intercept": 0.1, "slope": 1.5})
    assert registry.config_digest(NAME, own) != shipped
    assert registry.config_digest(NAME) == shipped


def test_the_bundle_of_the_settings_is_in_force(own: ModelSettings) -> None:
    change(own, "card", version="7.0.0", evidence="site-validated")
    assert registry.bundle(NAME, own) == own.bundle
    for card in (registry.card(NAME, own), registry.load(NAME, device="cpu", settings=own).card):
        assert (card.version, card.evidence) == ("7.0.0", "site-validated")
    assert registry.card(NAME, ModelSettings()).evidence == "simulation"


def test_a_card_is_read_anew_each_time(own: ModelSettings) -> None:
    assert registry.card(NAME, own).evidence == "simulation"
    change(own, "card", evidence="research")
    assert registry.card(NAME, own).evidence == "research"


def test_the_bundle_of_another_model_is_refused(own: ModelSettings) -> None:
    change(own, "card", name="another")
    for ask in (registry.card, registry.config_digest):
        with pytest.raises(WeightsMismatch, match=f"is that of another, not of {NAME}"):
            ask(NAME, own)
    with pytest.raises(WeightsMismatch, match="is that of another"):
        registry.load(NAME, settings=own)


def test_an_unknown_name_is_unknown_with_a_bundle_too(own: ModelSettings) -> None:
    with pytest.raises(UnknownModel, match=NAME):
        registry.card("no_such_model", own)


def test_work_is_done_under_the_configuration_that_it_was_opened_under(own: ModelSettings) -> None:
    opened_under = registry.config_digest(NAME, own)
    registry.require_config(NAME, opened_under, own)
    change(own, "card", version="7.0.0")
    with pytest.raises(ConfigurationChanged, match=rf"{opened_under[:12]} of {NAME}.* in force is .*, version 7\.0\.0"):
        registry.require_config(NAME, opened_under, own)


def test_listing_cards_and_selectors_need_no_torch() -> None:
    code = (
        "import sys\n"
        "from models import registry\n"
        "for name in registry.names():\n"
        "    registry.card(name), registry.selector(name), registry.config_digest(name)\n"
        "assert registry.names()\n"
        "heavy = {'torch', 'monai', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_shipped_bundle_is_held_to_the_hashes_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.require_untampered(NAME)
    package = shutil.copytree(registry.FOLDER, tmp_path / "models", copy_function=os.link)
    monkeypatch.setattr(registry, "FOLDER", package)
    card = package / NAME / "bundle" / "configs" / "opportune.json"
    changed = card.read_text().replace('"threshold"', ' "threshold"', 1)
    card.unlink()
    card.write_text(changed)
    with pytest.raises(WeightsMismatch, match=rf"{card} is not the file of this release: its SHA-256 is"):
        registry.load(NAME, device="cpu")
    registry.require_untampered("spine_fracture_xr")
    (package / "frontal_gate.safetensors").unlink()
    with pytest.raises(WeightsMismatch, match=r"frontal_gate\.safetensors cannot be read"):
        registry.require_untampered("spine_fracture_xr")


def test_every_shipped_weight_is_pinned() -> None:
    assert registry.PINNED.read_text(encoding="utf-8") == registry.pinned(), "run make docs"
