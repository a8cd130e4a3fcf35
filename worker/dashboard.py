"""The dashboard as a part of the node: served beside its other roles, or alone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from dashboard.app import make_parts
from dashboard.first_admin import announcement, make_first_admin
from dashboard.serving import dashboard
from db.engine import make_engine, make_sessions
from worker.audit_reports import activity
from worker.bootstrap import Node
from worker.patience import when_database_answers
from worker.presence import present


@contextmanager
def serving_pages(node: Node, role: str | None = None) -> Iterator[list[str]]:
    """Serve the pages for the length of the block. What to tell whoever started it: the address and, once, a password.

    role: of the process, if it has none yet.
    """
    # connections of its own: many who look at pages must not keep the listener from the database
    engine = make_engine(node.settings.sqlalchemy_url)
    sessions = make_sessions(engine)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        if role is not None:
            stack.enter_context(activity(node.ports, role))
            stack.enter_context(present(sessions, role))
        parts = make_parts(node.settings, sessions)
        address = stack.enter_context(dashboard(parts))
        make = partial(make_first_admin, sessions, node.settings, parts.passwords)
        password = when_database_answers(node.settings, make)
        said = [f"the dashboard is at {address}"]
        yield said if password is None else [*said, announcement(password, node.settings)]
