import pytest

from training.reporting.cells import Cell, count, label
from training.reporting.tables import FEW_NOTE, Table, to_csv


def table(**changes: object) -> Table:
    fields: dict[str, object] = {
        "key": "t", "title": "Who", "columns": ("cohort", "AUC", "n"), "notes": ("a note",),
        "rows": ((label("a|b"), Cell(value=0.5, low=0.4, high=0.6, published=".61"), count(3)),
                 (label("c"), label("not in this bundle"), count(0))),
    }  # fmt: skip
    return Table(**(fields | changes))  # type: ignore[arg-type]


def test_published_figures_stand_beside_ours() -> None:
    assert table().markdown().splitlines() == [
        "## Who", "", "| cohort | AUC | AUC, published | n |", "| --- | --- | --- | --- |",
        "| a\\|b | 0.500 (0.400 to 0.600) | .61 | 3 |", "| c | not in this bundle |  | 0 |", "", "- a note",
    ]  # fmt: skip


def test_csv() -> None:
    said = to_csv([table(), table(title="Again", notes=())])
    assert said.splitlines()[:4] == [
        "Who", "cohort,AUC,\"AUC, published\",n", "a|b,0.500 (0.400 to 0.600),.61,3", "c,not in this bundle,,0",
    ]  # fmt: skip
    assert "\n\nAgain\n" in said


def test_json_has_every_number() -> None:
    plain = table().plain()
    assert plain["rows"][0]["AUC"] == {"value": 0.5, "low": 0.4, "high": 0.6, "published": ".61"}


def test_few_events_get_their_note() -> None:
    few = table(rows=((label("a"), Cell(value=0.5, few=True), count(3)),))
    assert few.all_notes == ("a note", FEW_NOTE)
    assert table().all_notes == ("a note",)


def test_a_crooked_table_is_refused() -> None:
    with pytest.raises(ValueError, match="must have 3 cells, got 1"):
        table(rows=((label("a"),),))
    with pytest.raises(ValueError, match="twice"):
        table(columns=("a", "a", "b"))
