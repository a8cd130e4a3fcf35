"""What programs may change, by the verbs of the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

from dashboard.api.answers import answer, refuse
from dashboard.ask import Ask, NotFound
from db import deliveries, jobs
from db.engine import transaction


def retry_job(ask: Ask) -> Response:
    """Try a quarantined, dismissed or waiting job again. done is False for one in another state."""
    with transaction(ask.parts.sessions) as s, _known():
        done = jobs.retry(s, ask.values["job_id"], ask.user.name)
    return answer({"done": done})


def dismiss_job(ask: Ask) -> Response:
    """Give a quarantined job up; `why` is asked for."""
    why = ask.form.get("why", "").strip()
    if not why:
        return refuse(422, "why must say why the job is given up")
    with transaction(ask.parts.sessions) as s, _known():
        done = jobs.dismiss(s, ask.values["job_id"], ask.user.name, why[:500])
    return answer({"done": done})


def retry_delivery(ask: Ask) -> Response:
    """Send a failed or waiting object again, now."""
    with transaction(ask.parts.sessions) as s:
        done = deliveries.retry(s, ask.values["delivery_id"], ask.user.name)
    return answer({"done": done})


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except KeyError:
        raise NotFound("there is no such job") from None
