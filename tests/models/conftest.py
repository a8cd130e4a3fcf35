"""Studies and radiographs for the models' tests."""

from collections.abc import Callable

import pytest
import torch

from screening.header import Header, JsonValue
from screening.types import Instance, Series, Study
from tests.worker.fake_registry import FakeRegistry

CR = "1.2.840.10008.5.1.4.1.1.1"
DX = "1.2.840.10008.5.1.4.1.1.1.1"

MakeStudy = Callable[..., Study]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    """One made-up model that chooses whatever comes."""
    fake = FakeRegistry()
    fake.install(monkeypatch)
    return fake


@pytest.fixture
def make_study() -> MakeStudy:
    """Each argument is a series: a list of images, each a dict of header values (SOPClassUID among them)."""

    def build(*series: list[dict[str, JsonValue]]) -> Study:
        made = []
        for number, images in enumerate(series, start=1):
            uid = f"1.2.3.{number}"
            instances = [_instance(uid, f"{uid}.{index}", values) for index, values in enumerate(images, start=1)]
            made.append(Series(series_instance_uid=uid, instances=tuple(instances)))
        return Study(study_instance_uid="1.2.3", series=tuple(made))

    return build


def _instance(series_uid: str, uid: str, values: dict[str, JsonValue]) -> Instance:
    header = {"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "PA", "PatientAge": "067Y"} | values
    return Instance(
        sop_class_uid=str(header.pop("SOPClassUID", DX)),
        sop_instance_uid=uid,
        series_instance_uid=series_uid,
        study_instance_uid="1.2.3",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        digest="0" * 64,
        location=uid,
        header=Header(header),
    )
