"""Which spool belongs to this database: both hold the same token.

A host that does not see the spool, or sees another one, must neither screen nor tidy up: what has no row here may have
one in another database.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.node_tables import SpoolRow
from db.upsert import insert_or_ignore


def token(s: Session) -> str:
    """This database's token, made by who asks first."""
    insert_or_ignore(s, SpoolRow, ["id"], {"id": 1, "token": uuid.uuid4().hex})
    return s.scalars(select(SpoolRow.token)).one()


def known_token(s: Session) -> str | None:
    """This database's token, None as long as no listener has started."""
    return s.scalars(select(SpoolRow.token)).one_or_none()
