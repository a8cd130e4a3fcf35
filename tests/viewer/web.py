"""OHIF and an archive's DICOMweb under one address of the loopback, so that no browser asks about origins."""

import http.client
import mimetypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

ARCHIVE = ("/dicom-web/", "/wado")
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-type"}  # RFC 9110 7.6.1


class Page(BaseHTTPRequestHandler):
    """Answers one request; `served` makes a class of it for each archive."""

    protocol_version = "HTTP/1.1"
    folder: Path  #: OHIF's dist
    configuration: Path
    archive_port: int

    def do_GET(self) -> None:
        """A file of OHIF, its configuration, or what the archive says."""
        path = self.path.partition("?")[0]
        if path.startswith(ARCHIVE):
            self._ask_archive()
        elif path == "/app-config.js":
            self._send_file(self.configuration)
        else:
            self._send_file(self._file(path))

    def do_POST(self) -> None:
        """For the archive only."""
        self._ask_archive()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name that the base class has)
        """Nothing: the test says what went wrong."""

    def _file(self, path: str) -> Path:
        """OHIF is one page: a path that is no file of it, such as /viewer, is for the page itself to understand."""
        file = (self.folder / path.lstrip("/")).resolve()
        return file if file.is_file() and self.folder in file.parents else self.folder / "index.html"

    def _send_file(self, file: Path) -> None:
        kind = "application/wasm" if file.suffix == ".wasm" else mimetypes.guess_type(file.name)[0]
        self._send(200, file.read_bytes(), {"Content-Type": kind or "application/octet-stream"})

    def _ask_archive(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # Host stays what the browser said: the archive makes its retrieve addresses from it
        asked = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        asked |= {"Content-Type": self.headers["Content-Type"]} if "Content-Type" in self.headers else {}
        archive = http.client.HTTPConnection("127.0.0.1", self.archive_port, timeout=60)
        try:
            archive.request(self.command, self.path, body or None, asked)
            answer = archive.getresponse()
            content = answer.read()
        finally:
            archive.close()
        kind = {"Content-Type": answer.getheader("Content-Type") or "application/octet-stream"}
        said = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
        self._send(answer.status, content, said | kind)

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        # OHIF's workers share memory, which a browser grants to isolated pages only
        isolated = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
        for name, value in (headers | isolated | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """One thread for each connection of the browser."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser hangs up when a page is closed; everything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def served(ohif: Path, configuration: Path, archive_port: int) -> Iterator[str]:
    """The address of OHIF (its dist folder) in front of the archive for the length of the block."""
    known = {"folder": ohif.resolve(), "configuration": configuration, "archive_port": archive_port}
    server = Server(("127.0.0.1", 0), type("Served", (Page,), known))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
