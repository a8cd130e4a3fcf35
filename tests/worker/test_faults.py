"""The calls that led to an exception are told without its text."""

from worker.faults import trace


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
