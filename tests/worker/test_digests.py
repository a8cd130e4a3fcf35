"""Digests depend on content, not on order."""

from tests.worker.factories import make_instance, make_study
from worker.digests import input_digest, study_digest


def test_order_does_not_matter_and_content_does() -> None:
    one, two, three = (make_instance(number) for number in (1, 2, 3))
    assert input_digest([one, two]) == input_digest([two, one])
    assert input_digest([one, two]) != input_digest([one, three])
    assert len(input_digest([one])) == 64


def test_a_study_is_all_its_instances() -> None:
    one, two = make_instance(1), make_instance(2)
    assert study_digest(make_study(one, two)) == input_digest([two, one])
