"""The page of drift."""

from datetime import datetime, timedelta

import pytest

from db.engine import database_now
from screening.codes import RISK_HIGH, RISK_LOW
from tests.dashboard.site import Browser, Site, text_of
from tests.db.outcomes import MODEL, findings, refusal, store

ACME = {"Manufacturer": "ACME", "ManufacturerModelName": "Ray 1"}


def _filled(site: Site) -> None:
    """This week 20 findings of 1 to 20 %, of which 5 are high and 4 far, and 5 refusals; last week 2 findings."""
    with site.transaction() as s:
        now: datetime = database_now(s)
        for k in range(1, 21):
            outcome = findings(k, RISK_HIGH if k > 15 else RISK_LOW, 1.5 if k > 16 else 0.5)
            store(s, k, outcome, at=now, header=ACME)
        for k in range(21, 26):
            store(s, k, refusal("cut-off"), at=now, header={"Manufacturer": "Other"})
        for k in (26, 27):
            store(s, k, at=now - timedelta(weeks=1), header=ACME)


def test_a_week_by_hand(site: Site, viewer: Browser) -> None:
    """Of 1 to 20 the median is 10.5, the quartiles 5.75 and 15.25, 5 and 95 % 1.95 and 19.05."""
    _filled(site)
    answer = viewer.get(f"/drift?model={MODEL}&weeks=4")
    text = text_of(answer)
    week = "25 10.5 5.75 to 15.25 1.95 to 19.05 10.5 25.0 % 5/20 20.0 % 4/20 20.0 % 5/25 cut-off 5"
    assert week in text
    assert "2 2 evaluable: fewer than 20" in text
    assert "ACME Ray 1 22 11.5 6.25 to 14.75" in text  # and 12.5 twice
    assert "Other 5 0 evaluable: fewer than 20" in text
    assert "27 studies: all of the window." in text
    assert answer.text.count('<rect class="box"') == 1
    assert answer.text.count('<rect class="bar"') == 3


def test_beside_the_figures_of_the_bundle(site: Site, viewer: Browser) -> None:
    """Beyond: 4 of 22 that have a distance; 1.07 and 2.47 % are test and external of docs/results.json."""
    _filled(site)
    text = text_of(viewer.get(f"/drift?model={MODEL}&weeks=4"))
    assert "farther than 99 % of validation 1.07 2.47 18.18 22" in text
    assert "mean of 30-day mortality" not in text, "MORT30 of the test is no headline that the bundle tells"


def test_without_thresholds_none_is_positive(site: Site, viewer: Browser) -> None:
    with site.transaction() as s:
        for k in range(20):
            store(s, k, findings(k), at=database_now(s))
    text = text_of(viewer.get(f"/drift?model={MODEL}&weeks=4"))
    assert "No result has a risk stratum" in text
    assert "Positive %" not in text


def test_nothing_yet(viewer: Browser) -> None:
    text = text_of(viewer.get("/drift"))
    assert f"No result of {MODEL} was stored in this window." in text, "the first that is enabled"
    assert "12 weeks" in text


@pytest.mark.parametrize("query", ["model=none", "weeks=5", f"model={MODEL}&weeks=x"])
def test_what_makes_no_sense_is_told(viewer: Browser, query: str) -> None:
    answer = viewer.get(f"/drift?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_the_mean_of_the_evaluation_is_drawn(site: Site, viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from models import evaluation

    monkeypatch.setitem(evaluation.MEANS, "MORT30", "mean_predicted")
    _filled(site)
    answer = viewer.get(f"/drift?model={MODEL}&weeks=4")
    assert "mean of evaluation, 12.95 %" in text_of(answer)
    assert answer.text.count('<line class="reference"') == 1
    assert "mean of 30-day mortality 12.95 13.15 10.68 22" in text_of(answer)  # (210 + 2 * 12.5) / 22
