import numpy as np
import pytest
import torch

from models.patches import VARIANTS
from models.spine_fracture_xr.preprocess import MEAN, SD, View, scale, standardise

SPINE = np.array([[60.0, 20], [62, 40], [66, 60], [64, 80], [58, 100]])


def picture() -> np.ndarray:
    rows, columns = np.mgrid[:128, :128]
    return np.asarray(0.2 + 0.6 * np.exp(-(((columns - 62) / 12) ** 2)) + 0.001 * rows, np.float32)


def test_grey_values_run_from_minimum_to_maximum() -> None:
    assert scale(np.array([[2.0, 4], [3, 6]], np.float32)).tolist() == [[0, 0.5], [0.25, 1]]
    assert not scale(np.full((3, 3), 7, np.float32)).any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_one_canvas(variant: str) -> None:
    shown = View(variant=variant, size=96).show(picture(), SPINE)  # type: ignore[arg-type]
    assert shown.shape == (1, 96, 96)
    assert shown.dtype == np.float32
    assert 0 < (shown > 0).mean() < 1


def test_masks_show_less_and_patches_less_than_the_whole() -> None:
    share = {v: (View(variant=v, size=96).show(picture(), SPINE) > 0.01).mean() for v in VARIANTS}
    assert share["patches_L1L5_mask"] < share["patches_L1L5"] < share["full_L1L5"]
    assert share["full_L1L5_mask"] < share["full_L1L5"]


def test_a_stack_has_a_patch_for_each_level() -> None:
    view = View(layout="stack", size=48)
    assert view.channels == 5
    assert view.show(picture(), SPINE).shape == (5, 48, 48)
    masked = View(variant="patches_L1L5_mask", layout="stack", size=48).show(picture(), SPINE)
    assert (masked > 0).mean() < (view.show(picture(), SPINE) > 0).mean()


def test_what_cannot_be_shown_is_refused() -> None:
    with pytest.raises(ValueError, match="no patches to stack"):
        View(variant="full_L1L4", layout="stack")
    with pytest.raises(ValueError, match=r"32\.\.384"):
        View(size=16)
    with pytest.raises(ValueError, match="no variant"):
        View(variant="full")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="points"):
        View().show(picture(), SPINE[:3])


def test_a_smaller_canvas_shows_the_same() -> None:
    large, small = (View(size=size).show(picture(), SPINE)[0] for size in (384, 96))
    averaged = large.reshape(96, 4, 96, 4).mean((1, 3))
    inside = (averaged > 0.05) & (small > 0.05)
    assert np.corrcoef(averaged[inside], small[inside])[0, 1] > 0.97
    assert ((averaged > 0.05) == (small > 0.05)).mean() > 0.96


def test_standardising_centres() -> None:
    assert standardise(torch.tensor([MEAN, MEAN + SD])).tolist() == pytest.approx([0, 1])
