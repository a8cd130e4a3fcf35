"""The sample studies are valid, made up, and cover what may happen to a study."""

from pathlib import Path

import pydicom
import pytest

from models import registry
from worker.demo import samples
from worker.demo.samples import ABDOMENS, ADULTS, CHILDREN, LUNGS, SPINES, Sample, write_samples
from worker.screen_folder import read_folder


def _silent(done: int, total: int) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "LONGEST_SIDE", 128)
        return write_samples(tmp_path_factory.mktemp("samples"), _silent)


def test_every_kind_of_end_is_shown(made: list[Sample]) -> None:
    ends = {sample.expected_of(ADULTS) for sample in made}
    assert ends == {"screened", "not-evaluable", "ineligible", "not-indicated"}
    assert {sample.expected_of(CHILDREN) for sample in made} == {"screened", "not-evaluable", "ineligible"}
    assert {sample.expected_of(SPINES) for sample in made} == {"screened", "not-evaluable", "ineligible"}
    assert {sample.expected_of(model) for sample in made for model in (LUNGS, ABDOMENS)} == {"screened", "ineligible"}
    assert any(not {"screened", "not-evaluable", "not-indicated"} & set(sample.expected.values()) for sample in made)
    assert len({sample.study_instance_uid for sample in made}) == len({sample.label for sample in made}) == len(made)


def test_what_headers_decide_is_foretold_rightly(made: list[Sample]) -> None:
    for sample in made:
        studies, unread = read_folder(sample.paths[0].parent)
        assert not unread, sample.label
        (study,) = studies
        assert study.study_instance_uid == sample.study_instance_uid
        for model in registry.names():
            refused = registry.selector(model)(study).chosen is None
            assert refused == (sample.expected_of(model) == "ineligible"), (sample.label, model)


def test_nobody_is_a_patient(made: list[Sample]) -> None:
    for path in (path for sample in made for path in sample.paths):
        ds = pydicom.dcmread(path)
        assert str(ds.PatientName).startswith("Phantom^")
        assert len(ds.PixelData) == 2 * ds.Rows * ds.Columns


def test_writing_again_gives_the_same_uids(made: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "LONGEST_SIDE", 128)
    monkeypatch.setattr(samples, "_PLANS", samples._PLANS[:1])
    monkeypatch.setattr(samples, "_SCANS", ())
    (again,) = write_samples(tmp_path, _silent)
    assert again.study_instance_uid == made[0].study_instance_uid
