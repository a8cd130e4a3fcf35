import numpy as np
import pytest

from training.phantoms.child.phantom import ChildPhantom, make_child
from training.phantoms.child.regions import NAMES, regions


@pytest.fixture(scope="module", params=[3, 60, 180])
def phantom(request: pytest.FixtureRequest) -> ChildPhantom:
    return make_child(7, months=request.param, longest_side=160, healthy=True)


def test_each_part_is_there_and_none_is_everything(phantom: ChildPhantom) -> None:
    masks = regions(phantom)
    assert tuple(masks) == NAMES
    for name, mask in masks.items():
        assert mask.shape == phantom.pixels.shape
        assert 0.005 < mask.mean() < 0.5, name


def test_parts_lie_where_they_belong(phantom: ChildPhantom) -> None:
    masks, canvas = regions(phantom), phantom.canvas
    x = np.broadcast_to(canvas.x, phantom.pixels.shape) / phantom.child.shape.half_width
    assert abs(float(x[masks["spine"]].mean())) < 0.05
    assert float(np.abs(x[masks["spine"]]).max()) < 0.35
    assert x[masks["heart"]].max() > -x[masks["heart"]].min()  # the patient's left lies on the picture's right
    assert float(np.abs(x[masks["lung"]]).mean()) > float(np.abs(x[masks["heart"]]).mean())
    assert not (masks["heart"] & masks["mediastinum"]).any()
    assert not (masks["spine"] & masks["bone"]).any()
    # lungs are dark beside the heart
    assert phantom.pixels[masks["lung"]].mean() < phantom.pixels[masks["heart"]].mean()
