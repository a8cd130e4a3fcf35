"""Stands before every handler: who asks, whether that role may, whether the page's own form was sent."""

import asyncio
import hmac
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dashboard import cookies
from dashboard.api.answers import refuse
from dashboard.ask import Ask, NotFound, Parts, Signed, go_to, page
from dashboard.framing import TooMuch, read_files
from dashboard.route import Open, Route
from db import api_tokens, user_sessions
from db.engine import transaction
from screening.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

_LONGEST_FORM = 64 * 1024  # bytes
_MOST_FIELDS = 1000
_TOO_LARGE = 2**63  # for a number of a row
_SECONDS_TO_SEND = 120.0  # files

_Found = TypeVar("_Found")
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(route: Route, parts: Parts) -> Endpoint:
    """What Starlette calls for a route."""
    if route.files:
        return _endpoint_of_files(route, parts)

    async def answer(request: Request) -> Response:
        form = await _form(request) if route.changes else {}
        if form is None:
            return await run_in_threadpool(_refuse, route, _ask(request, parts, {}), 413, "That is too long.")
        bearer = request.headers.get("authorization", "") if route.api else ""
        return await run_in_threadpool(_answer, route, _ask(request, parts, form), bearer)

    return answer


def _endpoint_of_files(route: Route, parts: Parts) -> Endpoint:
    """The same for files: nothing of them is read before it is known who sends them, nor for two at a time."""
    place = threading.Lock()

    async def answer(request: Request) -> Response:
        asked = _ask(request, parts, {"csrf": request.headers.get("x-csrf-token", "")})
        bearer = request.headers.get("authorization", "") if route.api else ""
        admitted = await run_in_threadpool(_admit, route, asked, bearer)
        if isinstance(admitted, Response):
            return admitted
        by: Ask = admitted

        async def refused(status: int, why: str) -> Response:
            return await run_in_threadpool(_refuse, route, by, status, why)

        if not place.acquire(blocking=False):
            return await refused(503, "Somebody else's files are being looked at. Try again in a moment.")
        try:
            async with asyncio.timeout(_SECONDS_TO_SEND):
                files = await read_files(request.stream())
            return await run_in_threadpool(_handle, route, replace(by, files=files))
        except TooMuch as exc:
            return await refused(413, f"That is too much: {exc}.")
        except ValueError:
            return await refused(422, "The files did not come whole.")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except TimeoutError:
            return await refused(408, f"The files did not come within {_SECONDS_TO_SEND:.0f} seconds.")
        finally:
            place.release()

    return answer


def _ask(request: Request, parts: Parts, form: dict[str, str]) -> Ask:
    return Ask(
        parts=parts,
        path=request.url.path,
        values=request.path_params,
        query=dict(request.query_params),
        form=form,
        cookies=request.cookies,
        client=request.client.host if request.client else "unknown",
        fragment=request.headers.get("hx-request") == "true",
        signed=None,
    )


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form or of a flat JSON object, the last of each name; None when it is too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            return None
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
            return _fields(json.loads(body or b"{}"))
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (ValueError, RecursionError):
        return {}


def _fields(value: object) -> dict[str, str]:
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


def _answer(route: Route, ask: Ask, bearer: str) -> Response:
    admitted = _admit(route, ask, bearer)
    return admitted if isinstance(admitted, Response) else _handle(route, admitted)


def _admit(route: Route, ask: Ask, bearer: str) -> Ask | Response:
    """The request with who asks, or the answer to who may not."""

    def admitted() -> Ask | Response:
        if any(isinstance(value, int) and value >= _TOO_LARGE for value in ask.values.values()):
            raise NotFound("there is no such page")
        known = _with_token(ask, bearer) if route.api else _with_session(route, ask)
        refusal = _refusal_of_program(route, known) if route.api else _refusal(route, known)
        return known if refusal is None else refusal

    return _told(route, ask, admitted)


def _handle(route: Route, ask: Ask) -> Response:
    return _told(route, ask, lambda: route.handler(ask))


def _told(route: Route, ask: Ask, step: Callable[[], _Found]) -> _Found | Response:
    """What a step finds, or a page that says what went wrong."""
    try:
        return step()
    except NotFound as exc:
        return _refuse(route, ask, 404, str(exc)[:1].upper() + str(exc)[1:] + ".")
    except DatabaseUnavailable as exc:
        _log.warning("a page could not be made: %s", exc)
        return _refuse(route, ask, 503, "The database does not answer. The page comes back with it.")
    except Exception:  # noqa: BLE001 (the page's last one: it is logged, and whoever asked is told)
        _log.exception("a page could not be made: %s %s", route.method, route.path)
        return _refuse(route, ask, 500, "A fault of the program; the log says where. Please report it.")


def _with_session(route: Route, ask: Ask) -> Ask:
    token = cookies.read(ask, "session")
    if not token:
        return ask
    idle = ask.parts.settings.dashboard.idle_minutes * 60
    with transaction(ask.parts.sessions, read_only=True) as s:
        found = user_sessions.find(s, token, idle_seconds=idle)
    if found is None:
        return ask
    if found.touch and route.in_use:
        with transaction(ask.parts.sessions) as s:
            user_sessions.touch(s, found.session_id, idle_seconds=idle)
    return ask.signed_by(Signed(session_id=found.session_id, user=found.user, csrf=found.csrf))


def _refusal(route: Route, ask: Ask) -> Response | None:
    """The answer to who may not; None: who asks may."""
    if route.least is Open.ANYBODY:
        return None
    if ask.signed is None:
        return _to_sign_in(route, ask)
    if not route.allows(ask.user.role):
        return _refuse(route, ask, 403, f"This needs the role {route.least.value}; yours is {ask.user.role.value}.")
    if route.changes and not hmac.compare_digest(ask.signed.csrf.encode(), ask.form.get("csrf", "").encode()):
        return _refuse(route, ask, 403, "The page was too old. Go back, load it anew and try again.")
    if ask.user.must_change and route.least is not Open.USER:
        return _elsewhere(ask, "/password")
    return None


def _to_sign_in(route: Route, ask: Ask) -> Response:
    if route.changes or ask.fragment or ask.path == "/":
        return _elsewhere(ask, "/sign-in")
    return _elsewhere(ask, "/sign-in?" + urlencode({"next": ask.path}))


def _elsewhere(ask: Ask, path: str) -> Response:
    """Send the browser to another page, also where only a piece of one was asked for."""
    return Response(status_code=401, headers={"HX-Redirect": path}) if ask.fragment else go_to(path)


def _with_token(ask: Ask, bearer: str) -> Ask:
    scheme, _, token = bearer.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(api_tokens.PREFIX):
        return ask
    with transaction(ask.parts.sessions, read_only=True) as s:
        found = api_tokens.find(s, token.strip())
    if found is None:
        return ask
    user, role = found
    return ask.signed_by(Signed(session_id=0, user=replace(user, role=role), csrf=""))


def _refusal_of_program(route: Route, ask: Ask) -> Response | None:
    """The same for a program. It has no cookie, so no other site can make a browser ask in its place."""
    if ask.signed is None:
        if not ask.parts.throttle.allows(f"token from {ask.client}"):
            return refuse(429, "too many wrong tokens; wait a minute")
        answer = refuse(401, "a token is needed: Authorization: Bearer opp_...")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    if not route.allows(ask.user.role):
        return _refuse(route, ask, 403, f"This needs the role {route.least.value}; yours is {ask.user.role.value}.")
    if ask.user.must_change:
        return _refuse(route, ask, 403, "The token's user has a password that must be changed first.")
    return None


def _refuse(route: Route, ask: Ask, status: int, why: str) -> Response:
    if route.api:
        return refuse(status, why)
    return page(ask, "refused.html", status=status, why=why)
