"""A folder of DICOM in, objects and findings out."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from db import studies
from db.engine import transaction
from screening.errors import SandboxDied, SpoolUnavailable, WeightsMismatch
from screening.findings import NotEvaluable, Outcome
from screening.jobs import input_digest
from screening.reports import Report
from screening.settings import ModelSettings, Settings, WorkerSettings
from screening.types import Instance, Selection, Study
from tests.worker.factories import STUDY
from tests.worker.fake_model import FakeModel, write_picture
from tests.worker.fake_registry import FakeRegistry, choose_frontal
from tests.worker.ports import MODEL, make_card, receive
from worker.indexing import index_received
from worker.pipeline import Pipeline
from worker.ports import Ports
from worker.request import ScreenRequest
from worker.screen_folder import read_folder, screen_study


class ScriptedPipeline(Pipeline):
    """Raises instead of running, and remembers what it was asked."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(threads=1)
        self._fault = fault
        self.requests: list[ScreenRequest] = []

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        self.requests.append(request)
        raise self._fault


@pytest.fixture
def model(registry: FakeRegistry) -> FakeModel:
    """The model that the registry loads."""
    made = FakeModel()
    registry.loader = lambda _name, _settings: made
    return made


def _screen(folder: Path, out: Path, pipeline: Pipeline | None = None, **settings: Any) -> list[dict[str, Any]]:
    (study,), _ = read_folder(folder)
    made = Settings(**settings)
    return list(screen_study(study, made, [MODEL], pipeline or Pipeline(threads=1), out))


def test_studies_series_and_images_come_in_order(tmp_path: Path) -> None:
    write_picture(tmp_path / "b", 1)
    write_picture(tmp_path / "a", 2)
    write_picture(tmp_path / "c", 3, SeriesInstanceUID=f"{STUDY}.0")
    write_picture(tmp_path / "d", 4, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1")
    read, unread = read_folder(tmp_path)
    found = [
        (study.study_instance_uid, [[i.sop_instance_uid[-1] for i in series.instances] for series in study.series])
        for study in read
    ]
    assert found == [("1.2.3", [["4"]]), (STUDY, [["3"], ["1", "2"]])]
    assert unread == []


def test_the_order_is_that_of_the_database(ports: Ports, tmp_path: Path) -> None:
    numbers = ((1, "10", 2), (2, "9", 3), (3, None, 1), (4, "9", None), (5, "9", 2))
    for number, series, image in numbers:
        uid = f"{STUDY}.{series or 1}"
        write_picture(tmp_path / "in", number, SeriesInstanceUID=uid, SeriesNumber=series, InstanceNumber=image)
        receive(ports, dcmread(tmp_path / "in" / f"image{number}.dcm"))
    index_received(ports)
    (study,), _ = read_folder(tmp_path / "in")
    with transaction(ports.sessions) as session:
        kept = studies.load(session, STUDY)
    order = [instance.sop_instance_uid[-1] for instance in study.instances]
    assert order == [instance.sop_instance_uid[-1] for instance in kept.instances] == ["5", "2", "4", "1", "3"]


def test_a_file_that_cannot_be_opened_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path, *, location: str) -> Instance:
        raise SpoolUnavailable("cannot read a stored file: Permission denied")

    monkeypatch.setattr("worker.screen_folder.read_instance", closed)
    path = write_picture(tmp_path)
    read, (unread,) = read_folder(tmp_path)
    assert (read, unread.path) == ([], path)
    assert "Permission denied" in unread.reason


def test_one_file_is_a_folder_of_one(tmp_path: Path) -> None:
    (study,), _ = read_folder(write_picture(tmp_path))
    assert len(study.instances) == 1


def test_what_is_no_image_to_screen_is_listed_with_its_reason(tmp_path: Path) -> None:
    write_picture(tmp_path, 1)
    ours = write_picture(tmp_path, 2, Manufacturer="Opportune")
    text = tmp_path / "readme.txt"
    text.write_text("hello", encoding="utf-8")
    read, unread = read_folder(tmp_path)
    assert [len(study.instances) for study in read] == [1]
    assert [item.path for item in unread] == [ours, text]
    assert "made by Opportune itself" in unread[0].reason
    assert unread[1].reason


def test_the_same_file_twice_is_taken_once(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_picture(tmp_path / folder)
    (study,), unread = read_folder(tmp_path)
    assert (len(study.instances), unread) == (1, [])


def test_other_bytes_under_the_same_uid_are_listed(tmp_path: Path) -> None:
    write_picture(tmp_path / "a")
    second = write_picture(tmp_path / "b", SeriesDescription="other")
    (study,), unread = read_folder(tmp_path)
    assert len(study.instances) == 1
    assert [item.path for item in unread] == [second]
    assert "other bytes" in unread[0].reason


def test_our_output_under_the_uid_of_an_image_does_not_push_it_out(tmp_path: Path) -> None:
    write_picture(tmp_path / "a")
    ours = write_picture(tmp_path / "b", Manufacturer="Opportune")
    (study,), unread = read_folder(tmp_path)
    assert len(study.instances) == 1
    assert [item.path for item in unread] == [ours]


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert read_folder(tmp_path) == ([], [])


def test_a_screened_study_lies_in_its_folder(model: FakeModel, tmp_path: Path) -> None:
    write_picture(tmp_path / "in")
    (result,) = _screen(tmp_path / "in", tmp_path / "out")
    assert (result["decision"], result["model"], result["study_instance_uid"]) == ("screened", MODEL, STUDY)
    assert result["chosen"]["sop_instance_uids"] == [f"{STUDY}.1.1"]
    assert json.loads(json.dumps(result))["outcome"]["kind"] == "findings"
    for item in result["objects"]:
        path = Path(item["path"])
        assert path.parent == tmp_path / "out" / STUDY / MODEL
        assert dcmread(path).SOPInstanceUID == item["sop_instance_uid"]
    assert [item["role"] for item in result["objects"]] == ["card", "overlay", "measurements"]


def test_an_image_is_decoded_once_for_all_models_of_its_study(
    model: FakeModel, registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.selectors["another"] = registry.selectors[MODEL]
    write_picture(tmp_path / "in")
    (study,), _ = read_folder(tmp_path / "in")
    list(screen_study(study, Settings(), [MODEL, "another"], Pipeline(threads=1), tmp_path / "out"))
    (first, _, _), (second, _, _) = model.shown
    assert first is second


def test_the_same_folder_twice_gives_the_same_uids(model: FakeModel, tmp_path: Path) -> None:
    write_picture(tmp_path / "in")
    uids = [
        [item["sop_instance_uid"] for item in _screen(tmp_path / "in", tmp_path / out)[0]["objects"]]
        for out in ("first", "second")
    ]
    assert uids[0] == uids[1]
    assert len(set(uids[0])) == 3


def test_the_request_is_that_of_the_settings(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.selectors[MODEL] = choose_frontal
    write_picture(tmp_path / "in", 1, ViewPosition="LL")
    path = write_picture(tmp_path / "in", 2)
    pipeline = ScriptedPipeline(WeightsMismatch("differ"))
    own = tmp_path / "own"
    registry.own[own] = make_card(), "d" * 64
    models = {MODEL: ModelSettings(thresholds=(5, 15), bundle=own)}
    cache = tmp_path / "compiled"
    worker = WorkerSettings(threads=7, engine="openvino", engine_cache=cache)
    _screen(tmp_path / "in", tmp_path / "out", pipeline, models=models, worker=worker)
    (request,) = pipeline.requests
    assert (request.device, request.threads, request.engine) == ("cpu", 7, "openvino")
    assert request.engine_cache == cache
    assert request.thresholds == (5, 15)
    assert (request.bundle, request.config_digest) == (own, "d" * 64)
    assert request.paths == (path,)
    assert request.input_digest == input_digest(request.instances)


def test_an_ineligible_study_says_why_series_by_series(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.selectors[MODEL] = choose_frontal
    write_picture(tmp_path / "in", ViewPosition="LL")
    (result,) = _screen(tmp_path / "in", tmp_path / "out")
    assert (result["decision"], result["outcome"], result["objects"]) == ("ineligible", None, [])
    assert [item["code"] for item in result["rejected"]] == ["wrong-view"]
    assert not (tmp_path / "out").exists()


def test_a_study_that_is_not_evaluable_is_reported(registry: FakeRegistry, tmp_path: Path) -> None:
    refusal = NotEvaluable(code="age-unknown", reason="no birth date")
    registry.loader = lambda _name, _settings: FakeModel(lambda *_: refusal)
    write_picture(tmp_path / "in")
    (result,) = _screen(tmp_path / "in", tmp_path / "out")
    assert (result["decision"], result["outcome"]["code"]) == ("not_evaluable", "age-unknown")
    assert len(result["objects"]) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (WeightsMismatch("weights differ"), "weights differ"),
        (SandboxDied("out of memory"), "out of memory"),
        (KeyError("DOE^JANE"), "KeyError in tests.worker.test_screen_folder:"),
    ],
)
def test_a_run_that_fails_stops_no_other(registry: FakeRegistry, tmp_path: Path, fault: Exception, reason: str) -> None:
    write_picture(tmp_path / "in")
    (study,), _ = read_folder(tmp_path / "in")
    pipeline = ScriptedPipeline(fault)
    results = list(screen_study(study, Settings(), [MODEL, MODEL], pipeline, tmp_path / "out"))
    assert [result["decision"] for result in results] == ["failed", "failed"]
    assert reason in results[0]["reason"]
    assert "DOE" not in str(results)


def test_a_selection_that_fails_stops_no_other(registry: FakeRegistry, tmp_path: Path) -> None:
    def select(study: Study) -> Selection:
        raise KeyError("DOE^JANE")

    registry.selectors["broken"] = select
    write_picture(tmp_path / "in")
    (study,), _ = read_folder(tmp_path / "in")
    pipeline = ScriptedPipeline(WeightsMismatch("differ"))
    first, second = screen_study(study, Settings(), ["broken", MODEL], pipeline, tmp_path / "out")
    assert first["decision"] == "failed"
    assert "KeyError" in first["reason"]
    assert second["reason"] == "differ"
    assert "DOE" not in str(first)
