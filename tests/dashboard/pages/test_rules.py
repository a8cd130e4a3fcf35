"""The page that tries rules on files."""

import asyncio
import json
import re
import subprocess
import sys
import textwrap

import pytest
from httpx2 import Response

from dashboard import framing, guard
from dashboard.framing import LONGEST_FILE, MOST_BYTES, MOST_FILES, framed
from screening.users import Role
from tests.dashboard.given import chest, given, scan
from tests.dashboard.programs import Program
from tests.dashboard.site import Browser, Site, text_of


def send(browser: Browser, *files: bytes, body: bytes | None = None, token: str | None = None) -> Response:
    """As the page's script sends files."""
    headers = {"X-CSRF-Token": browser.token() if token is None else token, "HX-Request": "true"}
    content = framed(list(files)) if body is None else body
    return browser.http.post("/rules", content=content, headers=headers, follow_redirects=False)


def test_the_page_tells_the_script_what_is_taken_and_who_has_none_that_it_needs_it(operator: Browser) -> None:
    text = operator.get("/rules").text
    for value in (f'most-files="{MOST_FILES}"', f'longest-file="{LONGEST_FILE}"', f'most-bytes="{MOST_BYTES}"'):
        assert f"data-{value}" in text
    assert re.search(r"<noscript>.*needs JavaScript", text)


def test_files_are_answered_with_models_reasons_and_those_left_out(operator: Browser) -> None:
    files = [given(chest()), b"<b>no DICOM</b> at all", given(chest(1, "1.2.9", ViewPosition="LL", SeriesNumber="2"))]
    answer = send(operator, *files)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    said = text_of(answer)
    assert "Chest A1, 2026-01-02" in said
    assert re.search(r"cap_mortality_cxr .* yes 1 1 frontal chest radiograph: ViewPosition PA", said)
    assert "2 all wrong-view view is LL; a frontal view (PA or AP) is needed" in said
    assert "What only pixels tell is decided when a model runs" in said
    assert 'data-file="1"' in answer.text
    assert "not enabled" in said


def test_a_scan_of_many_slices(operator: Browser) -> None:
    assert re.search(r"bone_muscle_ct .* if enabled not enabled 7 60 ", text_of(send(operator, *map(given, scan(60)))))


def test_nothing_that_could_be_screened(operator: Browser) -> None:
    assert "No file is an image" in text_of(send(operator, b"x"))
    assert "No file is an image" in text_of(send(operator))


def test_values_of_a_header_are_text(operator: Browser) -> None:
    text = send(operator, given(chest(StudyDescription="<script>x</script>", SeriesDescription="<i>x"))).text
    assert "<script>" not in text
    assert "<i>" not in text.lower()


def test_nothing_is_kept_and_nothing_is_logged(site: Site, operator: Browser, caplog: pytest.LogCaptureFixture) -> None:
    def files() -> set[str]:
        return {path.name for path in site.parts.settings.home.rglob("*") if "sqlite" not in path.name}

    before = files()
    with caplog.at_level("DEBUG"):
        assert "DOE" not in send(operator, given(chest())).text
    assert files() == before
    assert not any(word in caplog.text for word in ("DOE", "P1", "A1"))


def test_who_does_not_show_the_token_is_refused_before_anything_is_read(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "read_files", None)
    for token in ("", "wrong"):
        assert send(operator, given(chest()), token=token).status_code == 403


def test_nobody_is_sent_to_sign_in(site: Site) -> None:
    answer = site.browser().http.post("/rules", content=b"", headers={"HX-Request": "true"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


def test_what_does_not_come_whole_or_is_too_much_is_refused(operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(operator, body=b"\0\0\0\7x").status_code == 422
    monkeypatch.setattr(framing, "MOST_FILES", 1)
    answer = send(operator, b"x", b"x")
    assert answer.status_code == 413
    assert "more than 1 files" in text_of(answer)
    assert send(operator, b"x").status_code == 200, "the place is free again"


def test_files_that_do_not_come_are_not_waited_for(operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stalled(_body: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(guard, "_SECONDS_TO_SEND", 0.01)
    monkeypatch.setattr(guard, "read_files", stalled)
    assert send(operator, b"x").status_code == 408


def test_one_at_a_time(operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []

    def reading(_body: object) -> object:
        inside.append(send(operator, b"x").status_code)
        raise ValueError

    monkeypatch.setattr(guard, "read_files", reading)
    assert send(operator, b"x").status_code == 422
    assert inside == [503]


def test_programs_are_told_the_same(site: Site) -> None:
    program = Program(site, Role.OPERATOR)
    answer = program.send("/api/v1/rules", framed([given(chest()), b"x"]))
    assert answer.status_code == 200
    found = answer.json()
    (study,) = found["studies"]
    model = next(one for one in study["models"] if one["model"] == "cap_mortality_cxr")
    assert (model["decision"], model["enabled"], model["series"], model["images"]) == ("eligible", True, "1", 1)
    assert [one["number"] for one in found["unread"]] == [1]
    assert "DOE" not in json.dumps(found)
    assert program.send("/api/v1/rules", b"\0").status_code == 422


def test_selection_brings_no_heavy_library_into_the_dashboard() -> None:
    code = """
        import sys
        from dashboard.trying import try_files
        from screening.settings import Settings
        assert try_files(Settings(), [sys.stdin.buffer.read()]).studies
        print([name for name in ("torch", "monai", "highdicom", "imagecodecs", "openvino") if name in sys.modules])
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    ended = subprocess.run(command, input=given(chest()), capture_output=True, check=True, timeout=120)
    assert ended.stdout.strip() == b"[]"
