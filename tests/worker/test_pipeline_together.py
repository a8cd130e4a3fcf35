"""Each model of radiographs with the shipped weights: several runs at the same time give the bytes of each alone."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch

from benchmarks.clinical import RADIOGRAPHS
from models import registry
from models.engines.cache import Cache
from models.engines.company import Company
from models.engines.compiling import compile_part
from models.engines.torch_engine import gather
from screening.findings import Findings
from screening.images import Radiograph
from screening.serialize import outcome_to_json
from screening.settings import EngineChoice, Settings, WorkerSettings
from screening.stopwatch import listening
from screening.types import ClinicalContext
from tests.models.engines.pictures import PICTURES
from tests.models.engines.test_equivalence import compare
from training.phantoms.dicom import CHEST, LUMBAR_SPINE, PhantomPatient, birth_date_of, write_radiograph
from worker.pipeline import Pipeline
from worker.request import ScreenRequest
from worker.screen_folder import read_folder, request_of

ACQUIRED = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
SIDES = (400, 460, 520, 580)  # pixels: four different pictures
LONG = 60.0  # seconds that a run waits for the others


@pytest.fixture(scope="module", params=sorted(RADIOGRAPHS))
def name(request: pytest.FixtureRequest) -> str:
    """A model."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four patients' radiographs, and what OpenVINO compiled."""
    made = tmp_path_factory.mktemp(name)
    for number, side in enumerate(SIDES):
        phantom = RADIOGRAPHS[name](side)
        patient = PhantomPatient(
            patient_id=f"P{number}", name="Phantom^Four", birth_date=birth_date_of(phantom, ACQUIRED.date())
        )
        (made / "images").mkdir(exist_ok=True)
        write_radiograph(
            made / "images" / f"{number}.dcm", phantom, patient=patient, study_instance_uid=f"2.25.{number + 1}",
            acquired=ACQUIRED, part=LUMBAR_SPINE if name == "spine_fracture_xr" else CHEST,
        )  # fmt: skip
    model = registry.load(name, device="cpu", threads=2)
    compiled = {part.name: compile_part(part, threads=2) for part in model.parts()}
    Cache(made / "engines").write(name, registry.config_digest(name), compiled)
    return made


def _requests(name: str, folder: Path, engine: EngineChoice) -> list[ScreenRequest]:
    settings = Settings(home=folder, worker=WorkerSettings(engine=engine, device="cpu", threads=2))
    found = []
    for study in read_folder(folder / "images")[0]:
        chosen = registry.selector(name)(study).chosen
        assert chosen is not None
        found.append(request_of(study, name, settings, chosen))
    return found


def _run(pipeline: Pipeline, request: ScreenRequest) -> tuple[list[bytes], str | None, bool]:
    with listening() as watch:
        outcome, report = pipeline.run(request)
    assert "network" in watch.stages.by_kind()
    return [item.encoded for item in report.objects], report.engine, isinstance(outcome, Findings)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_on_a_cpu_they_are_the_same_to_the_last_bit(name: str, folder: Path, engine: EngineChoice) -> None:
    pipeline, requests = Pipeline(threads=2), _requests(name, folder, engine)
    alone = [_run(pipeline, request) for request in requests]
    assert all(read for _, _, read in alone)
    assert {str(by).split()[0].lower() for _, by, _ in alone} == {engine}
    company = Company(len(requests), LONG)

    def member(request: ScreenRequest) -> tuple[list[bytes], str | None, bool]:
        with company.member():
            return _run(pipeline, request)

    with ThreadPoolExecutor(len(requests)) as threads:
        assert list(threads.map(member, requests)) == alone


@pytest.mark.slow
def test_as_one_batch_the_findings_are_those_of_each_alone(name: str) -> None:
    """What is done on a GPU, tried on the CPU: rounding alone may differ."""
    image, patient = PICTURES[name]()
    assert isinstance(image, Radiograph)
    plain, gathered = (registry.load(name, device="cpu", threads=2) for _ in range(2))
    batches: list[int] = []
    for part in gathered.parts():
        part.network.forward = _counted(part.network.forward, batches)
        gather(part.network)
    company = Company(2, LONG)

    def member(_: int) -> object:
        with company.member():
            return outcome_to_json(gathered.predict(image, patient, ClinicalContext()))

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(member, range(2))
    wanted = outcome_to_json(plain.predict(image, patient, ClinicalContext()))
    compare(wanted, first)
    compare(wanted, second)
    alone = [part.shape[0] for part in plain.parts()]
    assert set(batches) == {2 * length for length in alone}


def _counted(forward: Callable[..., torch.Tensor], batches: list[int]) -> Callable[..., torch.Tensor]:
    lock = threading.Lock()

    def counted(x: torch.Tensor) -> torch.Tensor:
        with lock:
            batches.append(len(x))
        return forward(x)

    return counted


@pytest.mark.slow
def test_an_image_that_nobody_may_change_gives_the_same_findings(name: str) -> None:
    image, patient = PICTURES[name]()
    assert isinstance(image, Radiograph)
    model = registry.load(name, device="cpu", threads=2)
    wanted = outcome_to_json(model.predict(image, patient, ClinicalContext()))
    image.pixels.setflags(write=False)
    assert outcome_to_json(model.predict(image, patient, ClinicalContext())) == wanted
