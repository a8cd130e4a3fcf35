"""What programs may ask about models and what they found."""

import pytest

from db import audit
from db.engine import database_now
from models import registry
from screening.codes import RISK_HIGH
from screening.users import Role
from tests.dashboard.programs import Program
from tests.dashboard.site import Site
from tests.db.outcomes import MODEL, findings, refusal, store


@pytest.fixture
def program(site: Site) -> Program:
    return Program(site, Role.VIEWER)


def test_models(site: Site, program: Program) -> None:
    with site.transaction() as s:
        store(s, 1, refusal("rotated"), engine="torch 2.13.0 (cpu)")
    found = {item["name"]: item for item in program.ask("GET", "/api/v1/models").json()["models"]}
    assert sorted(found) == registry.names()
    one = found[MODEL]
    assert (one["enabled"], one["evidence"], one["integrity"]["state"]) == (True, "simulation", "of the release")
    assert one["weights_sha256"] == registry.card(MODEL).weights_sha256
    assert one["evaluation"]["auc"]["test"]["value"] == pytest.approx(0.8132, abs=1e-4)
    assert one["counts"] == {"findings": 0, "not_evaluable": 1, "quarantined": 0, "waiting": 0}
    assert (one["last_result"]["code"], one["last_result"]["engine"]) == ("rotated", "torch 2.13.0 (cpu)")
    assert found["bone_muscle_ct"]["last_result"] is None


def test_results(site: Site, program: Program) -> None:
    with site.transaction() as s:
        store(s, 1, findings(30, RISK_HIGH), held=("pacs",), model_version="0.1.0")
        store(s, 2, refusal())
    found = program.ask("GET", "/api/v1/results").json()
    assert [row["accession_number"] for row in found["results"]] == ["A2", "A1"]
    assert (found["before"], found["held"]) == (None, {"pacs": 1})
    row = program.ask("GET", "/api/v1/results?way=held").json()["results"][0]
    assert (row["evidence"], row["answer"], row["stratum"], row["headline"]["value"]) == (
        "simulation", "positive", "High", 30
    )  # fmt: skip
    assert row["deliveries"] == [{"destination": "pacs", "state": "held", "objects": 1}]
    assert found["results"][0]["evidence"] == "unknown"
    with site.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.action, line.subject, line.detail) == ("view", "results", "1 of them, by a program")


def test_drift(site: Site, program: Program) -> None:
    with site.transaction() as s:
        for k in range(21):
            store(s, k, findings(k), at=database_now(s))
    found = program.ask("GET", f"/api/v1/drift?model={MODEL}&weeks=4").json()
    assert (found["model"], found["weeks"], found["drawn"], found["least"]) == (MODEL, 4, 1.0, 20)
    assert len(found["drift"]["weeks"]) == 4
    whole = found["drift"]["whole"]
    assert (whole["studies"], whole["spread"]["p50"], whole["not_evaluable"]) == (21, 10, {"part": 0, "whole": 21})
    assert found["drift"]["headline"] == {"code": "MORT30", "name": "30-day mortality", "unit": "%"}


@pytest.mark.parametrize("path", ["results?way=x", "results?before=-1", "drift?weeks=3", "drift?model=x"])
def test_what_makes_no_sense_is_told(program: Program, path: str) -> None:
    answer = program.ask("GET", f"/api/v1/{path}")
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
