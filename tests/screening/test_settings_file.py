import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from screening.dashboard_settings import Dashboard
from screening.log_settings import Audit, Log
from screening.monitoring_settings import Metrics, Notify
from screening.settings import (
    DeliverySettings,
    Destination,
    Indication,
    ModelSettings,
    Node,
    Peer,
    Retention,
    Settings,
    Tls,
    WorkerSettings,
    load,
)
from screening.settings_file import SECTIONS, reference, render, write_reference
from screening.signatures import Signatures

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def uncommented() -> str:
    """The file with the `#` of every setting taken away."""
    return re.sub(r"^#(?! )", "", render(), flags=re.MULTILINE)


def keys(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if field.description and name not in ("indication", "models"):
            yield name, field.description


def test_as_rendered_it_means_all_defaults(tmp_path: Path) -> None:
    path = tmp_path / "opportune.toml"
    path.write_text(render(), encoding="utf-8")
    assert tomllib.loads(render()) == {"node": {}, "signatures": {}, "worker": {}, "delivery": {}}
    assert load({}, path) == Settings()


def test_with_every_setting_uncommented_it_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "opportune.toml"
    path.write_text(uncommented(), encoding="utf-8")
    settings = load({}, path)
    assert (settings.node, settings.worker, settings.delivery) == (Node(), WorkerSettings(), DeliverySettings())
    assert settings.peers[0].ae_title == "CT1"
    assert settings.destinations[0].ae_title == "ORTHANC"
    assert settings.models["cap_mortality_cxr"].indication.words == ("pneumonia",)


def test_every_setting_appears_with_its_description() -> None:
    found = tomllib.loads(uncommented())
    model = found["models"]["cap_mortality_cxr"]
    places: list[tuple[type[BaseModel], dict[str, Any]]] = [
        (Settings, found),
        (Node, found["node"]),
        (Tls, found["tls"]),
        (Peer, found["peers"][0]),
        (Destination, found["destinations"][0]),
        (ModelSettings, model),
        (Indication, model["indication"]),
        (Signatures, found["signatures"]),
        (WorkerSettings, found["worker"]),
        (DeliverySettings, found["delivery"]),
        (Log, found["log"]),
        (Audit, found["audit"]),
        (Retention, found["retention"]),
        (Dashboard, found["dashboard"]),
        (Metrics, found["metrics"]),
        (Notify, found["notify"]),
    ]
    assert {place for place, _ in places} == {section.model for section in SECTIONS}
    text = render()
    for kind, values in places:
        for name, description in keys(kind):
            assert name in values, name
            assert f"# {description}" in text


def test_allowed_values_are_told() -> None:
    assert "(auto, cpu, cuda)" in render()
    assert "(list of: simulation, research, site-validated)" in render()
    assert "(whole number at least 0 and at most 65535)" in render()
    assert "(number at least 1)" in render()  # one that may be unset


def test_lines_are_ascii() -> None:
    assert render().isascii()


def test_reference_is_the_page() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: make docs"


def test_reference_has_a_row_for_every_setting() -> None:
    text = reference()
    for section in SECTIONS:
        for name, description in keys(section.model):
            assert re.search(rf"^\| `{name}` \| .* \| {re.escape(description)} \|$", text, re.MULTILINE), name


def test_write_reference(tmp_path: Path) -> None:
    write_reference(tmp_path / "settings.md")
    assert (tmp_path / "settings.md").read_text(encoding="utf-8") == reference()
