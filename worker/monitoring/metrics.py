"""The numbers of a node, as metrics: read from the database at each scrape, so that any process can tell all of them.

Labels are states, codes, models and destinations: sets that code and settings close. What a peer or a patient brings, a
UID, an AE title, a SOP Class, is no label.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from db import amounts, backlog, status, tallies
from db.amounts import BOUNDS, Duration
from db.conditions import SPOOL, destination
from db.engine import Sessions, transaction
from db.pauses import Part
from db.tallies import Tallies
from dicom_node import disk
from screening.errors import DatabaseUnavailable
from screening.jobs import JobState
from screening.settings import Settings
from worker.monitoring.exposition import Metric, Sample, histogram, render
from worker.version import SOFTWARE_VERSION


def text(settings: Settings, sessions: Sessions) -> str:
    """The exposition. Without a database it says so, and what is known all the same."""
    return render(collect(settings, sessions))


def collect(settings: Settings, sessions: Sessions) -> list[Metric]:
    """Every metric, of one moment."""
    began = time.monotonic()
    try:
        with transaction(sessions, read_only=True) as s:
            counts, found = status.counts(s), tallies.read(s)
            waiting = list(_waiting(counts, backlog.open_jobs(s), backlog.workers(s)))
            waiting += _ages(backlog.oldest_unread_seconds(s), backlog.oldest_unsent_seconds(s), settings)
    except DatabaseUnavailable:
        return [*_node(settings, {}), _gauge("opportune_database_up", "Whether the database answers", 0)]
    return [
        *_node(settings, counts["conditions"]),
        _gauge("opportune_database_up", "Whether the database answers", 1),
        _by("opportune_paused", "Whether an operator has stopped this part", "part", _paused(counts["pauses"])),
        *_received(counts, found),
        *waiting,
        *_done(counts, found),
        *_destinations(counts, settings),
        _gauge("opportune_scrape_seconds", "How long it took to read these numbers", time.monotonic() - began),
    ]


def _node(settings: Settings, conditions: Mapping[str, Any]) -> Iterator[Metric]:
    room = disk.look(settings, conditions)
    yield Metric("opportune_build_info", "gauge", "The release", [Sample(1, [("version", SOFTWARE_VERSION)])])
    yield _gauge("opportune_disk_free_bytes", "Free space of the spool's disk", room["free_mb"] * 2**20)
    yield _gauge(
        "opportune_disk_minimum_free_bytes", "Below it C-STORE is answered 0xA700", room["minimum_free_mb"] * 2**20
    )
    yield _gauge("opportune_accepting", "Whether disk and spool let objects be taken", room["accepting"])
    yield _gauge("opportune_spool_failed", "Whether the disk did not confirm what was written", SPOOL in conditions)


def _paused(pauses: Mapping[str, Any]) -> dict[str, bool]:
    return {part.value: part.value in pauses for part in Part}


def _received(counts: Mapping[str, Any], found: Tallies) -> Iterator[Metric]:
    yield _by("opportune_instances", "Received objects by state", "state", counts["instances"])
    yield _total("opportune_received", "Received objects", sum(counts["instances"].values()))
    yield _total(
        "opportune_received_bytes", "Bytes of received objects that were read from the spool",
        amounts.received_bytes(found),
    )  # fmt: skip
    yield _by(
        "opportune_refused_objects_total", "C-STORE requests answered with a failure", "status",
        counts["refused_by_status"],
    )  # fmt: skip
    yield _total(
        "opportune_refused_contexts", "Presentation contexts that were not accepted",
        sum(counts["refused_contexts_by_sop_class"].values()),
    )  # fmt: skip
    yield _gauge("opportune_associations_open", "Associations that are open", counts["associations"]["open"])
    yield _total("opportune_refused_associations", "Associations that were refused", counts["associations"]["refused"])
    yield _gauge("opportune_studies", "Studies received", counts["studies"])
    yield _gauge("opportune_studies_in_conflict", "Studies that contradict themselves", counts["studies_in_conflict"])


def _waiting(counts: Mapping[str, Any], jobs: Mapping[tuple[str, JobState], int], workers: int) -> Iterator[Metric]:
    yield _by("opportune_jobs", "Jobs by state", "state", counts["jobs"])
    yield Metric(
        "opportune_open_jobs", "gauge", "Jobs that are not done, by model and state",
        [Sample(number, [("model", model), ("state", state)]) for (model, state), number in sorted(jobs.items())],
    )  # fmt: skip
    yield _gauge("opportune_workers_busy", "Processes that hold a job", workers)
    yield _gauge(
        "opportune_oldest_waiting_job_seconds", "Age of the oldest job that no worker has; 0: there is none",
        counts["oldest_waiting_job_seconds"] or 0,
    )  # fmt: skip


def _ages(unread: float, unsent: Mapping[str, float], settings: Settings) -> Iterator[Metric]:
    yield _gauge(
        "opportune_oldest_unread_object_seconds", "Age of the oldest received object that nobody has read; 0: none",
        unread,
    )  # fmt: skip
    names = sorted({*unsent, *(item.name for item in settings.destinations)})
    yield _by(
        "opportune_oldest_unsent_seconds", "Age of the oldest object that waits to be sent; 0: none", "destination",
        {name: unsent.get(name, 0.0) for name in names},
    )  # fmt: skip


def _done(counts: Mapping[str, Any], found: Tallies) -> Iterator[Metric]:
    yield Metric(
        "opportune_results_total", "counter", "Stored outcomes by model and kind",
        [
            Sample(number, [("model", model), ("kind", kind)])
            for model, kinds in sorted(amounts.outcomes(found).items())
            for kind, number in sorted(kinds.items())
        ],
    )  # fmt: skip
    yield _by(
        "opportune_not_evaluable_total", "Images that a model refused, by reason", "code",
        counts["not_evaluable_by_code"],
    )  # fmt: skip
    yield _by("opportune_decisions_total", "What intake decided on a study", "decision", counts["decisions"])
    yield _times(
        found, Duration.RESULT, "opportune_result_seconds", "From the opening of a job to its stored outcome", "model"
    )
    yield _times(
        found, Duration.DELIVERY, "opportune_delivery_seconds", "From the opening of a job to an object that was taken",
        "destination",
    )  # fmt: skip


def _destinations(counts: Mapping[str, Any], settings: Settings) -> Iterator[Metric]:
    yield Metric(
        "opportune_deliveries", "gauge", "Result objects by destination and state",
        [
            Sample(number, [("destination", name), ("state", state)])
            for name, states in sorted(counts["deliveries"].items())
            for state, number in states.items()
        ],
    )  # fmt: skip
    yield _by(
        "opportune_destination_failing", "Whether a destination did not answer the last time", "destination",
        {item.name: destination(item.name) in counts["conditions"] for item in settings.destinations},
    )  # fmt: skip


def _times(found: Tallies, what: Duration, name: str, said: str, label: str) -> Metric:
    samples = [
        sample
        for part, one in sorted(amounts.histograms(found, what).items())
        for sample in histogram(BOUNDS, one.at_most, one.count, one.seconds, (label, part))
    ]
    return Metric(name, "histogram", said, samples)


def _gauge(name: str, said: str, value: float) -> Metric:
    return Metric(name, "gauge", said, [Sample(float(value))])


def _total(name: str, said: str, value: float) -> Metric:
    return Metric(f"{name}_total", "counter", said, [Sample(value)])


def _by(name: str, said: str, label: str, values: Mapping[str, float]) -> Metric:
    samples = [Sample(float(number), [(label, value)]) for value, number in values.items()]
    return Metric(name, "counter" if name.endswith("_total") else "gauge", said, samples)


def names(metrics: Iterable[Metric]) -> set[str]:
    """The series that Prometheus knows of these metrics, without labels."""
    parts = {"histogram": ("_bucket", "_sum", "_count")}
    return {metric.name + part for metric in metrics for part in parts.get(metric.kind, ("",))}
