import pytest

from training.evaluation.subgroups import bands, banner, banner_of, subgroups


def test_every_row_is_in_one_group_of_each_column() -> None:
    found = subgroups({"sex": ["F", "M", "F", None], "vendor": ["A", "A", "A", "A"]}, ["p", "q", "r", "s"], needed=2)
    assert [(g.column, g.label, g.rows.tolist(), g.patients, g.judged) for g in found] == [
        ("sex", "F", [0, 2], 2, True),
        ("sex", "M", [1], 1, False),
        ("sex", "missing", [3], 1, False),
        ("vendor", "A", [0, 1, 2, 3], 4, True),
    ]


def test_patients_count_not_rows() -> None:
    (group,) = subgroups({"sex": ["F"] * 40}, ["one"] * 40)
    assert (group.patients, group.judged) == (1, False)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="sex must have 2 labels, got 1"):
        subgroups({"sex": ["F"]}, ["a", "b"])


def test_twenty_events_carry_no_banner() -> None:
    assert banner(20) is None
    assert banner(19) == "19 events, fewer than 20: not interpretable"
    assert banner_of([1] * 30 + [0] * 5) == "5 non-events, fewer than 20: not interpretable"
    assert banner_of([1] * 5 + [0] * 30) == "5 events, fewer than 20: not interpretable"


def test_bands() -> None:
    assert bands([39.9, 40, 59, 60], [40, 60]) == ("< 40", "40 to < 60", "40 to < 60", ">= 60")
    assert bands([1.5], [1]) == (">= 1",)
    with pytest.raises(ValueError, match="rise"):
        bands([1], [2, 2])
