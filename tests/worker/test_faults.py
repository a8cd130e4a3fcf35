"""An unforeseen exception is described without its text."""

from worker.faults import describe, trace


def test_type_and_place_without_text() -> None:
    try:
        raise KeyError("DOE^JANE")
    except KeyError as exc:
        said = describe(exc)
    assert said.startswith("KeyError in tests.worker.test_faults:")
    assert "DOE" not in said


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert describe(ValueError("x")) == "ValueError"


def test_the_calls_that_led_to_it_and_what_was_before() -> None:
    def inner() -> None:
        raise KeyError("DOE^JANE")

    try:
        try:
            inner()
        except KeyError as exc:
            raise ValueError("DOE^JANE") from exc
    except ValueError as exc:
        said = trace(exc)
    assert said[0].startswith("tests.worker.test_faults:")
    assert said[0].endswith(" test_the_calls_that_led_to_it_and_what_was_before")
    assert said[-1].startswith("after KeyError in tests.worker.test_faults:")
    assert "DOE" not in " ".join(said)
