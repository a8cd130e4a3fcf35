"""Selections: every series has its reason."""

import threading
from concurrent.futures import ThreadPoolExecutor

from db import selections, status
from db.engine import Sessions, transaction
from screening.types import Eligible, Ineligible, Selection
from tests.db import factories

_CHOSEN = Eligible(series_instance_uid="1.2.3.1.1", sop_instance_uids=("1.2.3.1.1.1",), reason="frontal")
_SERIES = Ineligible(series_instance_uid="1.2.3.1.2", code="wrong-view", reason="lateral")
_IMAGE = Ineligible(
    series_instance_uid="1.2.3.1.1", sop_instance_uid="1.2.3.1.1.2", code="not-primary", reason="a screenshot"
)


def test_a_selection_is_kept_row_by_row(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        selection = Selection(chosen=_CHOSEN, rejected=(_SERIES, _IMAGE))
        selections.record(s, factories.STUDY, "m", "1", selection, "run", "indicated by SCT:233604007")
    with transaction(sessions) as s:
        rows = selections.of_study(s, factories.STUDY)
    assert [(row.kind, row.code, row.series_instance_uid, row.sop_instance_uids) for row in rows] == [
        ("decision", "run", None, ()),
        ("chosen", "chosen", "1.2.3.1.1", ("1.2.3.1.1.1",)),
        ("rejected", "wrong-view", "1.2.3.1.2", ()),
        ("rejected", "not-primary", "1.2.3.1.1", ("1.2.3.1.1.2",)),
    ]
    assert [row.reason for row in rows] == ["indicated by SCT:233604007", "frontal", "lateral", "a screenshot"]


def test_a_new_selection_replaces_that_of_its_own_model_and_version_only(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        nothing = Selection(chosen=None, rejected=(_SERIES,))
        for model, version in [("m", "1"), ("m", "2"), ("n", "1"), ("m", "1")]:
            selections.record(s, factories.STUDY, model, version, nothing, "no-series", "none fits")
        rows = selections.of_study(s, factories.STUDY)
        assert [(row.model_name, row.model_version) for row in rows if row.kind == "decision"] == [
            ("m", "1"),
            ("m", "2"),
            ("n", "1"),
        ]
        counted = status.counts(s)
        assert counted["ineligible_by_code"] == {"wrong-view": 3}
        assert counted["decisions"] == {"no-series": 3}


def test_a_selection_recorded_by_two_at_once_is_kept_once(sessions: Sessions) -> None:
    """Intake, and a user who asks meanwhile."""
    with transaction(sessions) as s:
        factories.admit(s)
    barrier = threading.Barrier(4)

    def record(_: int) -> None:
        barrier.wait(30)
        for _ in range(5):
            with transaction(sessions) as s:
                selections.record(s, factories.STUDY, "m", "1", Selection(chosen=_CHOSEN, rejected=()), "run", "")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record, range(4)))
    with transaction(sessions) as s:
        assert [row.kind for row in selections.of_study(s, factories.STUDY)] == ["decision", "chosen"]
