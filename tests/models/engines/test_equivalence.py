"""Every network of the shipped models, run by OpenVINO: the answers of torch."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from models import registry
from models.bone_muscle_ct.pipeline import BoneMuscle
from models.bone_muscle_ct.segmentation import infer
from models.contract import ScreeningModel
from models.engines.compiling import compile_part
from models.engines.openvino_engine import OpenVinoEngine, Run
from screening.findings import Findings
from screening.images import Volume
from screening.serialize import outcome_to_json
from screening.types import ClinicalContext
from tests.models.engines.pictures import PICTURES

NAMES = registry.names()
PROBABILITY = 1e-4  # as far as two engines may be apart
ROUNDED = 0.0101  # percent: that, where a probability is told with two digits
TOLD = 0.15  # everything else is told with one digit, or in whole pixels of heat maps and masks


@dataclass(frozen=True)
class Pair:
    """The same model twice."""

    torch: ScreeningModel
    openvino: ScreeningModel


@pytest.fixture(scope="module", params=NAMES)
def pair(request: pytest.FixtureRequest) -> Pair:
    plain, taken = (registry.load(request.param, device="cpu", threads=1) for _ in range(2))
    compiled = {part.name: compile_part(part, threads=1) for part in taken.parts()}
    OpenVinoEngine(compiled, threads=1).take(taken.parts())
    return Pair(plain, taken)


def test_there_is_a_picture_for_each_model() -> None:
    assert sorted(PICTURES) == NAMES


def test_every_part_is_run_by_openvino_and_gives_torchs_numbers(pair: Pair) -> None:
    for plain, taken in zip(pair.torch.parts(), pair.openvino.parts(), strict=True):
        assert isinstance(taken.network.forward, Run)
        x = torch.randn(plain.shape, generator=torch.Generator().manual_seed(2))
        with torch.inference_mode():
            wanted, found = plain.network(x), taken.network(x)
        assert float((found - wanted).abs().max()) <= 1e-4 * float(wanted.abs().max())


def test_the_probability_of_a_made_up_picture_is_the_same(pair: Pair) -> None:
    assert abs(pair.torch.probe() - pair.openvino.probe()) <= PROBABILITY


def test_so_are_the_findings_of_an_image(pair: Pair) -> None:
    image, patient = PICTURES[pair.torch.card.name]()
    wanted, found = (model.predict(image, patient, ClinicalContext()) for model in (pair.torch, pair.openvino))
    assert isinstance(wanted, Findings)
    assert isinstance(found, Findings)
    compare(outcome_to_json(wanted), outcome_to_json(found))
    for before, after in zip(wanted.segments, found.segments, strict=True):
        assert before.mask.shape == after.mask.shape
        assert float((before.mask != after.mask).mean()) <= PROBABILITY


def compare(wanted: Any, found: Any, place: str = "") -> None:
    """The same words and structure, and numbers that may differ in what was rounded."""
    if isinstance(wanted, dict):
        assert wanted.keys() == found.keys(), place
        for key in wanted:
            compare(wanted[key], found[key], f"{place}.{key}")
    elif isinstance(wanted, list):
        assert len(wanted) == len(found), place
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            compare(one, other, f"{place}[{number}]")
    elif isinstance(wanted, float):
        near = ROUNDED if place.endswith(".value") else TOLD
        assert math.isclose(wanted, found, rel_tol=1e-3, abs_tol=near), f"{place}: {wanted} and {found}"
    else:
        assert wanted == found, place


@pytest.mark.parametrize("pair", ["bone_muscle_ct"], indirect=True)
def test_no_voxel_of_an_abdomen_changes_its_probability(pair: Pair) -> None:
    """Windows of another size than it was compiled for."""
    image, _ = PICTURES["bone_muscle_ct"]()
    assert isinstance(image, Volume)
    wanted, found = (classes(model, image) for model in (pair.torch, pair.openvino))
    assert float((found - wanted).abs().max()) <= PROBABILITY


def classes(model: ScreeningModel, volume: Volume) -> Tensor:
    assert isinstance(model, BoneMuscle)
    return infer(model._reader.segmentation, volume.hu, volume.spacing).classes
