"""The table of studies as a file."""

import csv
import io

import pytest
from httpx2 import Response

from dashboard.pages import studies_csv
from db import audit, selections
from screening.types import Selection
from tests.dashboard.site import Browser, Site, text_of
from tests.db.factories import STUDY, admit, finished, make_instance

PATIENT = {"PatientName": "Doe^Jane", "PatientBirthDate": "19700102", "PatientSex": "F"}


def _rows(answer: Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def _many(site: Site, number: int, **header: str) -> None:
    with site.transaction() as s:
        for k in range(1, number + 1):
            study = f"1.2.3.{k}"
            values = {"AccessionNumber": f"A{k}"} | header
            admit(s, make_instance(f"{study}.1.1", study=study, series=f"{study}.1", **values))


def _told(site: Site) -> list[tuple[str, str]]:
    with site.transaction() as s:
        return [(line.subject, line.detail) for line in audit.newest(s) if line.action == "export"]


def test_a_line_for_each_study_and_model(site: Site, operator: Browser) -> None:
    _many(site, 2)
    with site.transaction() as s:
        finished(s)
        selections.record(s, STUDY, "a_ct", "1", Selection(chosen=None, rejected=()), "ineligible", "no CT")
    answer = operator.post("/studies.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="studies-20')
    first, *rest = _rows(answer)
    assert (first["accession_number"], first["model"], first["state"], first["waiting"]) == ("A2", "", "", "yes")
    assert [(row["model"], row["state"], row["deliveries"]) for row in rest] == [
        ("cap_mortality_cxr", "inferred", "2 pending"), ("a_ct", "ineligible", ""),
    ]  # fmt: skip
    assert {(row["study"], row["study_instance_uid"], row["modalities"]) for row in rest} == {("1", STUDY, "DX")}


def test_it_is_narrowed_as_the_table_is(site: Site, operator: Browser) -> None:
    _many(site, 3)
    assert [row["accession_number"] for row in _rows(operator.post("/studies.csv", text="A2"))] == ["A2"]
    assert _rows(operator.post("/studies.csv", until="2020-01-01")) == []
    assert _rows(operator.post("/studies.csv", state="ready")) == []
    answer = operator.post("/studies.csv", since="yesterday")
    assert answer.status_code == 422
    assert "A day is written as" in text_of(answer)


@pytest.mark.parametrize("portion", [1, 2, 5, 6, 50])
def test_it_is_read_in_portions(site: Site, operator: Browser, monkeypatch: pytest.MonkeyPatch, portion: int) -> None:
    monkeypatch.setattr(studies_csv, "AT_ONCE", portion)
    _many(site, 5)
    found = [row["accession_number"] for row in _rows(operator.post("/studies.csv", names="yes"))]
    assert found == ["A5", "A4", "A3", "A2", "A1"]


def test_names_are_there_only_when_asked_for_and_then_audited(site: Site, operator: Browser) -> None:
    _many(site, 1, **PATIENT)
    answer = operator.post("/studies.csv", state="", text="A1", since="2020-01-01")
    assert "Doe" not in answer.text
    assert "1970" not in answer.text
    (row,) = _rows(operator.post("/studies.csv", names="yes"))
    assert (row["patient_name"], row["patient_id"], row["birth_date"], row["sex"]) == (
        "Doe^Jane", "P1", "19700102", "F",
    )  # fmt: skip
    assert _told(site) == [
        ("studies", "with patients' names"),
        ("studies", "without names; since 2020-01-01; found by a search"),
    ]


def test_viewers_have_no_file(site: Site, viewer: Browser, operator: Browser) -> None:
    assert viewer.post("/studies.csv", names="yes").status_code == 403
    assert "/studies.csv" not in viewer.get("/studies").text
    assert 'formaction="/studies.csv"' in operator.get("/studies").text
    assert _told(site) == []


def test_no_sender_puts_a_formula_into_it(site: Site, operator: Browser) -> None:
    _many(site, 1, AccessionNumber="=1+1", PatientName="@SUM(A1)")
    (row,) = _rows(operator.post("/studies.csv", names="yes"))
    assert (row["accession_number"], row["patient_name"]) == ("'=1+1", "'@SUM(A1)")
