"""An unforeseen exception is described without its text."""

from screening.faults import describe


def test_type_and_place_without_text() -> None:
    try:
        raise KeyError("DOE^JANE")
    except KeyError as exc:
        said = describe(exc)
    assert said.startswith("KeyError in tests.screening.test_faults:")
    assert "DOE" not in said


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert describe(ValueError("x")) == "ValueError"
