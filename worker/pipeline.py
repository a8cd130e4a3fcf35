"""One screening run from files to objects: read, predict, build. Runs in the child, or in `opportune screen`."""

import gc
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dicom_node.pixels import read_radiograph, read_volume
from dicom_node.reports.build import build_report
from dicom_node.reports.request import ReportRequest
from dicom_node.reports.slice_picture import slice_picture
from dicom_node.source_header import read_source_header
from models import registry
from models.contract import ScreeningModel
from models.engines.company import leave_company
from screening import failpoints
from screening.errors import BadGeometry, BadPixelData
from screening.faults import describe
from screening.findings import Findings, NotEvaluable, Outcome
from screening.images import Image, Radiograph
from screening.patient import patient_of
from screening.reports import Report
from screening.stopwatch import one_at_a_time, stage
from worker.engines import Settled, settle
from worker.kept_image import KeptImage, most_bytes
from worker.request import ScreenRequest
from worker.version import SOFTWARE_VERSION

_log = logging.getLogger(__name__)

_Key = tuple[str, str, str]  # model, device, digest of its configuration

_FAULTS_OF_A_GPU = (RuntimeError, ValueError, ArithmeticError)
"""torch raises RuntimeError when a GPU is out of memory or lost; our values refuse NaN with ValueError."""


class Pipeline:
    """Keeps the models that it has loaded, and the image that it decoded last. May run requests in several threads."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._images = KeptImage(most_bytes())
        self._changes = threading.Lock()  # of all below
        self._running: Counter[_Key] = Counter()
        self._engines: dict[_Key, Settled] = {}
        self._loaded: dict[_Key, ScreeningModel] = {}
        self._failed_on_gpu: set[str] = set()

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        """Read the images, predict, build the report.

        Where a GPU fails, on the CPU; the model then stays there for the life of this process.

        Raises
        ------
        Permanent
            If the model cannot be loaded or a report cannot be built for this patient.
        """
        if request.model_name in self._failed_on_gpu:
            request = replace(request, device="cpu")
        try:
            return self._run(request)
        except _FAULTS_OF_A_GPU as exc:
            if not _on_gpu(request.device):
                raise
            _log.warning("%s failed on the GPU (%s); it runs on the CPU now", request.model_name, describe(exc))
        with one_at_a_time(self._changes):
            self._failed_on_gpu.add(request.model_name)
            # gives the GPU's memory back to the models that stay there
            for key in [key for key in self._loaded if key[0] == request.model_name and key[1] != "cpu"]:
                self._engines.pop(key, None)
                del self._loaded[key]
        return self._run(replace(request, device="cpu"))

    def _run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        with self._ready(request) as (model, engine):
            picture, outcome = self._predict(model, request)
        with stage("report"):
            return outcome, replace(_report(model, request, outcome, picture), engine=engine)

    @contextmanager
    def _ready(self, request: ScreenRequest) -> Iterator[tuple[ScreeningModel, str]]:
        """The model, and the name of what runs it; that stays for the length of the block."""
        key = _key(request)
        with stage("load"), one_at_a_time(self._changes):
            model = self._model(request)
            engine = self._engine(model, request)
            self._running[key] += 1
        try:
            yield model, engine
        finally:
            with one_at_a_time(self._changes):
                self._running[key] -= 1

    def _model(self, request: ScreenRequest) -> ScreeningModel:
        """The model under the very configuration that the job was opened under; one that is loaded stays as it is."""
        key = _key(request)
        if key not in self._loaded:
            registry.require_config(request.model_name, request.config_digest, request.model_settings)
            self._loaded[key] = registry.load(
                request.model_name,
                device=request.device,
                threads=self._threads,
                settings=request.model_settings,
                signatures=request.signatures,
            )
            # what was loaded stays: whoever collects the garbage of a run need not look at it, which takes 0.3 s
            gc.collect()
            gc.freeze()
        return self._loaded[key]

    def _engine(self, model: ScreeningModel, request: ScreenRequest) -> str:
        """Name of the engine that runs the model in this run. None takes over from another in the midst of a run."""
        key = _key(request)
        before = self._engines.get(key)
        if before is not None and self._running[key]:
            return before.engine
        settled = settle(model, request, threads=self._threads, before=before)
        self._engines[key] = settled
        return settled.engine

    def _predict(self, model: ScreeningModel, request: ScreenRequest) -> tuple[Radiograph | None, Outcome]:
        first = request.instances[0]
        try:
            with stage("decode"):
                image = self._images.read(request, _read)
        except (BadPixelData, BadGeometry) as exc:
            code = "undecodable-pixel-data" if isinstance(exc, BadPixelData) else "broken-geometry"
            return None, NotEvaluable(code=code, reason=str(exc), sop_instance_uid=first.sop_instance_uid)
        with stage("predict"):
            outcome = model.predict(image, patient_of(first.header), request.context)
        leave_company()  # what goes side by side with this run need not wait for it at any network
        failpoints.hit("worker.mid-inference")
        if isinstance(image, Radiograph):
            return image, outcome
        return (slice_picture(image, outcome) if isinstance(outcome, Findings) else None), outcome


def _report(model: ScreeningModel, request: ScreenRequest, outcome: Outcome, picture: Radiograph | None) -> Report:
    with stage("report.sources"):
        sources = tuple(read_source_header(path) for path in request.paths)
    return build_report(
        ReportRequest(
            card=model.card,
            outcome=outcome,
            chosen=request.chosen,
            sources=sources,
            picture=picture,
            input_digest=request.input_digest,
            config_digest=request.config_digest,
            inferred_at=request.inferred_at,
            software_version=SOFTWARE_VERSION,
            predecessors=request.predecessors,
            forms=request.forms,
        )
    )


def _key(request: ScreenRequest) -> _Key:
    return request.model_name, request.device, request.config_digest


def _read(request: ScreenRequest) -> Image:
    """The chosen images: a volume for CT, a radiograph for everything else."""
    if request.is_volume:
        return read_volume(list(zip(request.paths, request.instances, strict=True)))
    return read_radiograph(request.paths[0], request.instances[0])


def _on_gpu(device: str) -> bool:
    from models.weights import pick_device  # noqa: PLC0415 (imports torch, which the registry has done by now)

    return pick_device(device).type != "cpu"
