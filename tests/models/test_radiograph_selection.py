from collections.abc import Iterator

from models.radiograph_selection import select_frontal_chest
from screening.header import Header, JsonValue
from tests.models.conftest import CR, MakeStudy

Values = dict[str, JsonValue]


def nothing(header: Header) -> Iterator[tuple[str, str]]:
    """A model that takes whatever is a frontal chest."""
    yield from ()


def never(header: Header) -> Iterator[tuple[str, str]]:
    """A model that takes none."""
    yield "of-its-own", f"nobody of {header.text('PatientAge')}"


def test_what_is_a_frontal_chest_is_the_same_for_every_model(make_study: MakeStudy) -> None:
    selection = select_frontal_chest(
        make_study([{"ViewPosition": "AP"}], [{"ViewPosition": "LL"}], [{"Modality": "CR", "SOPClassUID": CR}]), nothing
    )
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.3"
    assert selection.chosen.reason == "frontal chest radiograph: ViewPosition PA"
    assert {row.series_instance_uid: row.code for row in selection.rejected} == {
        "1.2.3.1": "not-preferred", "1.2.3.2": "wrong-view",
    }  # fmt: skip


def test_a_model_adds_what_it_asks_for_besides(make_study: MakeStudy) -> None:
    selection = select_frontal_chest(make_study([{}], [{"ViewPosition": "LL"}]), never)
    assert selection.chosen is None
    assert [(row.code, row.reason) for row in selection.rejected] == [
        ("of-its-own", "nobody of 067Y"), ("wrong-view", "view is LL; a frontal view (PA or AP) is needed"),
    ]  # fmt: skip


def test_an_unstated_view_is_left_to_the_pixels(make_study: MakeStudy) -> None:
    values: Values = {"ViewPosition": "", "SeriesDescription": "Chest"}
    chosen = select_frontal_chest(make_study([values]), nothing).chosen
    assert chosen is not None
    assert chosen.reason == "frontal chest radiograph: view not stated, left to the pixel check"
