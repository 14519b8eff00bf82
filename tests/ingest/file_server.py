"""A file server on the loopback address that can break off, forget a file, or serve another one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served, and what has been asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    break_after: list[int] = field(default_factory=list)
    """For the next answers, one after another: break off after so many bytes."""
    go_on: threading.Event | None = None
    """After half of a body, an answer waits until this is set."""
    busy: int = 0
    """So many of the next requests are answered with status 503."""
    ranges: bool = True
    heeds_if_range: bool = True
    shift: int = 0
    """Ranges begin so many bytes later than asked for."""
    head_status: int = 200
    """Status of all that asks for a file's head alone."""
    head_size: bool = True
    """Whether a file's head alone says how long it is."""
    missing: int = 404
    """Status of what is not there."""
    weak: bool = False
    """ETags say only that files are much the same."""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and Range header."""

    @property
    def gets(self) -> list[str | None]:
        """The Range headers of all downloads."""
        return [wanted for method, _, wanted in self.requests if method == "GET"]


@contextmanager
def serve(files: Mapping[str, bytes]) -> Iterator[FileServer]:
    """Run a server of some files, by their paths, while the block runs."""
    state = FileServer()
    state.files.update(files)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self, *, with_body: bool) -> None:
            state.requests.append((self.command, self.path, self.headers.get("Range")))
            if state.busy:
                state.busy -= 1
                self._head(503, {"Content-Length": "0"})
                return
            if not with_body and state.head_status != 200:
                self._head(state.head_status, {})
                return
            data = state.files.get(self.path)
            if data is None:
                self._head(state.missing, {"Content-Length": "0"})
                return
            tag, start, status = f'{"W/" if state.weak else ""}"{hash(data)}"', 0, 200
            end = len(data) - 1
            wanted = self.headers.get("Range")
            if wanted and state.ranges and (self.headers.get("If-Range", tag) == tag or not state.heeds_if_range):
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start, status = int(first) + state.shift, 206
                end = int(last or end)
            headers = {"ETag": tag, "Content-Length": str(end + 1 - start)}
            if start >= len(data):
                self._head(416, {"ETag": tag, "Content-Range": f"bytes */{len(data)}", "Content-Length": "0"})
                return
            if status == 206:
                headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
            if not (with_body or state.head_size):
                del headers["Content-Length"]
            self._head(status, headers)
            if with_body:
                limit = state.break_after.pop(0) if state.break_after else len(data)
                body = data[start : min(start + limit, end + 1)]
                # Who asked may have gone.
                with suppress(ConnectionError):
                    self.wfile.write(body[: len(body) // 2])
                    if state.go_on:
                        state.go_on.wait(30)
                    self.wfile.write(body[len(body) // 2 :])
                self.close_connection = True

        def _head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
