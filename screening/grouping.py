"""Puts instances together to series and studies, in the order in which the database keeps them."""

from collections import defaultdict
from collections.abc import Iterable

from screening.types import Instance, Series, Study


def studies_of(instances: Iterable[Instance]) -> list[Study]:
    """Studies by their UID; series and images by their numbers: a selection must not depend on where a study lies."""
    by_study: dict[str, dict[str, list[Instance]]] = defaultdict(lambda: defaultdict(list))
    for instance in instances:
        by_study[instance.study_instance_uid][instance.series_instance_uid].append(instance)
    return [
        Study(
            study_instance_uid=study_uid,
            series=tuple(
                Series(series_instance_uid=uid, instances=tuple(sorted(items, key=_in_series)))
                for uid, items in sorted(series.items(), key=_in_study)
            ),
        )
        for study_uid, series in sorted(by_study.items())
    ]


def _in_study(item: tuple[str, list[Instance]]) -> tuple[bool, float, str]:
    uid, instances = item
    number = instances[0].header.number("SeriesNumber")
    return number is None, number or 0, uid


def _in_series(instance: Instance) -> tuple[bool, float, str]:
    number = instance.header.number("InstanceNumber")
    return number is None, number or 0, instance.sop_instance_uid
