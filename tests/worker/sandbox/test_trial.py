"""What counts as prevented."""

import errno

import pytest

from worker.sandbox.trial import _prevented


@pytest.mark.parametrize(
    ("number", "prevented"),
    [(errno.EACCES, True), (errno.EPERM, True), (errno.ENOENT, False), (errno.ECONNREFUSED, False)],
)
def test_only_a_refusal_counts(number: int, *, prevented: bool) -> None:
    def attempt() -> None:
        raise OSError(number, "no")

    assert _prevented(attempt) is prevented


def test_what_works_is_not_prevented() -> None:
    assert not _prevented(lambda: None)
