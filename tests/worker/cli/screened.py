"""A study that was screened, for tests of what comes after."""

from dataclasses import replace

from tests.db.factories import make_findings, make_report
from tests.worker.ports import pacs, radiograph, receive
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.sandbox.protocol import Answer
from worker.screening_job import screen

GOOD = Answer(make_findings(), make_report())


def screened(node: Ports, sandbox: ScriptedSandbox) -> int:
    """A study that was screened, its results on the way to a PACS; the number of its job."""
    node = replace(node, settings=node.settings.model_copy(update={"destinations": (pacs(104),)}))
    receive(node, radiograph(AccessionNumber="A-17"))
    index_received(node)
    ((job_id, _),) = intake_quiet(node)
    screen(job_id, node, sandbox, "host:1")
    return job_id
