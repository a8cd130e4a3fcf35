"""How values are written."""

from datetime import UTC, datetime

import pytest

from dashboard import words
from db.instances import InstanceState
from screening.jobs import JobState
from screening.reports import DeliveryState

MEANT_AS_OFF = {JobState.DISMISSED, JobState.SUPERSEDED, DeliveryState.HELD}


@pytest.mark.parametrize("state", [*JobState, *DeliveryState])
def test_each_state_has_its_tone(state: JobState | DeliveryState) -> None:
    assert (words.tone(state.value) == "off") == (state in MEANT_AS_OFF)


def test_what_failed_is_bad_and_what_is_done_is_good() -> None:
    assert {words.tone(state) for state in ("quarantined", "failed", InstanceState.CONFLICT.value)} == {"bad"}
    assert {words.tone(state) for state in ("inferred", "committed", "sent")} == {"good"}
    assert words.tone("age-unknown") == "off"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""), (0.0421, "0.04 s"), (9.994, "9.99 s"), (10.4, "10 s"), (60, "1 min 0 s"), (125.4, "2 min 5 s"),
        (3599.6, "1 h 0 min"), (7260, "2 h 1 min"), (200_000, "2 d 7 h"),
    ],
)  # fmt: skip
def test_lengths(seconds: float | None, text: str) -> None:
    assert words.lasting(seconds) == text


def test_the_rest() -> None:
    assert words.number(1234567) == "1\u202f234\u202f567"
    assert (words.megabytes(512), words.megabytes(2048)) == ("512 MB", "2.0 GB")
    assert (words.ago(9.9), words.ago(125)) == ("just now", "2 min 5 s ago")
    assert words.words("commit_requested") == "commit requested"
    assert (words.status_code(0xA700), words.status_code(0), words.status_code(None)) == ("0xA700", "0x0000", "")
    at = datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC)
    assert words.moment(at) == f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
    assert words.moment(None) == ""
