"""Describes an exception nobody foresaw, without its text: that may hold patient data, or a password."""

import traceback


def describe(exc: BaseException) -> str:
    """Type and place, e.g. "KeyError in models.registry:41"."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(exc).__name__
    return f"{type(exc).__name__} in {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def trace(exc: BaseException) -> list[str]:
    """The calls that led to it, outermost first, e.g. "worker.cli:26 main"; then what it was raised from."""
    calls = [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(exc.__traceback__)
    ]
    before = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return calls if before is None else [*calls, f"after {describe(before)}"]
