"""Whether the process answers."""

from tests.dashboard.site import Site


def test_it_says_no_more_than_that(site: Site) -> None:
    answer = site.browser().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
