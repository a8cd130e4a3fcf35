"""What the child runs for `benchmarks.mutations`: a file through indexing, decoding and the report, with no network."""

from dataclasses import replace
from pathlib import Path

from dicom_node.header import is_own_output, read_instance
from dicom_node.pixels import read_radiograph
from models import registry
from models.contract import ScreeningModel
from screening.card import ModelCard
from screening.errors import BadHeader, BadPixelData
from screening.faults import describe
from screening.findings import NotEvaluable, Outcome
from screening.images import Image
from screening.reports import Report
from screening.types import ClinicalContext, Eligible, Instance, Patient
from worker.pipeline import Pipeline
from worker.request import ScreenRequest

DECODED = "decoded"
_NOTHING = Report(objects=())


class _Looks:
    """A model that takes whatever was decoded."""

    card: ModelCard = registry.card("cap_mortality_cxr")

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:  # noqa: ARG002
        return NotEvaluable(code=DECODED, reason=type(image).__name__)

    def parts(self) -> tuple[()]:
        return ()

    def probe(self) -> float:
        return 0.5


class _Fixed(Pipeline):
    def _model(self, request: ScreenRequest) -> ScreeningModel:  # noqa: ARG002
        return _Looks()


class Mutated:
    """Reads a file as the node does; where `model_name` of the request is "report", to the report, which is let go."""

    def __init__(self, *, threads: int) -> None:
        self._pipeline = _Fixed(threads=threads)

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        (path,) = request.paths
        try:
            instance = read_instance(path, location=path.name)
        except BadHeader as exc:
            return NotEvaluable(code="bad-header", reason=str(exc)), _NOTHING
        except Exception as exc:  # noqa: BLE001 (what the reconciler makes of it)
            return NotEvaluable(code="indexing-failed", reason=describe(exc)), _NOTHING
        if own := is_own_output(instance.header):
            return NotEvaluable(code="own-output", reason=own), _NOTHING
        if request.model_name != "report":
            return _pixels(path, instance), _NOTHING
        uids = (instance.sop_instance_uid,)
        chosen = Eligible(series_instance_uid=instance.series_instance_uid, sop_instance_uids=uids, reason="mutated")
        outcome, _ = self._pipeline.run(replace(request, instances=(instance,), chosen=chosen))
        return outcome, _NOTHING


def _pixels(path: Path, instance: Instance) -> NotEvaluable:
    try:
        image = read_radiograph(path, instance)
    except BadPixelData as exc:
        return NotEvaluable(code="undecodable-pixel-data", reason=str(exc))
    return NotEvaluable(code=DECODED, reason=str(image.pixels.shape))
