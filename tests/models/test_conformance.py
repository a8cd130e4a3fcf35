"""What every model folder must hold to, whatever the model."""

import numpy as np
import pytest

from models import registry
from models.contract import ScreeningModel
from screening.card import ModelCard
from screening.findings import Findings, NotEvaluable
from screening.header import Header
from screening.images import Image, Radiograph, Volume
from screening.stopwatch import listening, stage
from screening.types import ClinicalContext, Patient
from tests.models.conftest import MakeStudy

UID = "1.2.3.4"
NAMES = registry.names()


@pytest.fixture(scope="module", params=NAMES)
def model(request: pytest.FixtureRequest) -> ScreeningModel:
    return registry.load(request.param, device="cpu", threads=1)


def blank(kind: str) -> Image:
    if kind == "radiograph":
        return Radiograph(
            pixels=np.zeros((300, 300), np.float32), spacing=None, sop_instance_uid=UID, header=Header({})
        )
    return Volume(
        hu=np.zeros((4, 16, 16), np.float32), spacing=(1.0, 1.0, 1.0), affine=np.eye(4),
        sop_instance_uids=tuple(f"{UID}.{k}" for k in range(4)), header=Header({}),
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_the_bundles_and_the_weights_are_the_cards(name: str) -> None:
    bundle = registry.bundle(name)
    card = registry.card(name)
    assert card == ModelCard.load(bundle)
    assert card.verify(bundle).stat().st_size <= 20 * 2**20
    assert card.name == name
    assert card.title
    assert card.limits
    assert (bundle.parent / "card.md").read_text(encoding="utf-8").strip()
    for part in ("configs/metadata.json", "configs/inference.json", "docs/README.md", "LICENSE"):
        assert (bundle / part).is_file(), part


@pytest.mark.parametrize("name", NAMES)
def test_another_modality_is_refused_by_the_header(name: str, make_study: MakeStudy) -> None:
    selection = registry.selector(name)(make_study([{"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}]))
    assert selection.chosen is None
    assert len(selection.rejected) == 1


@pytest.mark.parametrize("kind", ["radiograph", "volume"])
def test_a_blank_picture_is_no_finding(model: ScreeningModel, kind: str) -> None:
    outcome = model.predict(blank(kind), Patient(age_years=60.0, sex="F"), ClinicalContext())
    assert isinstance(outcome, NotEvaluable)
    assert outcome.reason


def test_the_shipped_weights_make_a_probability(model: ScreeningModel) -> None:
    assert 0 < model.probe() < 1
    assert model.probe() == model.probe()


def test_the_time_of_its_networks_is_counted(model: ScreeningModel) -> None:
    with listening() as watch, stage("predict"):
        model.probe()
    assert (watch.stages.of("network") > 0) == bool(model.parts())


def test_the_loaded_card_is_the_registrys(model: ScreeningModel) -> None:
    assert model.card == registry.card(model.card.name)


def test_an_outcome_is_nothing_else_than_findings_or_a_reason(model: ScreeningModel) -> None:
    noise = np.random.default_rng(0).random((300, 300)).astype(np.float32)
    image = Radiograph(pixels=noise, spacing=None, sop_instance_uid=UID, header=Header({}))
    outcome = model.predict(image, Patient(age_years=60.0, sex=None), ClinicalContext())
    assert isinstance(outcome, Findings | NotEvaluable)
