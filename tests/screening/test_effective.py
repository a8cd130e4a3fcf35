"""The settings in force: nothing is left out, no secret is told, and each is said to come from where it comes from."""

from pathlib import Path

import pytest

from screening.effective import Item, changed_since, effective
from screening.settings import CONFIG_NAME, Settings, load

FILE = """
home = "data"
[node]
ae_title = "NODE1"
port = 104
[[peers]]
ae_title = "CT1"
address = "10.1.2.0/24"
[[peers]]
ae_title = "CT2"
address = "10.1.3.4"
[[destinations]]
name = "pacs"
ae_title = "ORTHANC"
address = "pacs.hospital"
port = 4242
[models.cap_mortality_cxr]
enabled = true
[models.cap_mortality_cxr.indication]
words = ["pneumonia"]
"""


@pytest.fixture(autouse=True)
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(CONFIG_NAME).write_text(FILE, encoding="utf-8")


def _items(environ: dict[str, str] | None = None) -> dict[str, Item]:
    given = environ or {}
    return {item.key: item for part in effective(load(given), given) for item in part.items}


def _keys(prefix: str, values: object) -> set[str]:
    """Every key of a dump, as a person writes it."""
    if isinstance(values, dict) and values:
        return {found for key, item in values.items() for found in _keys(f"{prefix}.{key}" if prefix else key, item)}
    if isinstance(values, list) and any(isinstance(item, dict) for item in values):
        return {found for number, item in enumerate(values) for found in _keys(f"{prefix}[{number}]", item)}
    return {prefix}


def test_every_setting_is_there_with_its_meaning() -> None:
    found = _items()
    assert set(found) == _keys("", load({}).model_dump(mode="json"))
    assert all(item.description and item.value for item in found.values())


def test_without_peers_destinations_and_models_there_are_none() -> None:
    keys = [part.key for part in effective(Settings(), {})]
    assert "" in keys
    assert "node" in keys
    assert not any(key.startswith(("peers", "destinations", "models")) for key in keys)


def test_values_are_written_as_in_the_file() -> None:
    found = _items()
    assert found["node.port"].value == "104"
    assert found["node.ae_title"].value == '"NODE1"'
    assert found["peers[1].ae_title"].value == '"CT2"'
    assert found["models.cap_mortality_cxr.indication.words"].value == '["pneumonia"]'
    assert found["models.cap_mortality_cxr.enabled"].value == "true"
    assert found["notify.again_hours"].value == "24"
    assert found["database_url"].value == "unset"


def test_where_each_comes_from() -> None:
    found = _items({"OPPORTUNE_NODE__PORT": "11118", "OPPORTUNE_RETENTION__SPOOL_DAYS": "3"})
    assert found["node.port"].origin == "environment, OPPORTUNE_NODE__PORT"
    assert found["retention.spool_days"].origin == "environment, OPPORTUNE_RETENTION__SPOOL_DAYS"
    for key in ("home", "node.ae_title", "peers[0].ae_title", "models.cap_mortality_cxr.enabled"):
        assert found[key].origin == "file"
    for key in (
        "worker.threads",
        "destinations[0].commitment",
        "notify.again_hours",
        "models.cap_mortality_cxr.queue",
        "database_url",
    ):
        assert found[key].origin == "default"


def test_a_list_of_the_environment_takes_the_place_of_the_files() -> None:
    peers = '[{"ae_title": "MR1", "address": "10.9.9.9"}]'
    found = _items({"OPPORTUNE_PEERS": peers})
    assert found["peers[0].ae_title"].origin == "environment, OPPORTUNE_PEERS"
    assert found["peers[0].certificates"].origin == "default"
    assert "peers[1].ae_title" not in found


def test_a_file_of_a_variable_is_named() -> None:
    Path("secret").write_text("postgresql://u:s3cret@db/opportune", encoding="utf-8")
    found = _items({"OPPORTUNE_DATABASE_URL_FILE": "secret"})
    assert found["database_url"].origin == "environment, OPPORTUNE_DATABASE_URL_FILE"
    assert found["database_url"].value == '"**********"'


def test_what_the_program_itself_gives() -> None:
    parts = effective(Settings(home=Path("elsewhere")), {})
    (home,) = (item for part in parts for item in part.items if item.key == "home")
    assert (home.value, home.origin) == ('"elsewhere"', "file")  # the file has one too; `changed_since` tells
    Path(CONFIG_NAME).unlink()
    parts = effective(Settings(home=Path("elsewhere")), {})
    (home,) = (item for part in parts for item in part.items if item.key == "home")
    assert home.origin == "program"


def test_what_changed_since_the_start() -> None:
    environ = {"OPPORTUNE_DATABASE_URL": "postgresql://u:s3cret@db/opportune"}
    settings = load(environ)
    assert changed_since(settings, environ) == []
    Path(CONFIG_NAME).write_text(FILE.replace("104", "105").replace("10.1.3.4", "10.1.3.5"), encoding="utf-8")
    assert changed_since(settings, environ) == ["node.port", "peers[1].address"]
    other = {"OPPORTUNE_DATABASE_URL": "postgresql://u:0ther@db/opportune"}
    assert "database_url" in (changed_since(settings, other) or [])


def test_a_file_that_is_broken_since_the_start() -> None:
    settings = load({})
    Path(CONFIG_NAME).write_text("[node", encoding="utf-8")
    assert changed_since(settings, {}) is None
    assert [part.key for part in effective(settings, {})][:2] == ["", "node"]
