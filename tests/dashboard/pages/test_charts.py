"""Charts: the table and the numbers behind the drawings, against rows made by hand."""

import re
from datetime import datetime, timedelta

import pytest

from db.engine import database_now
from tests.dashboard.site import Browser, Site, text_of
from tests.db.dated import dated_job


@pytest.fixture
def noon(site: Site) -> datetime:
    """Yesterday's; two jobs were opened shortly after it."""
    with site.transaction() as s:
        day = database_now(s).astimezone().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)

        def at(seconds: float) -> datetime:
            return day + timedelta(seconds=seconds)

        for number, wait in ((1, 4), (2, 8)):
            dated_job(
                s, number, came=at(0), opened=at(10), claims=[at(10 + wait)], stored=at(60),
                sent=[at(100), at(100 * number)],
            )  # fmt: skip
    return day


def _path(noon: datetime, span: str = "day", page: str = "/charts") -> str:
    return f"{page}?span={span}&until={noon.date()}"


def _row(text: str, label: str) -> list[str]:
    found = re.search(rf"<tr>\s*<th scope=\"row\"><time[^>]*>{label}</time>.*?</tr>", text, re.DOTALL)
    assert found is not None
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", found[0], re.DOTALL)]


def test_the_table_says_all(viewer: Browser, noon: datetime) -> None:
    text = viewer.get(_path(noon)).text
    assert _row(text, "12:00") == ["2", "2", "4", "2 min 30 s", "3 min 15 s", "6.00 s", "7.80 s", "2"]
    assert _row(text, "11:00") == ["0", "0", "0", "&ndash;", "&ndash;", "&ndash;", "&ndash;", "0"]
    assert "together 2 2 4" in text_of(viewer.get(_path(noon)))


@pytest.mark.parametrize(("span", "bars", "place"), [("day", 24, 12), ("week", 28, 26), ("month", 30, 29)])
def test_the_numbers_of_the_drawings_are_those_of_the_table(
    viewer: Browser, noon: datetime, span: str, bars: int, place: int
) -> None:
    found = viewer.get(_path(noon, span, "/charts/data")).json()
    assert len(found["bounds"]) == bars + 1
    for name, number in (("studies", 2), ("jobs", 2), ("objects", 4)):
        assert found[name] == [number if k == place else 0 for k in range(bars)]
    assert found["stored"]["p50"] == [150 if k == place else None for k in range(bars)]
    assert found["stored"]["p95"][place] == 195
    assert (found["waited"]["p50"][place], found["waited"]["p95"][place]) == (6, 7.8)
    assert found["every"] == 1
    assert f'data-from="/charts/data?span={span}&amp;until={noon.date()}"' in viewer.get(_path(noon, span)).text


def test_now_is_shown_without_what_is_to_come(viewer: Browser) -> None:
    answer = viewer.get("/charts")
    assert answer.status_code == 200
    assert "until now" in text_of(answer)
    assert ">Later</a>" not in answer.text
    assert len(re.findall(r"<th scope=\"row\"><time", answer.text)) <= 24


@pytest.mark.parametrize("query", ["span=year", "until=yesterday", "until=1999-01-01"])
def test_what_makes_no_sense_is_told(viewer: Browser, query: str) -> None:
    page, data = viewer.get(f"/charts?{query}"), viewer.get(f"/charts/data?{query}")
    assert (page.status_code, data.status_code) == (422, 422)
    assert 'role="alert"' in page.text
    assert set(data.json()) == {"error"}


def test_nothing_of_a_patient_is_told(viewer: Browser, noon: datetime) -> None:
    text = viewer.get(_path(noon)).text + viewer.get(_path(noon, page="/charts/data")).text
    assert not re.search(r"\bA1\b|\bP1\b|1\.2\.3", text)
