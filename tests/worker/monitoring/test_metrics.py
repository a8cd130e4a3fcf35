"""The metrics of a node."""

import re
from dataclasses import replace

import pytest

from db import associations, conditions, instances, pauses
from db.engine import make_engine, make_sessions, transaction
from db.pauses import Part
from tests.acceptance.canaries import AE_TITLE, CANARY, TRACES
from tests.db import factories
from tests.worker.monitoring.test_exposition import promtool
from tests.worker.ports import pacs
from worker.monitoring.metrics import collect, names, text
from worker.ports import Ports


def _text(ports: Ports) -> str:
    return text(ports.settings, ports.sessions)


def _values(ports: Ports) -> dict[str, float]:
    lines = [line for line in _text(ports).splitlines() if not line.startswith("#")]
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
def busy(either: Ports) -> Ports:
    """A node on which something of everything happened."""
    settings = either.settings.model_copy(update={"destinations": (pacs(104), pacs(105, name="research"))})
    busy = replace(either, settings=settings)
    with transaction(busy.sessions) as s:
        factories.finished(s, ("pacs",))
        factories.open_job(s, images="other")
        factories.receive(s)
        instances.refuse(s, association_id=None, sop_class_uid="1.2", sop_instance_uid="1.3", status=0xA700, reason="x")
        conditions.failed(s, conditions.destination("research"), "no answer")
        pauses.pause(s, Part.SCREENING, who="jane", why="the GPU is exchanged")
    return busy


def test_an_empty_node_tells_everything_as_nothing(ports: Ports) -> None:
    found = _values(ports)
    assert found["opportune_database_up"] == 1
    assert found["opportune_received_total"] == 0
    assert found['opportune_jobs{state="quarantined"}'] == 0
    assert found["opportune_oldest_waiting_job_seconds"] == 0
    assert found["opportune_accepting"] == 1
    assert promtool(_text(ports)) == []


def test_what_happened_is_told(busy: Ports) -> None:
    found = _values(busy)
    expected = {
        'opportune_instances{state="indexed"}': 1,
        'opportune_instances{state="received"}': 1,
        "opportune_received_total": 2,
        "opportune_received_bytes_total": 100,
        'opportune_refused_objects_total{status="0xA700"}': 1,
        "opportune_studies": 1,
        'opportune_paused{part="screening"}': 1,
        'opportune_paused{part="intake"}': 0,
        'opportune_jobs{state="inferred"}': 1,
        'opportune_open_jobs{model="cap_mortality_cxr",state="ready"}': 1,
        'opportune_results_total{model="cap_mortality_cxr",kind="findings"}': 1,
        'opportune_result_seconds_bucket{model="cap_mortality_cxr",le="15"}': 1,
        'opportune_result_seconds_count{model="cap_mortality_cxr"}': 1,
        'opportune_deliveries{destination="pacs",state="pending"}': 2,
        'opportune_destination_failing{destination="pacs"}': 0,
        'opportune_destination_failing{destination="research"}': 1,
        'opportune_oldest_unsent_seconds{destination="research"}': 0,
    }
    assert {series: found[series] for series in expected} == expected
    assert promtool(_text(busy)) == []


def test_without_a_database_it_says_so(ports: Ports) -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:1/none")
    told = text(ports.settings, make_sessions(engine))
    assert "\nopportune_database_up 0\n" in told
    assert "opportune_disk_free_bytes" in told
    assert "opportune_jobs" not in told
    engine.dispose()


def test_no_name_of_patient_or_caller_is_told(ports: Ports) -> None:
    """What comes from outside is no label: neither what patients nor what peers are called, nor what they ask for."""
    with transaction(ports.sessions) as s:
        caller = {"calling_ae_title": AE_TITLE, "called_ae_title": AE_TITLE, "address": "10.1.2.3"}
        factories.open_association(s, **caller, rejected_contexts=[(CANARY, [CANARY])])
        associations.refuse_association(s, **caller, reason=CANARY)
        header = {"PatientID": f"{CANARY}PID", "PatientName": CANARY, "AccessionNumber": CANARY, "Modality": CANARY}
        factories.admit(s, factories.make_instance(PatientBirthDate="19610917", **header))
        instances.unreadable(s, factories.receive(s), "no-uid", CANARY)
        instances.refuse(
            s, association_id=None, sop_class_uid=CANARY, sop_instance_uid=CANARY, status=0xC000, reason=CANARY
        )
        conditions.failed(s, conditions.destination("pacs"), CANARY)
        factories.open_job(s)
    told = _text(ports).encode()
    assert len(told) > 1000
    assert [trace for trace in TRACES if trace in told] == []
    assert b"10.1.2.3" not in told
    assert re.findall(rb"\d+(?:\.\d+){5,}", told) == []  # UIDs


def test_labels_are_closed_sets(busy: Ports) -> None:
    labels = {
        label for metric in collect(busy.settings, busy.sessions) for one in metric.samples for label, _ in one.labels
    }
    # "code" and "decision" too, where something was refused or decided
    assert labels == {"version", "state", "status", "model", "kind", "destination", "le", "part"}


def test_names_of_series(ports: Ports) -> None:
    found = names(collect(ports.settings, ports.sessions))
    assert {"opportune_result_seconds_bucket", "opportune_accepting", "opportune_received_total"} <= found
    assert "opportune_result_seconds" not in found
