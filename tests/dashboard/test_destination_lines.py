"""What is known of each destination."""

from datetime import UTC, datetime
from pathlib import Path

from dashboard.destination_lines import Line, lines
from db import conditions, echoes, status
from tests.dashboard.site import Site, make_site
from tests.db.factories import finished
from tests.worker.ports import pacs

FAR = datetime(2999, 1, 1, tzinfo=UTC)


def _lines(site: Site) -> dict[str, Line]:
    with site.transaction() as s:
        return {line.name: line for line in lines(s, site.parts.settings, status.counts(s))}


def test_those_of_the_settings_in_their_order_and_those_that_results_wait_for(tmp_path: Path) -> None:
    site = make_site(tmp_path, destinations=(pacs(104, name="second"), pacs(105, name="first")))
    with site.transaction() as s:
        finished(s, ("first", "gone"))
    found = _lines(site)
    assert list(found) == ["second", "first", "gone"]
    assert (found["first"].states["pending"], found["second"].states) == (2, {})
    assert found["first"].destination == site.parts.settings.destinations[1]
    assert found["gone"].destination is None


def test_trouble_and_the_last_echo(tmp_path: Path) -> None:
    site = make_site(tmp_path, destinations=(pacs(104), pacs(105, name="other")))
    with site.transaction() as s:
        conditions.failed(s, conditions.destination("pacs"), "refused", lambda _: FAR)
        echoes.record(
            s, destination="pacs", ok=False, outcome="connection refused", detail="d", milliseconds=3, who="jane"
        )
    found = _lines(site)
    line, other = found["pacs"], found["other"]
    assert line.trouble is not None
    assert line.left_alone
    assert line.echo is not None
    assert 0 <= line.echo_age < 60
    assert line.advice.startswith("The computer is there")
    assert (other.trouble, other.left_alone, other.echo, other.advice) == (None, False, None, "")
