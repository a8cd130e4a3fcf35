"""Instances come together in the order of the database."""

from screening.grouping import studies_of
from screening.header import Header, JsonValue
from screening.types import Instance


def make(study: str, series: str, number: str, **header: JsonValue) -> Instance:
    return Instance(
        sop_class_uid="1.2",
        sop_instance_uid=f"{study}.{series}.{number}",
        series_instance_uid=f"{study}.{series}",
        study_instance_uid=study,
        transfer_syntax_uid="1.2",
        digest="0" * 64,
        location="x",
        header=Header(header),
    )


def test_studies_by_uid_series_and_images_by_their_numbers() -> None:
    given = [
        make("2", "1", "1"),
        make("1", "1", "2", SeriesNumber=5, InstanceNumber=10),
        make("1", "1", "1", SeriesNumber=5, InstanceNumber="9"),
        make("1", "1", "3", SeriesNumber=5),
        make("1", "2", "1", SeriesNumber=4),
        make("1", "3", "1", SeriesNumber="none"),
    ]
    first, second = studies_of(given)
    assert [one.series_instance_uid for one in first.series] == ["1.2", "1.1", "1.3"]
    assert [one.sop_instance_uid for one in first.series[1].instances] == ["1.1.1", "1.1.2", "1.1.3"]
    assert second.study_instance_uid == "2"
    assert studies_of([]) == []
