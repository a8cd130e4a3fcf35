"""Figures of the papers as printed: checked against each other where they can be."""

from training.reporting import published
from training.reporting.layouts.lookup import names


def test_each_model_has_its_paper() -> None:
    assert set(published.PAPERS) == set(names())


def test_the_sizes_of_the_first_study() -> None:
    assert [row[1] for row in published.CAP] == ["947", "467", "381"]


def test_what_contradicts_itself_is_marked() -> None:
    assert {name for name, (_, text) in published.FIGURE_4.items() if "[sic]" in text} == {"cox_m3", "deepsurv_m3"}
    assert sum(note.startswith("[sic]") for note in published.FIGURE_4_NOTES) == 2


def test_sensitivities_of_the_variants_are_16_of_23() -> None:
    printed = {name: figures[1] for name, (_, figures) in published.VARIANTS.items()}
    assert {name for name, text in printed.items() if text != f"{16 / 23:.4f}"[1:]} == {"patches_L1L5"}
    for name, (_, figures) in published.VARIANTS.items():
        near = round(float(figures[2]) * 296) / 296
        assert (f"{near:.4f}"[1:] == figures[2]) == (name != "patches_L1L5")


def test_deaths_by_horizon_are_the_printed_shares() -> None:
    shares = [round(100 * int(text.split("/")[0]) / 2125, 1) for text in published.ILD_DEATHS.values()]
    assert shares == [8.5, 15.3, 20.1]
