import inspect
import re

import pytest

from screening import errors
from screening.errors import ConfigurationError, Permanent, Retryable, ScreeningError

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ScreeningError)]


@pytest.mark.parametrize("kind", ALL)
def test_each_error_is_drawn_in_the_tree(kind: type[ScreeningError]) -> None:
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


def test_the_tree_draws_nothing_else() -> None:
    drawn = set(re.findall(r"\b[A-Z][a-z]+[A-Za-z]*\b(?=\s|$)", (errors.__doc__ or "").split("\n\n")[1]))
    assert {kind.__name__ for kind in ALL} <= drawn


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in (ScreeningError, ConfigurationError)])
def test_each_failure_is_retryable_or_permanent(kind: type[ScreeningError]) -> None:
    assert issubclass(kind, Retryable) != issubclass(kind, Permanent)


@pytest.mark.parametrize("kind", ALL)
def test_each_error_says_what_it_is(kind: type[ScreeningError]) -> None:
    assert kind.__doc__
    assert kind.__doc__.endswith(".")
