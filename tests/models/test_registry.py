import json
import subprocess
import sys
from pathlib import Path

import pytest

from models import registry
from screening.errors import UnknownModel, WeightsMismatch


def test_a_folder_with_a_bundle_is_a_model() -> None:
    assert "cap_mortality_cxr" in registry.names()
    assert registry.card("cap_mortality_cxr").name == "cap_mortality_cxr"


@pytest.mark.parametrize("ask", [registry.card, registry.selector, registry.config_digest, registry.load])
def test_an_unknown_name_is_said_so(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(UnknownModel, match="cap_mortality_cxr"):
        ask("no_such_model")


def test_the_digest_follows_what_changes_numbers() -> None:
    plain = registry.config_digest("cap_mortality_cxr")
    assert plain == registry.config_digest("cap_mortality_cxr", ())
    assert len({plain, registry.config_digest("cap_mortality_cxr", (10.0,)),
                registry.config_digest("cap_mortality_cxr", (10.0, 20.0))}) == 3  # fmt: skip


def test_the_digest_follows_the_configuration_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = registry.bundle("cap_mortality_cxr") / "configs" / "opportune.json"
    target = tmp_path / "cap_mortality_cxr" / "bundle" / "configs"
    target.mkdir(parents=True)
    (tmp_path / "cap_mortality_cxr" / "selection.py").write_text("")
    values = json.loads(source.read_text())
    (target / "opportune.json").write_text(json.dumps(values))
    registry.card.cache_clear()
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    before = registry.config_digest("cap_mortality_cxr")
    values["calibration"]["platt"]["slope"] += 0.5
    (target / "opportune.json").write_text(json.dumps(values))
    assert registry.config_digest("cap_mortality_cxr") != before
    values["card"]["name"] = "another"
    (target / "opportune.json").write_text(json.dumps(values))
    registry.card.cache_clear()
    with pytest.raises(WeightsMismatch, match="another"):
        registry.card("cap_mortality_cxr")
    registry.card.cache_clear()


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
