"""The calls that led to an exception, without values: these may hold patient data, or a password."""

import traceback

from screening.faults import describe


def trace(exc: BaseException) -> list[str]:
    """The calls that led to it, outermost first, e.g. "worker.cli:26 main"; then what it was raised from."""
    calls = [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(exc.__traceback__)
    ]
    before = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return calls if before is None else [*calls, f"after {describe(before)}"]
