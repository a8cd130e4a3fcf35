"""Every check says what it saw or what to mend, and none keeps the others from looking."""

import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dicom_node.standin_pacs import StandinPacs
from models.engines import openvino_import
from models.engines.cache import Cache
from screening.settings import ModelSettings, Node, Peer, Settings, Tls, WorkerSettings, load
from tests.servers.postgres import free_port
from tests.servers.redis import RedisServer
from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import MODEL, make_card, make_ports, pacs
from worker import doctor
from worker.doctor import Check, examine

WEIGHTS = b"weights"


@pytest.fixture(autouse=True)
def _sandbox_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried in tests/worker/sandbox/test_confinement.py: no child is started for each test here."""
    monkeypatch.setattr(doctor, "kept_from", lambda _: {"network": True})


@pytest.fixture
def bundle(registry: FakeRegistry, tmp_path: Path) -> Path:
    """A bundle whose weights are those of the card."""
    registry.folder = tmp_path / "bundle"
    registry.the_card = make_card(weights_sha256=hashlib.sha256(WEIGHTS).hexdigest())
    (registry.folder / "models").mkdir(parents=True)
    (registry.folder / "models" / "model.safetensors").write_bytes(WEIGHTS)
    return registry.folder


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[int]:
    """The port of a PACS that answers."""
    made = StandinPacs(tmp_path / "pacs")
    yield made.start()
    made.stop()


def _settings(folder: Path, port: int, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "home": folder / "home",
        "node": Node(minimum_free_mb=1),
        "peers": (Peer(ae_title="CT1", address="10.1.2.3"),),
        "destinations": (pacs(port),),
        "models": {MODEL: ModelSettings(enabled=True, when="indication")},
    }
    return Settings(**{**values, **changes})


def _examine(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in examine(settings)}


def test_a_healthy_node(bundle: Path, standin: int, tmp_path: Path) -> None:
    settings = _settings(tmp_path, standin)
    make_ports(settings.home)
    found = _examine(settings)
    assert [check.detail for check in found.values() if not check.ok] == []
    assert list(found) == [
        "home", "permissions", "database", "spool", "broker", "peers", "tls", "models", "sandbox", "engine",
        f"weights of {MODEL}", "destination pacs",
    ]  # fmt: skip
    assert "sqlite, up to date" in found["database"].detail
    assert found["models"].detail == f"{MODEL} (indication)"
    assert found["peers"].detail == "1 may send, 0 by TLS; WARNING: without TLS: CT1"
    assert found["tls"].detail.startswith("off: nothing is encrypted")
    assert found["destination pacs"].detail == "C-ECHO answered with Success"


def test_the_weights_in_force_are_looked_at(bundle: Path, registry: FakeRegistry, tmp_path: Path) -> None:
    own = tmp_path / "own"
    registry.own[own] = make_card(version="2.0.0", weights_sha256=hashlib.sha256(b"own").hexdigest()), "d" * 64
    settings = _settings(tmp_path, free_port(), models={MODEL: ModelSettings(enabled=True, bundle=own)})
    missing = _examine(settings)[f"weights of {MODEL}"]
    assert not missing.ok
    assert str(own) in missing.detail
    (own / "models").mkdir(parents=True)
    (own / "models" / "model.safetensors").write_bytes(b"own")
    found = _examine(settings)[f"weights of {MODEL}"]
    assert found.ok
    assert found.detail.startswith("version 2.0.0, SHA-256 ")
    assert found.detail.endswith(f"as on the card, the site's own in {own}")


def test_it_says_what_the_child_is_kept_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = _settings(tmp_path, free_port())
    monkeypatch.setattr(doctor, "kept_from", lambda _: {"network": True, "writing": True})
    assert _examine(settings)["sandbox"].detail == "the child is kept from network, writing"
    monkeypatch.setattr(doctor, "kept_from", lambda _: {"network": True, "writing": False})
    check = _examine(settings)["sandbox"]
    assert check.detail == "the child is kept from network; NOT from writing (this kernel does not offer it)"
    off = settings.model_copy(update={"worker": WorkerSettings(confined=False)})
    monkeypatch.setattr(doctor, "kept_from", lambda _: {"network": False})
    found = _examine(off)["sandbox"]
    assert found.detail == "the child is kept from nothing; NOT from network (worker.confined is false)"


def test_it_says_which_engine_runs_the_models(registry: FakeRegistry, tmp_path: Path) -> None:
    settings = _settings(tmp_path, free_port())
    name = f"OpenVINO {metadata.version('openvino')}"
    waiting = _examine(settings)["engine"]
    assert waiting.ok
    assert waiting.detail == f"{name}, 0 of 1 models compiled; torch runs {MODEL} until the worker has done so"
    Cache(settings.engine_cache).write(MODEL, registry.config_digest(MODEL), {"trunk": b"compiled"})
    assert _examine(settings)["engine"].detail == f"{name}, 1 of 1 models compiled"
    plain = settings.model_copy(update={"worker": WorkerSettings(engine="torch")})
    assert _examine(plain)["engine"].detail == "torch (worker.engine is torch, worker.device auto)"


def test_an_engine_that_is_asked_for_and_not_installed_is_ill(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(openvino_import, "find_spec", lambda _: None)
    settings = _settings(tmp_path, free_port())
    assert _examine(settings)["engine"].ok
    check = _examine(settings.model_copy(update={"worker": WorkerSettings(engine="openvino")}))["engine"]
    assert not check.ok
    assert check.detail == "worker.engine is openvino, which is not installed: pip install openvino"


def test_compiled_networks_are_for_the_nodes_user_alone(bundle: Path, tmp_path: Path) -> None:
    settings = _settings(tmp_path, free_port())
    make_ports(settings.home)
    settings.engine_cache.mkdir()
    settings.engine_cache.chmod(0o755)
    check = _examine(settings)["permissions"]
    assert not check.ok
    assert check.detail == f"{settings.engine_cache} is open to other users (mode 0755): chmod 0700 it"


def test_what_is_elsewhere_is_not_asked_when_only_this_computer_is_looked_at(bundle: Path, tmp_path: Path) -> None:
    settings = _settings(tmp_path, free_port())
    make_ports(settings.home)
    found = {check.name: check.ok for check in examine(settings, local=True)}
    looked_at = ("home", "permissions", "database", "spool", "broker", "peers", "tls", "models", "sandbox", "engine")
    assert found == dict.fromkeys((*looked_at, f"weights of {MODEL}"), True)


def test_a_database_that_is_not_there_yet_is_told_and_not_made(bundle: Path, standin: int, tmp_path: Path) -> None:
    settings = _settings(tmp_path, standin)
    check = _examine(settings)["database"]
    assert not check.ok
    assert check.detail == f"there is no database in {settings.home} yet; start the node to make it"
    assert list(settings.home.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("DELETE FROM alembic_version", "start the node to bring it up to date"),
        ("UPDATE alembic_version SET version_num = '9999'", "install the release that wrote it"),
    ],
)
def test_a_schema_of_another_release_is_told_and_left_as_it_is(
    bundle: Path, tmp_path: Path, change: str, wanted: str
) -> None:
    engine = make_ports(tmp_path / "home").sessions.kw["bind"]
    with engine.begin() as connection:
        connection.execute(text(change))
        before = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    check = _examine(_settings(tmp_path, free_port()))["database"]
    assert not check.ok
    assert wanted in check.detail
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == before


def test_whatever_is_wrong_is_all_told_at_once(bundle: Path, tmp_path: Path) -> None:
    (bundle / "models" / "model.safetensors").write_bytes(b"others")
    values = {"OPPORTUNE_DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:1/none"}
    urls = load(values | {"OPPORTUNE_BROKER_URL": f"redis://:s3cret@127.0.0.1:{free_port()}/0"})
    (tmp_path / "home" / "spool").mkdir(parents=True)
    (tmp_path / "home" / "spool").chmod(0o755)
    settings = _settings(
        tmp_path, free_port(), peers=(), models={MODEL: ModelSettings()}, node=Node(minimum_free_mb=2**40),
        database_url=urls.database_url, broker_url=urls.broker_url,
        tls=Tls(certificate=tmp_path / "a.pem", key=tmp_path / "a.key", ca=tmp_path / "ca.pem"),
    )  # fmt: skip
    found = _examine(settings)
    assert [check.name for check in found.values() if check.ok] == ["sandbox", "engine"]
    wanted = {
        "home": "node.minimum_free_mb is",
        "permissions": "is open to other users",
        "database": "the database does not answer",
        "spool": "the database does not answer",
        "broker": "check broker_url",
        "peers": "no [[peers]] are set",
        "tls": "a.key cannot be used: no such file",
        "models": "no model is enabled",
        f"weights of {MODEL}": "the card says",
        "destination pacs": "connection refused",
    }
    for name, words in wanted.items():
        assert words in found[name].detail
    assert "s3cret" not in str(found)


def test_a_home_that_cannot_be_made(bundle: Path, standin: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = _examine(_settings(tmp_path, standin, home=tmp_path / "file" / "home"))
    assert not found["home"].ok
    assert not found["database"].ok
    assert found["destination pacs"].ok


@pytest.mark.redis
def test_a_broker_that_answers(bundle: Path, standin: int, tmp_path: Path, redis_server: RedisServer) -> None:
    broker = load({"OPPORTUNE_BROKER_URL": redis_server.url}).broker_url
    found = _examine(_settings(tmp_path, standin, broker_url=broker))
    assert found["broker"] == Check(name="broker", ok=True, detail="redis answers")


def test_a_host_that_does_not_see_the_spool(bundle: Path, tmp_path: Path) -> None:
    settings = _settings(tmp_path, free_port())
    ports = make_ports(settings.home)
    assert _examine(settings)["spool"].detail == f"{settings.spool}: the one that the listener writes to"
    database = f"sqlite:///{ports.settings.home / 'opportune.sqlite'}"
    elsewhere = load({"OPPORTUNE_HOME": str(tmp_path / "worker"), "OPPORTUNE_DATABASE_URL": database})
    check = _examine(elsewhere)["spool"]
    assert not check.ok
    assert f"{elsewhere.spool}/owner is missing" in check.detail
    assert not elsewhere.spool.exists(), "looking made a spool"


def test_a_spool_that_others_can_read(bundle: Path, standin: int, tmp_path: Path) -> None:
    settings = _settings(tmp_path, standin)
    ports = make_ports(settings.home)
    (settings.spool / "a" / "b").chmod(0o755)
    check = _examine(settings)["permissions"]
    assert not check.ok
    assert "a/b is open to other users (mode 0755): chmod 0700 it" in check.detail
    (settings.spool / "a" / "b").chmod(0o700)
    (ports.settings.home / "opportune.sqlite").chmod(0o640)
    assert (
        "opportune.sqlite is open to other users (mode 0640): chmod 0600 it" in _examine(settings)["permissions"].detail
    )
