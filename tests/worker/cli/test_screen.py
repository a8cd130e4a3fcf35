"""`opportune screen`: files in, objects out, without a node."""

from pathlib import Path

import pytest

from screening.errors import WeightsMismatch
from screening.findings import NotEvaluable
from tests.worker.cli.command import opportune
from tests.worker.factories import STUDY
from tests.worker.fake_model import FakeModel, write_picture
from tests.worker.fake_registry import FakeRegistry, choose_frontal
from tests.worker.ports import MODEL


@pytest.fixture
def model(registry: FakeRegistry) -> FakeModel:
    """The model that the registry loads."""
    made = FakeModel()
    registry.loader = lambda _name, _settings: made
    return made


def test_json_lists_results_objects_and_what_was_not_read(model: FakeModel, tmp_path: Path) -> None:
    write_picture(tmp_path / "in")
    (tmp_path / "in" / "readme.txt").write_text("hello", encoding="utf-8")
    ended = opportune("screen", tmp_path / "in", "--out", tmp_path / "out", "--json")
    assert ended.status == 0, ended.err
    (result,) = ended.json["results"]
    assert (result["decision"], result["study_instance_uid"]) == ("screened", STUDY)
    assert all(Path(item["path"]).is_file() for item in result["objects"])
    assert [item["path"] for item in ended.json["unread"]] == [str(tmp_path / "in" / "readme.txt")]
    assert not (tmp_path / "opportune-data").exists()


def test_a_table_for_people(model: FakeModel, tmp_path: Path) -> None:
    ended = opportune("screen", write_picture(tmp_path / "in"), "--out", tmp_path / "out")
    assert ended.status == 0
    for text in ("screened", "34.2 %", "card, overlay, measurements", "Not read: none"):
        assert text in ended.out
    assert not any(name in ended.out for name in ("Quillfeather", "ZQ-778812"))


def test_why_there_is_no_result_is_in_the_table(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.selectors[MODEL] = choose_frontal
    refusal = NotEvaluable(code="age-unknown", reason="no birth date")
    registry.loader = lambda _name, _settings: FakeModel(lambda *_: refusal)
    write_picture(tmp_path / "in", 1)
    write_picture(tmp_path / "in", 2, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1", ViewPosition="LL")
    ended = opportune("screen", tmp_path / "in", "--out", tmp_path / "out")
    assert ended.status == 0
    assert "no birth date" in ended.out
    assert "not a frontal view" in ended.out


def test_a_run_that_failed_ends_with_1(registry: FakeRegistry, tmp_path: Path) -> None:
    def load(*_: object) -> FakeModel:
        raise WeightsMismatch("weights differ from the card")

    registry.loader = load
    ended = opportune("screen", write_picture(tmp_path / "in"), "--out", tmp_path / "out")
    assert ended.status == 1
    assert "weights differ from the card" in ended.out
    assert "a run failed" in ended.words


def test_a_model_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    ended = opportune("screen", write_picture(tmp_path / "in"), "--out", tmp_path / "out", "--model", "none")
    assert ended.status == 1
    assert ended.words == f"opportune: there is no screening model 'none'; there are {MODEL}"


def test_a_folder_without_any_image_is_no_success(model: FakeModel, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "readme.txt").write_text("hello", encoding="utf-8")
    ended = opportune("screen", tmp_path / "in", "--out", tmp_path / "out")
    assert ended.status == 1
    assert "readme.txt" in ended.out
    assert "no DICOM image" in ended.words
