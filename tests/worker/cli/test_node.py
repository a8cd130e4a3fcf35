"""Set-up help: sheet, echo, config check, init, doctor."""

import getpass
from pathlib import Path

import pytest

from db import echoes
from db.engine import transaction
from dicom_node.standin_pacs import Script, StandinPacs
from screening.settings import CONFIG_NAME, load
from tests.servers.postgres import free_port
from tests.worker.cli.command import opportune
from tests.worker.cli.conftest import Configure
from tests.worker.fake_registry import FakeRegistry
from worker.cli.node import connections
from worker.doctor import Check
from worker.ports import Ports

TWO_WAYS = """
[node]
ae_title = "SCREEN"
port = 11119
[[peers]]
ae_title = "CT1"
address = "10.1.2.0/24"
[[peers]]
ae_title = "DX1"
address = "10.1.3.4"
[[destinations]]
name = "pacs"
ae_title = "ARCHIVE"
address = "pacs.hospital"
port = 4242
objects = ["sc", "sr"]
commitment = "storage-commitment"
[[destinations]]
name = "research"
ae_title = "RESEARCH"
address = "10.9.9.9"
port = 104
commitment = "none"
"""


def _pacs(port: int, name: str = "pacs") -> str:
    return f'[[destinations]]\nname = "{name}"\nae_title = "STANDIN"\naddress = "127.0.0.1"\nport = {port}\n'


def test_the_sheet_lists_every_connection(configure: Configure) -> None:
    configure(TWO_WAYS)
    rows = opportune("node", "sheet", "--json").json
    ends = [(row["direction"], row["from"].split(":")[0], row["to"].split("@")[0], row["service"]) for row in rows]
    assert ends == [
        ("in", "CT1@10.1.2.0/24", "SCREEN", "C-ECHO, C-STORE"),
        ("in", "DX1@10.1.3.4/32", "SCREEN", "C-ECHO, C-STORE"),
        ("out", rows[2]["from"].split(":")[0], "ARCHIVE", "C-ECHO, C-STORE, N-ACTION"),
        ("in", "ARCHIVE@pacs.hospital", "SCREEN", "N-EVENT-REPORT"),
        ("out", rows[4]["from"].split(":")[0], "RESEARCH", "C-ECHO, C-STORE"),
    ]
    assert all(row["to"].endswith(":11119") for row in rows if row["direction"] == "in")
    assert rows[2]["to"] == "ARCHIVE@pacs.hospital:4242"
    assert rows[2]["note"] == "sends sc, sr; accepts evidence research, site-validated"


def test_the_sheet_for_people_holds_the_same(configure: Configure) -> None:
    configure(TWO_WAYS)
    ended = opportune("node", "sheet")
    for row in connections(load()):
        assert all(value in ended.out for value in row.values())


def test_a_sheet_without_connections_says_so() -> None:
    assert opportune("node", "sheet").out == "DICOM connections: none\n"


def test_a_destination_that_asks_by_find_says_so(configure: Configure) -> None:
    configure(_pacs(104))
    (row,) = opportune("node", "sheet", "--json").json
    assert row["service"] == "C-ECHO, C-STORE, C-FIND"


def test_echo_succeeds(configure: Configure, tmp_path: Path) -> None:
    pacs = StandinPacs(tmp_path / "pacs")
    configure(_pacs(pacs.start()))
    try:
        ended = opportune("node", "echo", "pacs", "--json")
    finally:
        pacs.stop()
    assert ended.status == 0
    told = ended.json
    assert 0 <= told.pop("milliseconds") < 10_000
    assert told == {
        "destination": "pacs", "ok": True, "outcome": "success", "detail": "C-ECHO answered with Success", "advice": "",
    }  # fmt: skip
    assert "not kept: there is no database" in ended.err


def test_echo_says_that_it_was_rejected_and_why(configure: Configure, tmp_path: Path) -> None:
    pacs = StandinPacs(tmp_path / "pacs", script=Script(rejection=(1, 1, 3)))
    configure(_pacs(pacs.start()))
    try:
        ended = opportune("node", "echo", "pacs")
    finally:
        pacs.stop()
    assert ended.status == 1
    assert "rejected the association" in ended.out
    assert "Calling AE title not recognised" in ended.out


def test_echo_says_that_nobody_listens(configure: Configure) -> None:
    configure(_pacs(free_port()))
    ended = opportune("node", "echo", "pacs")
    assert ended.status == 1
    assert "connection refused" in ended.out
    assert "no program listens on this port" in ended.out


def test_echo_is_kept_once_the_node_has_run(configure: Configure, node: Ports) -> None:
    configure(_pacs(free_port()))
    assert opportune("node", "echo", "pacs").err == ""
    with transaction(node.sessions, read_only=True) as s:
        (kept,) = echoes.of_destination(s, "pacs")
    assert (kept.ok, kept.outcome, kept.who) == (False, "connection refused", getpass.getuser())


def test_echo_names_the_destinations_that_there_are(configure: Configure) -> None:
    configure(TWO_WAYS)
    ended = opportune("node", "echo", "pac")
    assert ended.status == 1
    assert ended.words == "opportune: there is no destination 'pac'; known: pacs, research"


def test_config_check_shows_what_holds_and_hides_secrets(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(TWO_WAYS)
    monkeypatch.setenv("OPPORTUNE_DATABASE_URL", "postgresql://u:s3cret@db/opportune")
    monkeypatch.setenv("OPPORTUNE_BROKER_URL", "redis://:s3cret@broker:6379/0")
    monkeypatch.setenv("OPPORTUNE_NODE__PORT", "11118")
    as_json, as_table = opportune("config", "check", "--json"), opportune("config", "check")
    assert as_json.status == as_table.status == 0
    assert as_json.json["node"]["port"] == 11118
    assert as_json.json["destinations"][0]["name"] == "pacs"
    for key in ("node.port", "peers[1].ae_title", "destinations[0].commitment", "worker.lease_seconds"):
        assert key in as_table.out
    for ended in (as_json, as_table):
        assert "s3cret" not in ended.out + ended.err
        assert "**********" in ended.out


def test_config_check_names_the_key_the_value_and_what_is_allowed(configure: Configure) -> None:
    configure('[node]\nport = "dicom"\n[worker]\nlease_second = 3\n')
    ended = opportune("config", "check")
    assert ended.status == 2
    assert "node.port = 'dicom'" in ended.err
    assert "worker.lease_second: there is no such setting; allowed are" in ended.err
    assert "lease_seconds" in ended.err


def test_config_check_does_not_show_a_wrong_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPPORTUNE_DATABASE_URL", "mysql://u:s3cret@db/opportune")
    ended = opportune("config", "check")
    assert ended.status == 2
    assert "database_url: must begin with postgresql://" in ended.err
    assert "s3cret" not in ended.err


def test_init_writes_settings_that_load(tmp_path: Path) -> None:
    ended = opportune("init")
    assert ended.status == 0
    assert "opportune config check" in ended.out
    assert load({}, tmp_path / CONFIG_NAME) == load({}, None)
    assert opportune("config", "check").status == 0


def test_init_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("# mine", encoding="utf-8")
    ended = opportune("init", path)
    assert ended.status == 1
    assert "exists and is left as it is" in ended.words
    assert path.read_text(encoding="utf-8") == "# mine"


def test_init_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    ended = opportune("init", tmp_path / "absent" / "opportune.toml")
    assert ended.status == 1
    assert "cannot be written: No such file or directory" in ended.words


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_doctor_ends_with_1_when_a_check_fails(monkeypatch: pytest.MonkeyPatch, ok: bool, status: int) -> None:
    checks = [Check(name="home", ok=True, detail="9 MB free"), Check(name="broker", ok=ok, detail="check broker_url")]
    monkeypatch.setattr("worker.doctor.examine", lambda *_, **__: checks)
    as_json, as_table = opportune("doctor", "--json"), opportune("doctor")
    assert as_json.status == as_table.status == status
    assert as_json.json[1] == {"check": "broker", "ok": ok, "detail": "check broker_url"}
    assert ("FAILED" in as_table.out) == (not ok)


def test_doctor_looks_for_real(registry: FakeRegistry, configure: Configure, node: Ports) -> None:
    registry.selectors = {}
    configure(_pacs(free_port()))
    found = {item["check"]: item for item in opportune("doctor", "--json").json}
    assert found["database"]["ok"]
    assert not found["destination pacs"]["ok"]
    assert set(found) - {item["check"] for item in opportune("doctor", "--local", "--json").json} == {
        "destination pacs"
    }
    assert found["broker"]["ok"]
    assert "no [[peers]] are set" in found["peers"]["detail"]
