"""Who may do what in the dashboard."""

import re
from enum import StrEnum

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")


class Role(StrEnum):
    """What a user may do. Each role may do all that the one before it may."""

    VIEWER = "viewer"  #: looks; patients' names are masked
    OPERATOR = "operator"  #: sees names, retries and dismisses
    ADMIN = "admin"  #: besides, reads the audit trail and what concerns the node itself

    def covers(self, least: "Role") -> bool:
        """Whether who has this role may do what needs at least that one."""
        order = list(Role)
        return order.index(self) >= order.index(least)


def user_name(text: str) -> str:
    """A user's name as it is kept: in small letters.

    Raises
    ------
    ValueError
        If it has other characters than a-z, 0-9, '.', '_', '@' and '-', begins with a sign, or has more than 63.
    """
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"a user's name must be 1 to 63 of a-z, 0-9, '.', '_', '@' and '-', got {text[:80]!r}")
    return name
