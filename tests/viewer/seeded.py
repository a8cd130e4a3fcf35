"""A dashboard with something on every page: studies in each state, failed work, processes, a destination down."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from dashboard.serving import dashboard
from db import conditions, deliveries, jobs, processes
from db.engine import database_now
from models import registry
from screening.dashboard_settings import Dashboard
from screening.reports import ObjectKind, Report, SendResult
from screening.settings import Destination, ModelSettings
from tests.dashboard.captures import capture
from tests.dashboard.site import Site, make_site
from tests.db.factories import (
    SC,
    admit,
    claim,
    close_association,
    make_findings,
    make_instance,
    make_object,
    open_association,
    open_job,
    to,
)

STUDIES = 60  #: more than a page of the table holds
_REFUSED = "Refused: SOP Class not supported: the archive does not take Comprehensive 3D SR"
_DIED = "the child died: killed by signal 9 after it had taken more than 12288 MB; gave up after 3 attempts"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Its address for the length of the block; a user is named as each role."""
    site = make_site(
        folder,
        dashboard=Dashboard(port=0, attempts_per_minute=1000),
        destinations=(Destination(name="pacs", ae_title="PACS", address="127.0.0.1", port=1),),
        models={name: ModelSettings(enabled=True) for name in registry.names()},
    )
    _fill(site)
    try:
        with dashboard(site.parts) as address:
            yield address
    finally:
        site.parts.sessions.kw["bind"].dispose()


def _fill(site: Site) -> None:
    models = registry.names()
    with site.transaction() as s:
        for role in ("listener", "reconciler", "delivery", "worker"):
            processes.beat(s, f"node1:{role}", role=role, host="node1", version="0.1.0", started_at=database_now(s))
        for number in range(STUDIES):
            _study(s, number, models[number % len(models)])
        conditions.failed(s, conditions.destination("pacs"), "connection refused by 127.0.0.1:1")


def _study(s: Session, number: int, model: str) -> None:
    """One of them, in a state of its own."""
    study = f"1.2.3.{number + 1}"
    association = open_association(s, calling_ae_title="PACS", called_ae_title="OPPORTUNE", address="10.1.2.3")
    for image in range(3):
        admit(
            s,
            make_instance(
                f"{study}.1.{image}",
                study=study,
                series=f"{study}.1",
                Modality="DX",
                AccessionNumber=f"A{1000 + number}",
                PatientName="SIMULATED^PATIENT",
                PatientID=f"P{number}",
                SeriesDescription="Chest PA",
                StudyDate="20260102",
            ),
            association,
        )
    close_association(s, association, "released")
    job, _ = open_job(s, study=study, images=study, model_name=model)
    if number % 5 == 1:
        return
    taken = claim(s, job.job_id)
    assert taken is not None
    if number % 5 == 2:
        jobs.fail(s, taken, reason=_DIED, retry_at=None)
    elif number % 5 == 3:
        jobs.fail(s, taken, reason="the node was busy", retry_at=database_now(s) + timedelta(minutes=5))
    else:
        run = number + 1
        card = replace(make_object("card", ObjectKind.SC, run), encoded=capture(512, 512, f"2.25.{run}1"))
        report = Report(objects=(card, make_object("measurements", ObjectKind.SR, run)))
        jobs.finish(s, taken, make_findings(), report, to("pacs"))
        if number % 10 == 4:
            _refuse(s)


def _refuse(s: Session) -> None:
    """The archive refuses what is due."""
    for delivery in deliveries.due(s):
        batch = deliveries.claim_batch(s, delivery, owner="host:9", lease_seconds=60)
        for item in batch.deliveries if batch is not None else ():
            uid = item.object.sop_instance_uid
            result = SendResult(status=0x0122, detail=_REFUSED, sop_class_uid=SC, sop_instance_uid=uid)
            deliveries.record(s, item.delivery_id, owner="host:9", result=result, retry_at=None)
