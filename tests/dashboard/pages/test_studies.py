"""The table of studies."""

import re

import pytest

from dashboard.pages import studies
from db import selections, study_list
from screening.types import Selection
from tests.dashboard.site import Browser, Site, text_of
from tests.db.factories import STUDY, admit, finished, make_instance, open_job


def _many(site: Site, number: int) -> None:
    with site.transaction() as s:
        for k in range(number):
            study = f"1.2.3.{k + 1}"
            admit(s, make_instance(f"{study}.1.1", study=study, series=f"{study}.1", AccessionNumber=f"A{k + 1}"))


def _accessions(text: str) -> list[str]:
    return re.findall(r'<a href="/studies/\d+">(\w+)</a>', text)


def test_the_newest_come_first_and_the_rest_on_further_pages(
    site: Site, viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "ON_A_PAGE", 2)
    _many(site, 5)
    seen, after = [], ""
    for _ in range(3):
        text = viewer.post("/studies", after=after).text
        seen.append(_accessions(text))
        found = re.search(r'name="after" value="([^"]+)">Older', text)
        after = "" if found is None else found[1].replace("&#43;", "+")
    assert seen == [["A5", "A4"], ["A3", "A2"], ["A1"]]
    assert after == ""


@pytest.mark.parametrize("text", ["A2", " A2 ", "1.2.3.2", "1.2.3.2.1.1"])
def test_a_study_is_found_by_what_names_it(site: Site, viewer: Browser, text: str) -> None:
    _many(site, 3)
    answer = viewer.post("/studies", text=text)
    assert _accessions(answer.text) == ["A2"]


@pytest.mark.parametrize("text", ["A", "P1", "1.2.3", "%", "' OR 1=1 --"])
def test_what_names_no_study_finds_none(site: Site, viewer: Browser, text: str) -> None:
    _many(site, 1)
    answer = viewer.post("/studies", text=text)
    assert answer.status_code == 200
    assert "No study is like that." in text_of(answer)


def test_a_search_text_in_the_address_is_not_looked_at(site: Site, viewer: Browser) -> None:
    _many(site, 2)
    assert _accessions(viewer.get("/studies?text=A1").text) == ["A2", "A1"]


def test_narrowed_by_state_model_and_day(site: Site, viewer: Browser) -> None:
    with site.transaction() as s:
        finished(s)
        open_job(s, images="later", model_name="bone_muscle_ct")
    assert _accessions(viewer.get("/studies?state=ready").text) == ["A1"]
    assert _accessions(viewer.get("/studies?state=inferred&model=cap_mortality_cxr").text) == ["A1"]
    assert _accessions(viewer.get("/studies?state=ready&model=cap_mortality_cxr").text) == []
    assert _accessions(viewer.get("/studies?since=2020-01-01").text) == ["A1"]
    assert _accessions(viewer.get("/studies?until=2020-01-01").text) == []
    text = text_of(viewer.get("/studies"))
    assert "inferred cap_mortality_cxr" in text
    assert "2 pending" in text


@pytest.mark.parametrize(
    "query", ["state=no", "since=yesterday", "until=9999-12-31x", "after=x", "after=2026-01-01T00:00:00_1", "after=_"]
)
def test_what_makes_no_sense_is_told(viewer: Browser, query: str) -> None:
    answer = viewer.get(f"/studies?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_list_is_no_view_of_a_patient(site: Site, operator: Browser) -> None:
    with site.transaction() as s:
        finished(s)
        assert [line.accession_number for line in study_list.listed(s, study_list.Wanted())] == ["A1"]
    assert "P1" not in text_of(operator.get("/studies"))


def test_what_no_model_takes_is_one_line(site: Site, viewer: Browser) -> None:
    with site.transaction() as s:
        finished(s)
        none = Selection(chosen=None, rejected=())
        for model, code in (("a_ct", "ineligible"), ("b_ct", "ineligible"), ("c_cxr", "not-indicated")):
            selections.record(s, STUDY, model, "1", none, code, "because")
    text = text_of(viewer.get("/studies"))
    assert "not indicated c_cxr" in text
    assert "ineligible for 2 other models" in text
