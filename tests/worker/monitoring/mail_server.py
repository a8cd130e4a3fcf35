"""A stand-in for a mail server on the loopback: plain or with STARTTLS, with or without signing in."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """What came, and what it refuses."""

    context: ssl.SSLContext | None = None
    refused: tuple[str, ...] = ()
    messages: list[str] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0


class _Dialogue(socketserver.StreamRequestHandler):
    """One connection."""

    server_of_test: MailServer
    timeout = 10
    encrypted = False

    def handle(self) -> None:
        answers = {"EHLO": self._hello, "STARTTLS": self._encrypt, "AUTH": self._sign_in, "DATA": self._take}
        self._say("220 stand-in")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper().split()[0]
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "RCPT" and any(address in line for address in self.server_of_test.refused):
                self._say("550 nobody")
            elif verb in answers:
                answers[verb](line)
            else:
                self._say("250 ok")

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # the one that is encrypted, too

    def _hello(self, _: str) -> None:
        starttls = ["STARTTLS"] if self.server_of_test.context and not self.encrypted else []
        for offered in ("stand-in", *starttls, "AUTH PLAIN"):
            self._say(f"250-{offered}")
        self._say("250 8BITMIME")

    def _encrypt(self, _: str) -> None:
        assert self.server_of_test.context is not None
        self._say("220 go on")
        self.connection = self.server_of_test.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.encrypted = True

    def _sign_in(self, line: str) -> None:
        words = base64.b64decode(line.split()[2]).decode().replace("\0", " ")
        self.server_of_test.signed_in.append(words.strip())
        self._say("235 welcome")

    def _take(self, _: str) -> None:
        self._say("354 go on")
        rows = []
        while (row := self.rfile.readline().decode()) != ".\r\n":
            rows.append(row)
        self.server_of_test.messages.append("".join(rows))
        self.server_of_test.encrypted.append(self.encrypted)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def running_mail_server(context: ssl.SSLContext | None = None, refused: tuple[str, ...] = ()) -> Iterator[MailServer]:
    """A server on a free port."""
    known = MailServer(context=context, refused=refused)

    class Handler(_Dialogue):
        server_of_test = known

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that went away is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        known.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()
