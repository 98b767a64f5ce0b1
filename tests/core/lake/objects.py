"""A small server that speaks S3: as much of it as a lake needs, objects in memory, nothing checked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import override
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

_MISSING = b"<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>"


class ObjectStore(ThreadingHTTPServer):
    """The server; `objects` holds what is stored, by `bucket/key`, and `asked` the methods it was asked by."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.uploads = count(1)
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: ObjectStore
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(30)

    def do_GET(self) -> None:
        key, query = self._asked()
        if "list-type" in query:
            self._answer(200, self._listing(key, query))
        elif "location" in query:
            self._answer(200, _document("LocationConstraint"))
        else:
            self._object(key)

    def do_HEAD(self) -> None:
        key, _query = self._asked()
        if "/" not in key:
            self._answer(200)
        else:
            self._object(key)

    def do_PUT(self) -> None:
        key, query = self._asked()
        body = self._body()
        if "uploadId" in query:
            self.server.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.server.objects[key] = body
        self._answer(200, headers={"ETag": '"etag"'})

    def do_POST(self) -> None:
        key, query = self._asked()
        body = self._body()
        if "uploads" in query:
            upload = str(next(self.server.uploads))
            self.server.parts[upload] = {}
            told = f"<UploadId>{upload}</UploadId>"
            self._answer(200, _document("InitiateMultipartUploadResult", told))
        elif "uploadId" in query:
            parts = self.server.parts.pop(query["uploadId"])
            self.server.objects[key] = b"".join(parts[number] for number in sorted(parts))
            told = '<ETag>"etag"</ETag>'
            self._answer(200, _document("CompleteMultipartUploadResult", told))
        else:  # delete several
            bucket = key.rstrip("/")
            for each in ET.fromstring(body).iter():
                if each.tag.endswith("Key"):
                    self.server.objects.pop(f"{bucket}/{each.text}", None)
            self._answer(200, _document("DeleteResult"))

    def do_DELETE(self) -> None:
        key, _query = self._asked()
        self.server.objects.pop(key, None)
        self._answer(204)

    def _asked(self) -> tuple[str, dict[str, str]]:
        url = urlsplit(self.path)
        self.server.asked.append(self.command)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        return unquote(url.path).strip("/"), query

    def _body(self) -> bytes:
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("Transfer-Encoding") == "chunked":
            sent = b"".join(iter(self._chunk, b""))
        else:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            return _unchunked(sent)
        return sent

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _object(self, key: str) -> None:
        body = self.server.objects.get(key)
        if body is None:
            self._answer(404, _MISSING)
            return
        headers = {
            "ETag": '"etag"',
            "Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT",
            "Accept-Ranges": "bytes",
        }
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first) if first else max(0, len(body) - int(last))
            end = min(int(last), len(body) - 1) if first and last else len(body) - 1
            headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
            self._answer(206, body[start : end + 1], headers)
        else:
            self._answer(200, body, headers)

    def _listing(self, bucket: str, query: dict[str, str]) -> bytes:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        found, folders = [], set()
        for name, body in sorted(self.server.objects.items()):
            key = name.removeprefix(f"{bucket}/")
            if key == name or not key.startswith(prefix):
                continue
            inner, cut, _rest = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            if cut:
                folders.add(prefix + inner + delimiter)
            else:
                told = f"<Key>{escape(key)}</Key><Size>{len(body)}</Size>"
                found.append(
                    f"<Contents>{told}<LastModified>2026-11-21T12:00:00.000Z</LastModified></Contents>"
                )
        groups = "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(folders)
        )
        counted = f"<KeyCount>{len(found) + len(folders)}</KeyCount><IsTruncated>false</IsTruncated>"
        return _document("ListBucketResult", f"{counted}{''.join(found)}{groups}")

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests are quiet."""


def _document(name: str, content: str = "") -> bytes:
    return f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{content}</{name}>'.encode()


def _unchunked(sent: bytes) -> bytes:
    """The content of a body that was signed chunk by chunk."""
    parts = []
    while sent:
        head, _, sent = sent.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if size == 0:
            break
        parts.append(sent[:size])
        sent = sent[size + 2 :]
    return b"".join(parts)


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """A server for the time of a test."""
    server = ObjectStore()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
