"""CloudWatch Logs, Firehose and Kinesis that believe nothing: signatures are recomputed, limits enforced.

They throttle, fail in whole or in part, or hang up when told to. Also serves the pages that keys come from.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

KEYS = {"AKIDEXAMPLE": ("secret", "")}
DAY_MS = 86_400_000
FIREHOSE_LIMITS = (500, 4 << 20, 1_024_000)
STREAM_LIMITS = (500, 10 << 20, 1 << 20)


@dataclass
class RefusalError(Exception):
    code: str
    message: str = "no"
    status: int = 400


class Aws:
    """State and rules. ``failures`` are used up one a request; ``refuses`` says which data are not taken, once each."""

    def __init__(self, *, groups: tuple[str, ...] = ("grp",)) -> None:
        self.keys: dict[str, tuple[str, str]] = dict(KEYS)
        self.groups: dict[str, dict[str, Any]] = {group: {} for group in groups}
        self.streams: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self.data: list[tuple[bytes, str]] = []
        self.refuses: Callable[[bytes], bool] = lambda data: False
        self.refused: set[bytes] = set()
        self.keeps_days = 14
        self.calls: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.failures: deque[RefusalError | str] = deque()
        self.pages: dict[str, Callable[[dict[str, str]], bytes]] = {}
        self.roles: dict[str, str] = {}
        """Role to the external id that it wants."""
        self.web_token = ""
        self.seconds = 3600.0
        """How long keys of roles live."""
        self.lock = threading.Lock()
        made = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                page = made.pages.get(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                made.answer(self, 404 if page is None else 200, b"" if page is None else page(headers))

            def do_POST(self) -> None:
                made.serve(self)

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [target.partition(".")[2] for target, _, _ in self.calls]

    def answer(self, handler: BaseHTTPRequestHandler, status: int, body: bytes, request_id: bool = True) -> None:
        handler.send_response(status)
        if request_id:
            handler.send_header("x-amzn-RequestId", "00000000-0000-4000-8000-000000000001")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        target = headers.get("x-amz-target", "")
        with self.lock:
            failure = self.failures.popleft() if self.failures else None
            if failure == "silence":
                self.calls.append((target, {}, headers))
                handler.close_connection = True
                return
            if headers.get("content-type") == "application/x-www-form-urlencoded":
                self._sts(handler, headers, body)
                return
            try:
                if headers.get("content-type") != "application/x-amz-json-1.1":
                    raise RefusalError("UnknownOperationException")
                verify(self.keys, handler.command, handler.path, headers, body)
                given = json.loads(body)
                self.calls.append((target, given, headers))
                if isinstance(failure, RefusalError):
                    raise failure
                said = getattr(self, f"_{target.partition('.')[2]}")(given, len(body))
            except RefusalError as refusal:
                text = json.dumps({"__type": f"com.amazonaws#{refusal.code}", "message": refusal.message})
                self.answer(handler, refusal.status, text.encode())
                return
            self.answer(handler, 200, json.dumps(said).encode(), request_id=failure != "nameless")

    def _sts(self, handler: BaseHTTPRequestHandler, headers: dict[str, str], body: bytes) -> None:
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.calls.append((f"sts.{given['Action']}", given, headers))
        try:
            if given["Action"] == "AssumeRole":
                verify(self.keys, handler.command, handler.path, headers, body)
            elif given.get("WebIdentityToken") != self.web_token:
                raise RefusalError("InvalidIdentityToken", status=400)
            if self.roles.get(given["RoleArn"], "?") != given.get("ExternalId", ""):
                raise RefusalError("AccessDenied", f"not authorized to perform: sts:{given['Action']}", 403)
        except RefusalError as refusal:
            text = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            self.answer(handler, refusal.status, f"<ErrorResponse>{text}</ErrorResponse>".encode())
            return
        name = f"ASIA{len(self.keys)}"
        self.keys[name] = (f"secret/{name}+&", f"token/{name}==")
        ends = datetime.fromtimestamp(time.time() + self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        members = f"<AccessKeyId>{name}</AccessKeyId><SecretAccessKey>{self.keys[name][0]}</SecretAccessKey>"
        members = members.replace("&", "&amp;")
        members += f"<SessionToken>{self.keys[name][1]}</SessionToken><Expiration>{ends}</Expiration>"
        user = f"<AssumedRoleUser><Arn>{given['RoleArn']}/x</Arn></AssumedRoleUser>"
        said = f"<R><Result><Credentials>{members}</Credentials>{user}</Result></R>"
        self.answer(handler, 200, said.encode())

    # -- CloudWatch Logs

    def _CreateLogGroup(self, given: dict[str, Any], _: int) -> dict[str, Any]:
        if given["logGroupName"] in self.groups:
            raise RefusalError("ResourceAlreadyExistsException")
        self.groups[given["logGroupName"]] = given
        return {}

    def _PutRetentionPolicy(self, given: dict[str, Any], _: int) -> dict[str, Any]:
        self._group(given)["retentionInDays"] = given["retentionInDays"]
        return {}

    def _CreateLogStream(self, given: dict[str, Any], _: int) -> dict[str, Any]:
        self._group(given)
        names = given["logGroupName"], given["logStreamName"]
        if not 1 <= len(names[1]) <= 512 or set(names[1]) & set(":*"):
            raise RefusalError("InvalidParameterException")
        if names in self.streams:
            raise RefusalError("ResourceAlreadyExistsException")
        self.streams[names] = []
        return {}

    def _group(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["logGroupName"] not in self.groups:
            raise RefusalError("ResourceNotFoundException", "The specified log group does not exist.")
        return self.groups[given["logGroupName"]]

    def _PutLogEvents(self, given: dict[str, Any], size: int) -> dict[str, Any]:
        self._group(given)
        stream = self.streams.get((given["logGroupName"], given["logStreamName"]))
        if stream is None:
            raise RefusalError("ResourceNotFoundException", "The specified log stream does not exist.")
        events = [(event["timestamp"], event["message"]) for event in given["logEvents"]]
        times = [when for when, _ in events]
        sizes = [len(text.encode()) for _, text in events]
        if not 1 <= len(events) <= 10_000 or min(sizes) < 1 or max(sizes) > 1_048_576:
            raise RefusalError("InvalidParameterException", "events")
        if sum(sizes) + 26 * len(sizes) > 1_048_576:
            raise RefusalError("InvalidParameterException", "Upload too large")
        if min(times) < 0:
            raise RefusalError("InvalidParameterException", "a timestamp is below 0")
        if times != sorted(times):
            raise RefusalError("InvalidParameterException", "not in chronological order")
        if times[-1] - times[0] > DAY_MS:
            raise RefusalError("InvalidParameterException", "spans more than 24 hours")
        now = time.time_ns() // 1_000_000
        old = sum(when < now - self.keeps_days * DAY_MS for when in times)
        new = sum(when > now + 2 * 3_600_000 for when in times)
        stream += events[old : len(events) - new]
        told: dict[str, int] = {}
        if old:
            told["tooOldLogEventEndIndex"] = old
        if new:
            told["tooNewLogEventStartIndex"] = len(events) - new
        return {"nextSequenceToken": "1", **({"rejectedLogEventsInfo": told} if told else {})}

    # -- Firehose and Kinesis

    def _PutRecordBatch(self, given: dict[str, Any], size: int) -> dict[str, Any]:
        said = self._take(given["Records"], size, FIREHOSE_LIMITS, lambda record: 0)
        return {
            "FailedPutCount": sum(item is None for item in said),
            "RequestResponses": [{"RecordId": item} if item else _BUSY for item in said],
        }

    def _PutRecords(self, given: dict[str, Any], size: int) -> dict[str, Any]:
        if not all(1 <= len(record["PartitionKey"]) <= 256 for record in given["Records"]):
            raise RefusalError("ValidationException")
        said = self._take(given["Records"], size, STREAM_LIMITS, lambda record: len(record["PartitionKey"].encode()))
        return {
            "FailedRecordCount": sum(item is None for item in said),
            "Records": [{"SequenceNumber": item, "ShardId": "s"} if item else _BUSY for item in said],
        }

    def _take(
        self, records: list[dict[str, str]], size: int, limits: tuple[int, int, int], more: Callable[[Any], int]
    ) -> list[str | None]:
        most, room, largest = limits
        if not 1 <= len(records) <= most or size > room:
            raise RefusalError("InvalidArgumentException", "too much in one call")
        said: list[str | None] = []
        for record in records:
            data = base64.b64decode(record["Data"], validate=True)
            if not data or len(data) + more(record) > largest:
                raise RefusalError("InvalidArgumentException", "record")
            if self.refuses(data) and data not in self.refused:
                self.refused.add(data)
                said.append(None)
            else:
                self.data.append((data, record.get("PartitionKey", "")))
                said.append(str(len(self.data)))
        return said


_BUSY = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}


def verify(keys: dict[str, tuple[str, str]], method: str, target: str, headers: dict[str, str], body: bytes) -> None:
    """Recompute the signature. Raises RefusalError."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    given = headers.get("authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        raise RefusalError("MissingAuthenticationTokenException")
    fields = dict(part.strip().split("=", 1) for part in given[17:].split(","))
    access_key, _, region, service, _ = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    if access_key not in keys:
        raise RefusalError("UnrecognizedClientException", "The security token included in the request is invalid.")
    secret, token = keys[access_key]
    if headers.get("x-amz-security-token", "") != token:
        raise RefusalError("ExpiredTokenException")
    when = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs(time.time() - when.timestamp()) > 300:
        raise RefusalError("RequestExpired")
    if "host" not in names or any(name.startswith("x-amz-") and name not in names for name in headers):
        raise RefusalError("IncompleteSignature")
    request = AWSRequest(method=method, url=f"http://{headers['host']}{target}", data=body)
    chosen = HTTPMessage()
    for name in names:
        request.headers[name] = chosen[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(access_key, secret), service, region)
    signer.headers_to_sign = lambda _: chosen
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if not hmac.compare_digest(signer.signature(text, request), fields["Signature"]):
        raise RefusalError("SignatureDoesNotMatch")
