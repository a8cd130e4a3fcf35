"""`opportune users`: who may use the dashboard."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from screening.users import Role
from worker.cli.database import open_session
from worker.cli.output import JsonFlag, fail, print_json, print_table
from worker.cli.settings import load_settings

users_app = typer.Typer(help="Who may use the dashboard.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name of the user")]
RoleOption = Annotated[
    Role, typer.Option("--role", help="viewer: looks, names masked; operator: tries again, dismisses; admin: all")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(users_app, name="users")


@users_app.command("list")
def users_list(as_json: JsonFlag = False) -> None:
    """List the users of the dashboard."""
    from db import users  # noqa: PLC0415

    with open_session(read_only=True) as session:
        found = users.known(session)
    rows = [
        {"name": user.name, "role": user.role.value, "must_change_password": user.must_change,
         "locked_until": _moment(user.locked_until), "signed_in_at": _moment(user.signed_in_at),
         "created_at": _moment(user.created_at)}
        for user in found
    ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    columns = ("name", "role", "must change password", "locked until", "last sign-in", "made")
    print_table("Users", columns, (tuple(row.values()) for row in rows))


@users_app.command("add")
def users_add(name: NameArgument, role: RoleOption = Role.VIEWER) -> None:
    """Make a user, and print a one-time password, which the user changes at the first sign-in."""
    from db import users  # noqa: PLC0415

    password, hashed, seconds = _one_time()
    with open_session() as session, _explained():
        added = users.add(session, name, role, hashed, valid_seconds=seconds, who=getpass.getuser())
    if added is None:
        raise fail(f"there is a user {name} already")
    _tell(added.name, password, seconds)


@users_app.command("role")
def users_role(name: NameArgument, role: Annotated[Role, typer.Argument(help="The new role")]) -> None:
    """Change what a user may do, from the user's next request on."""
    from db import users  # noqa: PLC0415

    with open_session() as session, _explained():
        users.give_role(session, name, role, who=getpass.getuser())
    typer.echo(f"user {name} is {role.value}")


@users_app.command("reset")
def users_reset(name: NameArgument) -> None:
    """Print a new one-time password for a user, unlock the account and end the user's sign-ins."""
    from db import users  # noqa: PLC0415

    password, hashed, seconds = _one_time()
    with open_session() as session, _explained():
        users.reset(session, name, hashed, valid_seconds=seconds, who=getpass.getuser())
    _tell(name, password, seconds)


@users_app.command("unlock")
def users_unlock(name: NameArgument) -> None:
    """Let a user whose account is locked by wrong passwords try again at once."""
    from db import users  # noqa: PLC0415

    with open_session() as session, _explained():
        users.unlock(session, name, who=getpass.getuser())
    typer.echo(f"user {name} is unlocked")


@users_app.command("remove")
def users_remove(name: NameArgument) -> None:
    """Remove a user, the user's sign-ins and tokens. The audit trail keeps the name."""
    from db import users  # noqa: PLC0415

    with open_session() as session, _explained():
        users.remove(session, name, who=getpass.getuser())
    typer.echo(f"user {name} is removed")


@users_app.command("token")
def users_token(
    name: NameArgument,
    label: Annotated[str, typer.Option("--label", help="What it is for")],
    role: RoleOption = Role.VIEWER,
    days: Annotated[float, typer.Option("--days", min=0.01, max=3650, help="How long it is good")] = 365,
) -> None:
    """Print a token with which a program uses the JSON API for a user. It is printed this once."""
    from db import api_tokens  # noqa: PLC0415

    with open_session() as session, _explained():
        token = api_tokens.issue(
            session, name, label=label, role=role, valid_seconds=days * 86400, who=getpass.getuser()
        )
    typer.echo(token)
    typer.echo(f"token of {name}, role {role.value}, good for {days:g} days", err=True)


@users_app.command("tokens")
def users_tokens(as_json: JsonFlag = False) -> None:
    """List the tokens of programs, without what opens the door."""
    from db import api_tokens  # noqa: PLC0415

    with open_session(read_only=True) as session:
        rows = [
            {"token_id": item.token_id, "user": item.user, "label": item.label, "role": item.role.value,
             "created_at": _moment(item.created_at), "ends_at": _moment(item.ends_at)}
            for item in api_tokens.known(session)
        ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    print_table("Tokens", ("token", "user", "for", "role", "made", "ends"), (tuple(row.values()) for row in rows))


@users_app.command("revoke")
def users_revoke(token: Annotated[int, typer.Argument(help="Number of the token, as listed")]) -> None:
    """End a token."""
    from db import api_tokens  # noqa: PLC0415

    with open_session() as session:
        done = api_tokens.revoke(session, token, who=getpass.getuser())
    if not done:
        raise fail(f"there is no token {token}")
    typer.echo(f"token {token} is ended")


def _one_time() -> tuple[str, str, float]:
    """A password, its hash, and for how many seconds it is good."""
    from dashboard.passwords import Passwords, one_time  # noqa: PLC0415

    password = one_time()
    return password, Passwords().hash(password), load_settings(read_cards=False).dashboard.one_time_hours * 3600


def _tell(name: str, password: str, seconds: float) -> None:
    """The password alone on stdout, so that a program may take it; what to do with it on stderr."""
    typer.echo(password)
    told = f"one-time password of {name}, good for {seconds / 3600:g} hours; it is changed at the first sign-in"
    typer.echo(told, err=True)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except KeyError:
        raise fail("there is no user of this name; `opportune users list` shows them") from None
    except ValueError as exc:
        raise fail(str(exc)) from None


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
