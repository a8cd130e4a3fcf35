"""A scored cohort is checked when it is made and comes back from a file as it was."""

from pathlib import Path

import numpy as np
import pytest

from screening.errors import ConfigurationError
from training.cohorts.table import BadRow
from training.evaluation.scored import ScoredCohort, read_csv, read_json, write_csv, write_json


def cohort(**changes: object) -> ScoredCohort:
    fields: dict[str, object] = {
        "model_name": "cap_mortality_cxr",
        "name": "external",
        "patient_id": np.array(["A", "A", "B,1"]),
        "values": {"died": np.array([0.0, 1.0, 0.0]), "risk": np.array([0.1, 1 / 3, np.nan])},
        "groups": {"sex": np.array(["F", "F", ""])},
        "bad": (BadRow(line=7, faults=(("images", "cannot be read"),)),),
    }
    return ScoredCohort(**(fields | changes))  # type: ignore[arg-type]


def assert_same(a: ScoredCohort, b: ScoredCohort) -> None:
    assert (a.model_name, a.name) == (b.model_name, b.name)
    np.testing.assert_array_equal(a.patient_id, b.patient_id)
    assert list(a.values) == list(b.values)
    assert list(a.groups) == list(b.groups)
    for name in a.values:
        np.testing.assert_array_equal(a.values[name], b.values[name])
    for name in a.groups:
        np.testing.assert_array_equal(a.groups[name], b.groups[name])


def test_json_gives_everything_back(tmp_path: Path) -> None:
    write_json(cohort(), tmp_path / "scored.json")
    back = read_json(tmp_path / "scored.json")
    assert_same(back, cohort())
    assert back.bad == cohort().bad


def test_csv_gives_the_rows_back_to_the_last_bit(tmp_path: Path) -> None:
    write_csv(cohort(), tmp_path / "scored.csv")
    back = read_csv(tmp_path / "scored.csv", model_name="cap_mortality_cxr", name="external")
    assert_same(back, cohort())
    assert (tmp_path / "scored.csv").read_text().splitlines()[0] == "patient_id,died,risk,group:sex"


def test_an_empty_cohort_goes_through_both_files(tmp_path: Path) -> None:
    empty = cohort().take(np.zeros(3, np.bool_))
    write_csv(empty, tmp_path / "s.csv")
    write_json(empty, tmp_path / "s.json")
    assert_same(read_csv(tmp_path / "s.csv", model_name="cap_mortality_cxr", name="external"), empty)
    assert_same(read_json(tmp_path / "s.json"), empty)


def test_known_rows_are_those_with_every_number() -> None:
    assert cohort().known("died", "risk").tolist() == [True, True, False]
    assert cohort().known().tolist() == [True, True, True]
    with pytest.raises(KeyError, match="extent"):
        cohort().known("extent")


def test_a_column_of_nothing_is_not_had() -> None:
    assert cohort().has("died", "risk")
    assert not cohort().has("risk", "extent")
    assert not cohort(values={"curb65": np.full(3, np.nan)}).has("curb65")


def test_taking_rows_keeps_what_was_left_out_at_reading() -> None:
    some = cohort().take(np.array([2, 0]))
    assert some.patient_id.tolist() == ["B,1", "A"]
    assert some.groups["sex"].tolist() == ["", "F"]
    assert len(some) == 2
    assert some.bad == cohort().bad


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"values": {"risk": np.zeros(2)}}, r"risk must be \(3,\)"),
        ({"values": {"risk": np.array([0.0, np.inf, 1.0])}}, "1 infinite"),
        ({"groups": {"sex": np.array(["F"])}}, r"sex must be \(3,\)"),
        ({"patient_id": np.array(["A", "", "B"])}, "patient_id"),
        ({"groups": {"risk": np.array(["a", "b", "c"])}}, "'risk'"),
        ({"values": {"patient_id": np.zeros(3)}}, "'patient_id'"),
        ({"values": {"group:sex": np.zeros(3)}}, "'group:sex'"),
    ],
)
def test_what_cannot_be_a_cohort_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        cohort(**changes)


@pytest.mark.parametrize(
    "text", ["", "died,risk\n1,0.5\n", "patient_id,risk\nA\n", "patient_id,risk\nA,high\n", "patient_id,a,a\n"]
)
def test_a_malformed_table_is_a_configuration_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "scored.csv").write_text(text)
    with pytest.raises(ConfigurationError, match=r"scored\.csv cannot be read"):
        read_csv(tmp_path / "scored.csv", model_name="m", name="n")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_name": "m", "name": "n", "patient_id": ["A"], "values": 3}'])
def test_a_malformed_json_is_a_configuration_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "scored.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"scored\.json cannot be read"):
        read_json(tmp_path / "scored.json")


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_csv(tmp_path / "no.csv", model_name="m", name="n")
