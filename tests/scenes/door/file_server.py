"""A file server on this machine that does what real ones do on a bad day: one scripted answer per request.

What the fetch must make of it stands in test_open_data_fetch.
"""

import re
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One file and how the next requests for it go wrong; once `faults` is empty it is served as it should be."""

    body: bytes
    etag: str | None = '"v1"'
    faults: list = field(default_factory=list)
    heads: dict = field(default_factory=dict)


@dataclass
class Files:
    root: str
    served: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)  # (path, Range, If-None-Match) of each request

    def url(self, name):
        return f"{self.root}/{name}"


@contextmanager
def file_server():
    """Serve `Files.served` by name until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.files = Files(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.files
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        files, name = self.server.files, self.path.lstrip("/")
        files.asked.append((name, self.headers.get("Range"), self.headers.get("If-None-Match")))
        served = files.served.get(name)
        if served is None:
            self.status(404)
        elif served.faults:
            served.faults.pop(0)(self, served)
        else:
            self.serve(served)

    def status(self, code, body=b"", **heads):
        self.send_response_only(code)
        for key, value in {"Content-Length": len(body), **heads}.items():
            self.send_header(key.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def serve(self, served, *, sent=None, length=None, is_range_ignored=False):
        """Answer as a correct server would; `sent` bytes of the body only, `length` instead of the true one."""
        if served.etag and self.headers.get("If-None-Match") == served.etag:
            return self.status(304, ETag=served.etag)
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and self.headers.get("If-Range") == served.etag and not is_range_ignored else 0
        if start and start >= len(served.body):
            return self.status(416)
        body = served.body[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(served.body) - 1}/{len(served.body)}")
        for key, value in {"ETag": served.etag, **served.heads}.items():
            if value is not None:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body if sent is None else body[:sent])
        self.close_connection = sent is not None or length is not None
        if self.close_connection:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)


def cut_after(sent):
    return lambda handler, served: handler.serve(served, sent=sent)


def status(code, **heads):
    return lambda handler, served: handler.status(code, b"not now", **heads)


def longer_than_it_is(handler, served):
    handler.serve(served, length=len(served.body) + 1000)


def shorter_than_it_is(handler, served):
    handler.serve(served, length=len(served.body) // 2)


def stall(handler, served):
    time.sleep(1.0)
    handler.close_connection = True


def changed_and_cut(body, etag, sent):
    """The producer publishes another file between two requests."""

    def fault(handler, served):
        handler.serve(served, sent=sent)
        served.body, served.etag = body, etag

    return fault


def continue_with_another_version(handler, served):
    """Ignore `If-Range`: the rest of the new file after the beginning of the old one."""
    start = int(handler.headers["Range"].removeprefix("bytes=").rstrip("-"))
    rest = served.body[start:]
    total = len(served.body)
    handler.status(206, rest, ETag=served.etag, Content_Range=f"bytes {start}-{total - 1}/{total}")


def page(handler, served):
    handler.status(
        200, b"<!DOCTYPE html><html><body>Maintenance</body></html>", Content_Type="text/html; charset=utf-8"
    )


def page_called_csv(handler, served):
    handler.status(200, b"\n<!doctype html><html></html>", Content_Type="text/csv")
