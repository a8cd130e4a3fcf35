import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import models
from models.ages import expectation
from models.conformal import Intervals
from models.pediatric_age_cxr.preprocess import prepare, scalars, to_tensor
from models.pediatric_age_cxr.reader import GROUPS, Reader, Spread, group_of, load_reader
from screening.errors import WeightsMismatch

BUNDLE = Path(models.__file__).parent / "pediatric_age_cxr" / "bundle"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader(BUNDLE)


def picture(seed: int = 0) -> np.ndarray:
    rows, columns = np.mgrid[0:1:200j, 0:1:160j]
    wave = 0.5 + 0.3 * np.sin(7 * rows + seed) * np.cos(5 * columns) + 0.1 * rows
    return np.asarray(wave, np.float32)


def test_what_the_network_says_is_what_is_told(reader: Reader) -> None:
    pictures = [prepare(picture(seed), spacing, reader.size) for seed, spacing in ((0, None), (1, (1.0, 1.0)))]
    ages = reader.read(pictures, ["M", None])
    told = scalars(["M", None], [False, True], [0.0, pictures[1].scale])
    logits = reader.network(to_tensor([p.square for p in pictures]), told).logits
    np.testing.assert_allclose(ages.months, expectation(logits).detach().numpy(), rtol=1e-5)
    assert (ages.lower <= ages.upper).all()
    assert (ages.lower >= 0).all()
    assert (ages.upper <= 228).all()
    assert np.isfinite(ages.distance).all()


def test_ages_are_those_of_the_picture_alone_and_repeat(reader: Reader) -> None:
    first, second = (prepare(picture(seed), (1.0, 1.0), reader.size) for seed in (0, 1))
    both, one = reader.read([first, second], ["M", "F"]), reader.read([second], ["F"])
    assert both.months[1] == pytest.approx(one.months[0], abs=1e-3)
    np.testing.assert_array_equal(one.months, reader.read([second], ["F"]).months)


def test_the_interval_is_that_of_pictures_whose_size_is_known_as_well_or_not(reader: Reader) -> None:
    both = json.loads((BUNDLE / "configs" / "opportune.json").read_text())["calibration"]["interval"]
    for spacing, name in ((None, "filled"), ((1.0, 1.0), "scaled")):
        ages = reader.read([prepare(picture(), spacing, reader.size)], ["M"])
        lower, upper = Intervals.from_json(both[name]).around(ages.months)
        assert (ages.lower[0], ages.upper[0]) == pytest.approx((lower[0], upper[0]))


def test_at_every_age_the_interval_is_wider_where_the_size_is_not_known() -> None:
    both = json.loads((BUNDLE / "configs" / "opportune.json").read_text())["calibration"]["interval"]
    middles = np.array([50.0, 100.0, 140.0])  # months, away from the ends of the scale, where intervals are cut
    widths = {}
    for name in ("filled", "scaled"):
        lower, upper = Intervals.from_json(both[name]).around(middles)
        widths[name] = upper - lower
    assert (widths["filled"] > widths["scaled"]).all()


def test_contributions_are_a_map_for_each_picture(reader: Reader) -> None:
    maps = reader.contributions([prepare(picture(), (1.0, 1.0), reader.size)] * 2, ["M", "F"])
    assert [m.shape for m in maps] == [(reader.size // 32, reader.size // 32)] * 2
    assert np.isfinite(maps).all()
    assert not np.array_equal(maps[0], maps[1])


def test_z_is_the_difference_in_units_of_the_usual(reader: Reader) -> None:
    values = json.loads((BUNDLE / "configs" / "opportune.json").read_text())["calibration"]["spread"]
    group = GROUPS.index("6-10")
    told = 100.0 + values["mean"][group] + 2 * values["sd"][group]
    assert reader.z([told], [100.0]) == pytest.approx([2.0])


def test_a_bound_belongs_to_the_group_above() -> None:
    assert group_of([0, 11.9, 12, 36, 167.9, 168, 220]).tolist() == [0, 0, 1, 2, 4, 5, 5]


def test_nothing_and_another_size_are_refused(reader: Reader) -> None:
    for pictures in ([], [prepare(picture(), None, reader.size // 2)]):
        with pytest.raises(ValueError, match="squares of"):
            reader.read(pictures, ["M"] * len(pictures))


def test_a_spread_has_a_value_for_each_group() -> None:
    with pytest.raises(ValueError, match="6 values"):
        Spread(mean=(0.0,), sd=(1.0,))
    with pytest.raises(ValueError, match="positive"):
        Spread(mean=(0.0,) * 6, sd=(1.0,) * 5 + (0.0,))


@pytest.mark.parametrize(("section", "value", "message"), [
    (("preprocessing", "version"), "0", "trained with preprocessing '0'"),
    (("network", "depth"), 34, "do not fit"),
    (("network", "depth"), 19, "lacks"),
    (("calibration", "interval"), {}, "lacks 'scaled'"),
    (("calibration", "spread"), {"mean": [0.0], "sd": [1.0]}, "6 values"),
    (("card", "input_size"), [160, 128], "two equal numbers"),
    (("card", "weights_sha256"), "0" * 64, "SHA-256"),
])  # fmt: skip
def test_what_does_not_belong_together_is_refused(
    tmp_path: Path, section: tuple[str, str], value: Any, message: str
) -> None:
    bundle = shutil.copytree(BUNDLE, tmp_path / "bundle")
    path = bundle / "configs" / "opportune.json"
    values = json.loads(path.read_text())
    values[section[0]][section[1]] = value
    path.write_text(json.dumps(values))
    with pytest.raises(WeightsMismatch, match=message):
        load_reader(bundle)
