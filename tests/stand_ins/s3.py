"""An S3 that believes nothing: every signature, checksum and part size is recomputed, and it fails when told to.

As a program (``python s3.py SECONDS``) it prints its port, serves so long
and answers ``GET /-/objects`` with what it has.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

PART_MIN = 5_242_880
KEYS = {"AKIDEXAMPLE": "secret"}


@dataclass
class RefusalError(Exception):
    status: int
    code: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stored:
    body: bytes
    headers: dict[str, str]
    writes: int = 1


class S3:
    """State and rules. ``failures`` are used up one a request; ``gate`` holds requests back while it is clear."""

    def __init__(self, *buckets: str, keys: dict[str, str] | None = None, port: int = 0) -> None:
        self.buckets = set(buckets)
        self.keys = keys or dict(KEYS)
        self.objects: dict[str, Stored] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.failures: deque[RefusalError | str] = deque()
        self.gate = threading.Event()
        self.gate.set()
        self.changed = threading.Condition()
        made = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                made.serve(self)

            def log_message(self, *arguments: object) -> None:
                pass

        for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
            setattr(Handler, f"do_{method}", Handler._any)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # clients die in these tests

        self._server = Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[bytes]:
        """Every line of every object, decompressed, objects in the order of their keys."""
        return [line for key in sorted(self.objects) for line in self.text(key).splitlines()]

    def text(self, key: str) -> bytes:
        stored = self.objects[key]
        return unpacked(stored.body, stored.headers.get("content-encoding", ""))

    # -- one request

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        if len(body) != length:
            return
        headers = {name.lower(): value for name, value in handler.headers.items()}
        path, _, query = handler.path.partition("?")
        if path == "/-/objects":
            state = {key: base64.b64encode(stored.body).decode() for key, stored in self.objects.items()}
            self._answer(handler, 200, json.dumps(state).encode())
            return
        self.gate.wait()
        with self.changed:
            self.requests.append((handler.command, handler.path, headers))
            failure = self.failures.popleft() if self.failures else None
            self.changed.notify_all()
        if failure == "silence":
            handler.close_connection = True
            return
        try:
            if isinstance(failure, RefusalError):
                raise failure
            verify(self.keys, handler.command, handler.path, headers, body)
            answer, more = self._do(
                handler.command, unquote(path), parse_qs(query, keep_blank_values=True), headers, body
            )
        except RefusalError as refusal:
            text = f"<Error><Code>{refusal.code}</Code><Message>no</Message></Error>".encode()
            self._answer(handler, refusal.status, text, refusal.headers)
            return
        finally:
            with self.changed:
                self.changed.notify_all()
        if failure == "late":
            handler.close_connection = True
            return
        self._answer(handler, 200, answer, more)

    def _answer(
        self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def _do(
        self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes
    ) -> tuple[bytes, dict[str, str]]:
        bucket, _, key = path[1:].partition("/")
        if bucket not in self.buckets:
            raise RefusalError(404, "NoSuchBucket")
        with self.changed:
            match method, sorted(query):
                case "PUT", []:
                    self._put(key, body, headers)
                    return b"", {"ETag": _etag(body)}
                case "POST", ["uploads"]:
                    name = f"id+/{len(self.uploads)}"
                    self.uploads[name] = {"key": key, "headers": headers, "parts": {}}
                    return f"<R><UploadId>{name}</UploadId></R>".encode(), {}
                case "PUT", ["partNumber", "uploadId"]:
                    upload = self._upload(query, key)
                    upload["parts"][int(query["partNumber"][0])] = body
                    return b"", {"ETag": _etag(body)}
                case "POST", ["uploadId"]:
                    upload = self._upload(query, key)
                    self._complete(upload, body)
                    del self.uploads[query["uploadId"][0]]
                    return b"<CompleteMultipartUploadResult/>", {}
                case "GET", []:
                    if key not in self.objects:
                        raise RefusalError(404, "NoSuchKey")
                    return self.objects[key].body, {}
                case "HEAD", []:
                    if key not in self.objects:
                        raise RefusalError(404, "")
                    return b"", {}
                case "DELETE", ["uploadId"]:
                    self._upload(query, key)
                    del self.uploads[query["uploadId"][0]]
                    return b"", {}
        raise RefusalError(400, "InvalidRequest")

    def _put(self, key: str, body: bytes, headers: dict[str, str]) -> None:
        old = self.objects.get(key)
        self.objects[key] = Stored(body, headers, old.writes + 1 if old else 1)

    def _upload(self, query: dict[str, list[str]], key: str) -> dict[str, Any]:
        upload = self.uploads.get(query["uploadId"][0])
        if upload is None or upload["key"] != key:
            raise RefusalError(404, "NoSuchUpload")
        return upload

    def _complete(self, upload: dict[str, Any], body: bytes) -> None:
        wanted = re.findall(rb"<PartNumber>(\d+)</PartNumber><ETag>([^<]*)</ETag>", body)
        parts = [upload["parts"].get(int(number)) for number, _ in wanted]
        if not wanted or any(part is None for part in parts):
            raise RefusalError(400, "InvalidPart")
        if any(
            _etag(part).encode() != tag.replace(b"&quot;", b'"') for part, (_, tag) in zip(parts, wanted, strict=True)
        ):
            raise RefusalError(400, "InvalidPart")
        if any(len(part) < PART_MIN for part in parts[:-1]):
            raise RefusalError(400, "EntityTooSmall")
        self._put(upload["key"], b"".join(parts), upload["headers"])


def verify(keys: dict[str, str], method: str, target: str, headers: dict[str, str], body: bytes) -> None:
    """Recompute the signature and the checksums. Raises RefusalError."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    given = headers.get("authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        raise RefusalError(403, "AccessDenied")
    fields = dict(part.strip().split("=", 1) for part in given[17:].split(","))
    access_key, _, region, service, _ = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    if access_key not in keys:
        raise RefusalError(403, "InvalidAccessKeyId")
    when = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs(time.time() - when.timestamp()) > 300:
        raise RefusalError(403, "RequestTimeTooSkewed")
    if headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
        raise RefusalError(400, "XAmzContentSHA256Mismatch")
    if "host" not in names or any(name.startswith("x-amz-") and name not in names for name in headers):
        raise RefusalError(403, "AccessDenied")
    request = AWSRequest(method=method, url=f"http://{headers['host']}{target}", data=body)
    for name in names:
        request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    signer = S3SigV4Auth(Credentials(access_key, keys[access_key]), service, region)
    signer.headers_to_sign = lambda _: _only(headers, names)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if not hmac.compare_digest(signer.signature(text, request), fields["Signature"]):
        raise RefusalError(403, "SignatureDoesNotMatch")
    md5 = headers.get("content-md5")
    if md5 is not None and md5 != base64.b64encode(hashlib.md5(body).digest()).decode():
        raise RefusalError(400, "BadDigest")


def _only(headers: dict[str, str], names: list[str]) -> Any:
    from http.client import HTTPMessage

    chosen = HTTPMessage()
    for name in names:
        chosen[name] = headers[name]
    return chosen


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


def unpacked(body: bytes, encoding: str) -> bytes:
    """The text of an object."""
    import gzip
    import io

    import zstandard

    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "zstd":
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
            return reader.read()
    return body


if __name__ == "__main__":
    served = S3("bucket")
    print(served.port, flush=True)
    threading.Event().wait(float(sys.argv[1]) if len(sys.argv) > 1 else None)
