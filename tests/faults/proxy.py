"""A TCP proxy that misbehaves on demand."""

import contextlib
import socket
import struct
import threading
import time
from typing import Literal

Mode = Literal["pass", "refuse", "blackhole", "slow", "stall", "reset", "half-close"]

_CHUNK = 4096


class Proxy:
    """Stands between a client and a server on the loopback. `mode` may be changed at any time.

    refuse: closes each connection at once; blackhole: takes it and answers nothing; slow: 0.2 s for each chunk; stall:
    passes nothing on after `limit` bytes; reset: RST after as many; half-close: ends the client's direction after them.
    """

    def __init__(self, port: int) -> None:
        self.mode: Mode = "pass"
        self.limit = 10_000
        self.cut_after: tuple[bytes, bytes] | None = None
        """When a client has sent the first of these and then the second, the second is passed on and both are cut."""
        self.cuts = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self._to = port
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.getsockname()[1])

    def close(self) -> None:
        """End it and everything that goes through it."""
        for each in (self._server, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def drop_connections(self) -> None:
        """End what is open, and go on."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self.mode == "refuse":
                client.close()
                continue
            if self.mode == "blackhole":
                self._open.append(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._to), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._open += [client, server]
            for source, target, forth in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, target, forth), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, forth: bool) -> None:
        passed, armed = 0, False
        while True:
            try:
                data = source.recv(_CHUNK)
            except OSError:
                data = b""
            if not data:
                with contextlib.suppress(OSError):
                    target.shutdown(socket.SHUT_WR)
                return
            if forth and self.cut_after is not None:
                armed = armed or self.cut_after[0] in data
                if armed and self.cut_after[1] in data:
                    self.cut_after = None
                    self._cut(source, target, data)
                    return
            if self._withheld(passed, forth):
                continue
            with contextlib.suppress(OSError):
                if self.mode == "reset" and forth and passed > self.limit:
                    reset(source)
                    reset(target)
                    return
                if self.mode == "half-close" and forth and passed > self.limit:
                    target.shutdown(socket.SHUT_WR)
                    continue
                target.sendall(data)
            passed += len(data)

    def _withheld(self, passed: int, forth: bool) -> bool:
        if self.mode == "slow":
            time.sleep(0.2)
        return self.mode == "blackhole" or (self.mode == "stall" and forth and passed > self.limit)

    def _cut(self, source: socket.socket, target: socket.socket, data: bytes) -> None:
        """Pass the last bytes on so that they are obeyed, and let nobody know."""
        reset(source)
        target.sendall(data)
        time.sleep(0.5)
        target.close()
        self.cuts += 1


def reset(sock: socket.socket) -> None:
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
    sock.close()
