"""Destinations, for programs."""

from pathlib import Path

from db import conditions
from screening.users import Role
from tests.dashboard.programs import Program
from tests.dashboard.site import make_site
from tests.db.factories import finished
from tests.dicom_node.network import dead_port
from tests.worker.ports import pacs


def test_what_is_known_of_each(tmp_path: Path) -> None:
    site = make_site(tmp_path, destinations=(pacs(dead_port()),))
    with site.transaction() as s:
        finished(s, ("pacs", "gone"))
        conditions.failed(s, conditions.destination("pacs"), "no answer")
    program = Program(site, Role.OPERATOR)
    asked = program.ask("POST", "/api/v1/destinations/pacs/echo").json()
    assert {name: asked[name] for name in ("destination", "ok", "outcome", "who")} == {
        "destination": "pacs", "ok": False, "outcome": "connection refused", "who": "operator",
    }  # fmt: skip
    assert asked["advice"].startswith("The computer is there")
    first, gone = program.ask("GET", "/api/v1/destinations").json()["destinations"]
    assert (first["name"], first["settings"]["ae_title"], first["settings"]["use_tls"]) == ("pacs", "STANDIN", False)
    assert first["deliveries"]["pending"] == 2
    assert (first["trouble"]["failures"], first["left_alone"]) == (1, False)
    assert first["echo"] == asked
    assert (gone["name"], gone["settings"], gone["echo"], gone["trouble"]) == ("gone", None, None, None)


def test_one_that_is_not_there(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert Program(site, Role.OPERATOR).ask("POST", "/api/v1/destinations/pacs/echo").status_code == 404
