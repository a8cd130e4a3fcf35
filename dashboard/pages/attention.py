"""What failed for good: jobs in quarantine and refused deliveries, each with its reason, to try again or give up."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

from dashboard.ask import Ask, NotFound, go_to, page
from db import deliveries, jobs, study_list
from db.engine import transaction
from screening.reports import DeliveryState

AT_ONCE = 200  # rows shown, and tried again by one click


def show(ask: Ask) -> Response:
    """The page."""
    return _page(ask)


def _page(ask: Ask, *, status: int = 200, wrong: str = "") -> Response:
    with transaction(ask.parts.sessions, read_only=True) as s:
        quarantined = jobs.quarantined(s, AT_ONCE + 1)
        failed = deliveries.in_state(s, DeliveryState.FAILED, limit=AT_ONCE + 1)
        uids = {job.study_instance_uid for job in quarantined} | {item.study_instance_uid for item in failed}
        studies = study_list.brief(s, uids)
    return page(
        ask,
        "attention.html",
        status=status,
        wrong=wrong,
        quarantined=quarantined[:AT_ONCE],
        failed=failed[:AT_ONCE],
        more=len(quarantined) > AT_ONCE or len(failed) > AT_ONCE,
        at_once=AT_ONCE,
        studies=studies,
    )


def retry_job(ask: Ask) -> Response:
    """Try a quarantined job again."""
    with transaction(ask.parts.sessions) as s, _known():
        jobs.retry(s, ask.values["job_id"], ask.user.name)
    return go_to("/attention")


def dismiss_job(ask: Ask) -> Response:
    """Give a quarantined job up; why is asked for."""
    why = ask.form.get("why", "").strip()
    if not why:
        return _page(ask, status=422, wrong="Say why the job is given up: it is kept in the audit trail.")
    with transaction(ask.parts.sessions) as s, _known():
        jobs.dismiss(s, ask.values["job_id"], ask.user.name, why[:500])
    return go_to("/attention")


def retry_delivery(ask: Ask) -> Response:
    """Send a refused object again."""
    with transaction(ask.parts.sessions) as s:
        deliveries.retry(s, ask.values["delivery_id"], ask.user.name)
    return go_to("/attention")


def retry_all(ask: Ask) -> Response:
    """Try everything again that is quarantined or refused, the oldest first, so many at once as the page shows."""
    with transaction(ask.parts.sessions) as s:
        for job in jobs.quarantined(s, AT_ONCE):
            jobs.retry(s, job.job_id, ask.user.name)
        for item in deliveries.in_state(s, DeliveryState.FAILED, limit=AT_ONCE):
            deliveries.retry(s, item.delivery_id, ask.user.name)
    return go_to("/attention")


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except KeyError:
        raise NotFound("there is no such job") from None
