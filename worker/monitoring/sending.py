"""Takes a notice to a mail server, or to a webhook."""

import json
import logging
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from screening.errors import DestinationUnavailable
from screening.monitoring_settings import Notify
from worker.monitoring.notices import Notice, body, subject

_log = logging.getLogger(__name__)

Send = Callable[[Notice, str], None]
"""Takes a notice of a node, by its AE title, where it shall go; raises DestinationUnavailable if it cannot."""


def ways(settings: Notify) -> dict[str, Send]:
    """The ways that are set, by name."""
    found: dict[str, Send] = {}
    if settings.email_to:
        found["e-mail"] = lambda notice, node: by_mail(settings, notice, node)
    if settings.webhook is not None:
        found["webhook"] = lambda notice, node: by_webhook(settings, notice, node)
    return found


def by_mail(settings: Notify, notice: Notice, node: str) -> None:
    """Send one message to all addresses."""
    message = EmailMessage()
    message["Subject"], message["From"] = subject(notice, node), settings.email_from
    message["To"] = ", ".join(settings.email_to)
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=settings.email_from.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note comes back
    message.set_content(body(notice, node))
    try:
        with _server(settings) as server:
            refused = server.send_message(message)
    except (OSError, smtplib.SMTPException) as exc:  # the text of some holds what the server said: not ours to log
        raise DestinationUnavailable(f"the mail server does not take a notice ({type(exc).__name__})") from exc
    if refused:  # the others have it: to send it again would be told twice
        _log.warning("the mail server refuses %d of %d addresses", len(refused), len(settings.email_to))


def _server(settings: Notify) -> smtplib.SMTP:
    where = settings.smtp_host, settings.smtp_port
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(*where, timeout=settings.timeout_seconds, context=context)
    else:
        server = smtplib.SMTP(*where, timeout=settings.timeout_seconds)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            password = "" if settings.smtp_password is None else settings.smtp_password.get_secret_value()
            server.login(settings.smtp_user, password)
    except BaseException:
        server.close()
        raise
    return server


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A notice goes where the settings say, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def by_webhook(settings: Notify, notice: Notice, node: str) -> None:
    """POST the notice as JSON: node, lines, over, and the whole as `text`, which chat services show."""
    assert settings.webhook is not None  # noqa: S101 (see `ways`)
    content = {"node": node, "lines": notice.lines, "over": notice.over, "text": body(notice, node)}
    request = urllib.request.Request(  # noqa: S310 (the settings allow http and https only)
        settings.webhook.get_secret_value(), data=json.dumps(content).encode(), method="POST",
        headers={"Content-Type": "application/json", "User-Agent": "opportune"},
    )  # fmt: skip
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=settings.timeout_seconds) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as exc:
        exc.close()
        raise DestinationUnavailable(f"the webhook answers {exc.code}") from exc
    except (OSError, ValueError) as exc:  # its text may hold the URL, and so a token
        raise DestinationUnavailable(f"the webhook does not answer ({type(exc).__name__})") from exc
