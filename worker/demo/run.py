"""Starts the node and a stand-in PACS, sends the sample studies, waits, and tells what came back."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress, TaskID

from db import status
from db.engine import transaction
from db.study_report import describe_study
from dicom_node import scu
from dicom_node.identity import Timeouts
from dicom_node.standin_pacs import StandinPacs
from screening.card import Evidence
from screening.errors import ScreeningError
from screening.settings import Destination, Indication, ModelSettings, Node, Peer, Settings, WorkerSettings
from worker import bootstrap, roles
from worker.demo.samples import ABDOMENS, ADULTS, CHILDREN, LUNGS, SPINES, Sample, write_samples
from worker.headline import headline

SENDER, PACS, NODE = "DEMO", "DEMOPACS", "OPPORTUNE"

_DEADLINE_SECONDS = 600
_DONE = ("inferred", "quarantined", "dismissed", "superseded")
_DELIVERED = ("committed", "failed", "held")


class DemoFailed(ScreeningError):
    """The demonstration did not end in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A demonstration at work."""

    node: bootstrap.Node
    port: int  #: of the node
    pacs: StandinPacs
    pacs_port: int
    folder: Path

    def send(self, samples: list[Sample], bar: Progress, task: TaskID) -> int:
        """Send every file of the samples to the node. Returns how many it took."""
        us = Destination(name="node", ae_title=NODE, address="127.0.0.1", port=self.port)
        paths = [path for sample in samples for path in sample.paths]
        taken = 0
        for result in scu.send_files(paths, us, SENDER, Timeouts()):
            taken += result.stored
            bar.advance(task)
        return taken

    def wait(self, studies: int, bar: Progress, task: TaskID) -> None:
        """Wait until so many studies are through.

        Raises
        ------
        DemoFailed
            If they are not in ten minutes.
        """
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while True:
            with transaction(self.node.ports.sessions, read_only=True) as session:
                counts = status.counts(session)
            done = sum(counts["jobs"][state] for state in _DONE)
            opened = sum(counts["jobs"].values())
            decided = sum(counts["decisions"].values())
            models = len(self.node.ports.settings.models)
            moving = sum(n for of in counts["deliveries"].values() for s, n in of.items() if s not in _DELIVERED)
            bar.update(task, completed=min(studies, (decided - opened + done) // models))
            if decided >= studies * models and done == opened and not moving:
                return
            if time.monotonic() > deadline:
                raise DemoFailed(f"after {_DEADLINE_SECONDS} s {opened - done} jobs and {moving} deliveries still wait")
            time.sleep(0.1)

    def results(self, samples: list[Sample]) -> list[dict[str, Any]]:
        """What became of each sample."""
        stored, quiet_seconds = self.pacs.objects(), self.node.ports.settings.node.quiet_seconds
        rows = []
        for sample in samples:
            with transaction(self.node.ports.sessions) as session:
                study = describe_study(session, sample.study_instance_uid, quiet_seconds=quiet_seconds)
            rows += [_row(sample, study, selection, stored) for selection in study["selections"]
                     if selection["kind"] == "decision"]  # fmt: skip
        return rows


@contextmanager
def running(folder: Path) -> Iterator[Demo]:
    """Run node and stand-in PACS for the length of the block."""
    pacs = StandinPacs(folder / "pacs", PACS)
    pacs_port = pacs.start()
    node = bootstrap.build(_settings(folder, pacs_port))
    try:
        with roles.serving(node) as at_work:
            yield Demo(node=node, port=at_work.port, pacs=pacs, pacs_port=pacs_port, folder=folder)
    finally:
        node.close()
        pacs.stop()


def demonstrate(folder: Path, bar: Progress) -> Generator[tuple[Demo, dict[str, Any]]]:
    """Run the demonstration once; yields while everything still runs, for a look at it."""
    begin = time.monotonic()
    task = bar.add_task("making sample studies", total=None)
    samples = write_samples(folder / "studies", lambda done, total: bar.update(task, completed=done, total=total))
    with running(folder) as demo:
        files = sum(len(sample.paths) for sample in samples)
        sent = demo.send(samples, bar, bar.add_task("sending", total=files))
        demo.wait(len(samples), bar, bar.add_task("screening", total=len(samples)))
        rows = demo.results(samples)
        yield demo, summary(rows, sent, files, time.monotonic() - begin, folder)


def summary(rows: list[dict[str, Any]], sent: int, files: int, seconds: float, folder: Path) -> dict[str, Any]:
    """The figures of a demonstration; failed counts whatever did not end as the sample foretells."""
    return {
        "sent": sent,
        "screened": sum(row["outcome"] == "screened" for row in rows),
        "not_evaluable": sum(row["outcome"] == "not-evaluable" for row in rows),
        "ineligible": sum(row["outcome"] == "ineligible" for row in rows),
        "not_indicated": sum(row["outcome"] == "not-indicated" for row in rows),
        "objects_stored": sum(len(row["objects"]) for row in rows),
        "failed": files - sent + sum(not row["as_expected"] for row in rows),
        "seconds": round(seconds, 1),
        "folder": str(folder),
        "studies": rows,
    }


def _row(sample: Sample, study: dict[str, Any], decision: dict[str, Any], stored: dict[str, Path]) -> dict[str, Any]:
    """One sample and one model: what was decided, what came out, which objects lie in the PACS."""
    job = next((job for job in study["jobs"] if job["model"] == decision["model"]), None)
    kind, detail = decision["code"], decision["reason"]
    if job is not None and job["outcome"] is not None:
        kind, detail = _outcome(job["outcome"])
    planned = [] if job is None else job["deliveries"]
    found = [str(stored[item["sop_instance_uid"]]) for item in planned if item["sop_instance_uid"] in stored]
    complete = len(found) == len(planned) and (bool(planned) or job is None)
    return {
        "sample": sample.label,
        "study_instance_uid": sample.study_instance_uid,
        "model": decision["model"],
        "outcome": kind,
        "detail": detail,
        "objects": found,
        "as_expected": complete and kind == sample.expected_of(decision["model"]),
    }


def _outcome(outcome: dict[str, Any]) -> tuple[str, str]:
    if outcome["kind"] == "not_evaluable":
        return "not-evaluable", outcome["reason"]
    return "screened", headline(outcome)


def _settings(folder: Path, pacs_port: int) -> Settings:
    """A node that takes studies from here and sends simulation-trained results to the stand-in only."""
    return Settings(
        home=folder / "node",
        node=Node(ae_title=NODE, bind="127.0.0.1", port=0, quiet_seconds=0.5, minimum_free_mb=64),
        peers=(Peer(ae_title=SENDER, address="127.0.0.1"),),
        destinations=(
            Destination(
                name="stand-in", ae_title=PACS, address="127.0.0.1", port=pacs_port,
                accept_evidence=(Evidence.SIMULATION,),
            ),
        ),
        models={
            ADULTS: ModelSettings(
                enabled=True,
                when="indication",
                indication=Indication(codes=("SCT:233604007", "ICD10:J18.9"), words=("pneumonia",)),
                thresholds=(5.0, 15.0),
            ),
            CHILDREN: ModelSettings(enabled=True, when="always"),
            SPINES: ModelSettings(enabled=True, when="always", thresholds=(5.0, 10.0)),
            LUNGS: ModelSettings(enabled=True),
            ABDOMENS: ModelSettings(enabled=True, when="always", thresholds=(5.0, 15.0)),
        },
        worker=WorkerSettings(reconcile_seconds=0.5),
    )  # fmt: skip
