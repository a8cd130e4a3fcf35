"""One screening run from files to objects: read, predict, build. Runs in the child, or in `opportune screen`."""

from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from dicom_node.pixels import read_radiograph, read_volume
from dicom_node.reports.build import build_report
from dicom_node.reports.request import ReportRequest
from dicom_node.reports.slice_picture import slice_picture
from models import registry
from models.contract import ScreeningModel
from screening import failpoints
from screening.errors import BadGeometry, BadPixelData
from screening.findings import Findings, NotEvaluable, Outcome
from screening.images import Image, Radiograph
from screening.patient import patient_of
from screening.reports import Report
from worker.request import ScreenRequest
from worker.version import SOFTWARE_VERSION


class Pipeline:
    """Keeps the models that it has loaded."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._loaded: dict[tuple[str, str, str], ScreeningModel] = {}

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        """Read the images, predict, build the report.

        Raises
        ------
        Permanent
            If the model cannot be loaded or a report cannot be built for this patient.
        """
        model = self._model(request)
        picture, outcome = self._predict(model, request)
        report = build_report(
            ReportRequest(
                card=model.card,
                outcome=outcome,
                chosen=request.chosen,
                sources=tuple(_header(path) for path in request.paths),
                picture=picture,
                input_digest=request.input_digest,
                config_digest=request.config_digest,
                inferred_at=request.inferred_at,
                software_version=SOFTWARE_VERSION,
                predecessors=request.predecessors,
                forms=request.forms,
            )
        )
        return outcome, report

    def _model(self, request: ScreenRequest) -> ScreeningModel:
        """The model under the very configuration that the job was opened under; one that is loaded stays as it is."""
        key = (request.model_name, request.device, request.config_digest)
        if key not in self._loaded:
            registry.require_config(request.model_name, request.config_digest, request.model_settings)
            self._loaded[key] = registry.load(
                request.model_name, device=request.device, threads=self._threads, settings=request.model_settings
            )
        return self._loaded[key]

    def _predict(self, model: ScreeningModel, request: ScreenRequest) -> tuple[Radiograph | None, Outcome]:
        first = request.instances[0]
        try:
            image = _read(request)
        except (BadPixelData, BadGeometry) as exc:
            code = "undecodable-pixel-data" if isinstance(exc, BadPixelData) else "broken-geometry"
            return None, NotEvaluable(code=code, reason=str(exc), sop_instance_uid=first.sop_instance_uid)
        outcome = model.predict(image, patient_of(first.header), request.context)
        failpoints.hit("worker.mid-inference")
        if isinstance(image, Radiograph):
            return image, outcome
        return (slice_picture(image, outcome) if isinstance(outcome, Findings) else None), outcome


def _read(request: ScreenRequest) -> Image:
    """The chosen images: a volume for CT, a radiograph for everything else."""
    if request.instances[0].header.text("Modality").upper() == "CT":
        return read_volume(list(zip(request.paths, request.instances, strict=True)))
    return read_radiograph(request.paths[0], request.instances[0])


def _header(path: Path) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True, force=True)
