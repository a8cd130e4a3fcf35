"""What a row of the table of routes is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from starlette.responses import Response

from dashboard.ask import Ask
from screening.users import Role


class Open(StrEnum):
    """Routes that ask for no role."""

    ANYBODY = "anybody"  #: without signing in
    USER = "user"  #: who is signed in, also with a password that must be changed first


Handler = Callable[[Ask], Response]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One method of one path. What is not in the table does not exist."""

    method: str
    path: str  #: as Starlette writes it, e.g. /studies/{study_id:int}
    handler: Handler
    least: Role | Open
    menu: str | None = None  #: its name in the menu
    api: bool = False  #: asked by programs with a token, answered with JSON
    files: bool = False  #: its body holds files' beginnings (dashboard.framing), the session's token is in a header
    in_use: bool = True  #: False for what pages fetch by themselves: it does not keep a sign-in alive

    def __post_init__(self) -> None:
        if self.method not in ("GET", "POST"):
            raise ValueError(f"method must be GET or POST, got {self.method}")
        if self.menu is not None and (self.method != "GET" or "{" in self.path):
            raise ValueError("menu is for pages without values in their path")
        if self.files and (self.method != "POST" or self.least is Open.ANYBODY):
            raise ValueError("files are sent to a route that asks who sends them")
        if self.api and (isinstance(self.least, Open) or self.menu is not None):
            raise ValueError("a route of the API needs a role, and is in no menu")

    @property
    def changes(self) -> bool:
        """Whether it may change something, and so needs the session's token."""
        return self.method == "POST"

    def allows(self, role: Role | None) -> bool:
        """Whether this role may; None: nobody is signed in."""
        if self.least is Open.ANYBODY:
            return True
        if role is None:
            return False
        return isinstance(self.least, Open) or role.covers(self.least)
