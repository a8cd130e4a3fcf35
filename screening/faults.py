"""Describes an exception nobody foresaw, without its text: that may hold patient data, or a password."""


def describe(exc: BaseException) -> str:
    """Type and place, e.g. "KeyError in models.registry:41"."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(exc).__name__
    return f"{type(exc).__name__} in {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
