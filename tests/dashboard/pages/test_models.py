"""The page of the models."""

from pathlib import Path

from models import registry
from screening.settings import ModelSettings
from screening.users import Role
from tests.dashboard.site import Browser, Site, make_site, text_of
from tests.db.factories import claimed
from tests.db.outcomes import MODEL, refusal, store


def test_each_model_with_what_it_was_trained_on(viewer: Browser) -> None:
    text = text_of(viewer.get("/models"))
    assert all(name in text for name in registry.names())
    assert "never on a real one. Not for clinical use." in text
    assert "one frontal chest radiograph (PA or AP), CR or DX, of a patient of 19 years or over" in text
    assert text.count("of the release") >= len(registry.names())
    assert text.count("not enabled") == len(registry.names()) - 1


def test_what_it_did(site: Site, viewer: Browser) -> None:
    from db import jobs

    with site.transaction() as s:
        store(s, 1)
        store(s, 2)
        store(s, 3, refusal(), engine="torch 2.13.0 (cpu)")
        jobs.fail(s, claimed(s), reason="broken", retry_at=None)
    page = viewer.get("/models")
    assert f'<a href="/results?model={MODEL}">2</a>' in page.text
    assert f'<a href="/results?answer=not_evaluable&amp;model={MODEL}">1</a>' in page.text
    assert '<a href="/attention">1</a>' in page.text
    assert "A3 not evaluable: lateral-view" in text_of(page)
    assert "none among the newest" in text_of(page)
    assert "torch 2.13.0 (cpu)" in text_of(viewer.get(f"/models/{MODEL}"))


def test_one_with_its_card_and_its_evaluation(viewer: Browser) -> None:
    text = text_of(viewer.get(f"/models/{MODEL}"))
    card = registry.card(MODEL)
    for said in (card.banner, card.weights_sha256, card.intended_use, card.population, card.trained_on, *card.limits):
        assert said in text
    assert "auc 0.8132 (0.7873 to 0.8367) 0.8016 (0.7659 to 0.8331)" in text  # of docs/results.json
    assert "training patients 8000" in text
    assert "none: no result is high or low" in text


def test_there_is_no_such_model(viewer: Browser) -> None:
    assert viewer.get("/models/no_such_model").status_code == 404


def test_a_bundle_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    settings = ModelSettings(enabled=True, bundle=tmp_path / "gone")
    site = make_site(tmp_path, models={MODEL: settings})
    browser = site.signed_in(Role.VIEWER)
    for path in ("/models", f"/models/{MODEL}"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "does not agree" in text_of(page) or "cannot be read" in text_of(page)
    site.parts.sessions.kw["bind"].dispose()
